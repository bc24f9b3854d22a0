"""Which descriptor is watched for what: the registrations, and the selector's view of them.

Nothing here waits or delivers events.  This file asks channels for their interest, as few of them
as possible, and ends a channel that failed.
"""

import logging
import selectors
from collections.abc import Callable, Collection

from miniloop.readiness import NOT_DIRECT, READ, WRITE, Channel, Registration

logger = logging.getLogger("miniloop")


class Registry:
    """The live registrations by descriptor, and which of them have to be asked.

    A channel is asked when its registration is *dirty*: new, or a change was announced.  One that
    changes its answer without announcing it is *polled*: asked in every pass.  The selector is
    given only what differs from the last answer (libev's ``fd_reify``).

    Args:
        selector: any ``selectors.BaseSelector``; closed by the owner.
        check_thread: raises RuntimeError when this thread may not change anything.

    Attributes:
        registrations: the live ones, by descriptor.
        polled: those that are asked in every pass; a dict, for its order.
        dirty: those that are asked in the next pass.
    """

    def __init__(
        self, selector: selectors.BaseSelector, check_thread: Callable[[], object]
    ) -> None:
        self._use(selector)
        self._check_thread = check_thread
        self.registrations: dict[int, Registration] = {}
        self.polled: dict[Registration, None] = {}
        self.dirty: list[Registration] = []

    def _use(self, selector: selectors.BaseSelector) -> None:
        self.selector = selector
        self._sees = getattr(selector, "sees", READ | WRITE)  # all that a stock selector knows

    def register(self, channel: Channel, *, polled: bool = False) -> Registration:
        """Serve ``channel`` from the next pass on, and ask it in each pass if it is ``polled``.

        A channel that is still registered on the same descriptor is evicted.

        Raises:
            RuntimeError: the loop is closed, or runs on another thread.
            ValueError: the channel has no open descriptor.
        """
        self._check_thread()
        fd = channel.fileno()
        if fd < 0:
            raise ValueError(f"{channel!r} has no open descriptor: register before closing")
        if fd in self.registrations:
            self._evict(self.registrations[fd], channel)
        return self.add(Registration(channel, fd, polled=polled))

    def add(self, registration: Registration) -> Registration:
        """Ask for its interest from now on: now and whenever it is dirty, or in every pass."""
        self.registrations[registration.fd] = registration
        if registration.polled:
            self.polled[registration] = None
        self.mark_dirty(registration)
        return registration

    def unregister(self, registration: Registration) -> None:
        """Stop serving it.  Call it *before* closing the descriptor; again is harmless."""
        if not registration.alive:
            return
        self._check_thread()
        try:
            if registration.interest & self._sees:
                self.selector.unregister(registration.fd)
        except (KeyError, OSError):  # a stock selector that failed in modify() forgot it already
            logger.debug("the selector did not know %r", registration)
        registration.die()
        self.polled.pop(registration, None)
        if self.registrations.get(registration.fd) is registration:
            del self.registrations[registration.fd]

    def interest_changed(self, registration: Registration) -> None:
        """Ask its channel again, in the next pass.  RuntimeError: on another thread."""
        if registration.alive:
            self._check_thread()
            if not registration.dirty:
                self.mark_dirty(registration)

    def mark_dirty(self, registration: Registration) -> None:
        """Stop trusting the last answer."""
        registration.dirty = True
        registration.direct = NOT_DIRECT
        self.dirty.append(registration)

    def ask(self) -> None:
        """Ask the channels that are due once; when an exception passes, the rest stay dirty."""
        waiting, self.dirty = iter(self.due()), []
        try:
            for registration in waiting:
                if registration.alive:
                    self._ask(registration)
        except BaseException:
            for rest in (registration, *waiting):
                if rest.alive:
                    self.mark_dirty(rest)
            raise

    def due(self) -> Collection[Registration]:
        """Return those that are asked in the next pass, each once."""
        return {**self.polled, **dict.fromkeys(self.dirty)} if self.polled else self.dirty

    def _ask(self, registration: Registration) -> None:
        registration.dirty = False
        try:
            interest = registration.channel.interest()
            if not registration.alive:
                return  # the predicate closed its own channel
            if interest != registration.interest:
                self._update_selector(registration, interest)
            registration.trust()
        except Exception:
            close_on_error(registration.channel)

    def _update_selector(self, registration: Registration, interest: int) -> None:
        """Bring the selector from the old interest to the new one."""
        before, after = registration.interest & self._sees, interest & self._sees
        if before == after:
            pass
        elif not before:
            self.selector.register(registration.fd, after, registration)
        elif after:
            self.selector.modify(registration.fd, after, registration)
        else:
            self.selector.unregister(registration.fd)
        registration.interest = interest  # not before the selector has agreed

    def _evict(self, old: Registration, newcomer: Channel) -> None:
        """Let go of a channel whose descriptor was closed behind its back and reused."""
        logger.warning(
            "descriptor %d of %r was closed behind its back and now belongs to %r: "
            "close channels with close(), not their sockets", old.fd, old.channel, newcomer,
        )  # fmt: skip
        self.unregister(old)
        try:
            old.channel.evict(newcomer)
        except Exception:
            logger.exception("exception while evicting %r", old.channel)

    def replace_selector(self, selector: selectors.BaseSelector) -> None:
        """Watch with ``selector``, which knows nothing yet, and ask every channel again."""
        self._use(selector)
        for registration in [*self.registrations.values()]:
            registration.interest = 0
            self.mark_dirty(registration)


def close_on_error(channel: Channel) -> None:
    """End a channel from which an exception escaped, after its ``handle_error()``."""
    try:
        channel.handle_error()
    except Exception:
        logger.exception("exception in handle_error() of %r", channel)
    finally:
        close(channel, report=True)


def close(channel: Channel, *, report: bool = False) -> None:
    """Close a channel, with ``report`` through its own handler; it leaves the loop in any case."""
    try:
        channel.end() if report else channel.close()
    except Exception:
        logger.exception("exception while closing %r", channel)
    finally:
        channel._leave_()
