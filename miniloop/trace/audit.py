"""Find a channel that changes its interest without announcing it, in debug mode."""

from miniloop.registry import Registry, close_on_error


def audit(registry: Registry) -> None:
    """Ask every channel whose last answer is trusted.

    Raises:
        RuntimeError: one of the answers is no longer true.
    """
    for registration in [*registry.registrations.values()]:
        if registration.dirty or registration.polled or not registration.alive:
            continue
        try:
            now, trusted = registration.channel.interest(), registration.interest
        except Exception:
            close_on_error(registration.channel)
            continue
        if now != trusted:
            raise RuntimeError(
                f"{registration.channel!r} wants {now:#x} but last announced {trusted:#x}: call "
                "interest_changed() after changing what readable() or writable() answer"
            )
