"""What the loop did, as a handful of hooks.

Override what you need and give the object to ``EventLoop(trace=...)``.  A loop without a trace pays
a comparison for each event.  (The idea of a hook interface small enough to memorise is curio's.)
"""

from miniloop.readiness import Registration, deliver


class Trace:
    """Hooks that do nothing.  They run on the loop's thread and must not block."""

    def before_wait(self, timeout: float | None) -> None:
        """The loop is about to wait at most ``timeout`` seconds (None: without end)."""

    def after_wait(self, events: int) -> None:
        """The selector returned ``events`` ready registrations."""

    def before_delivery(self, registration: Registration, ready: int) -> None:
        """The handlers for ``ready`` (readiness bits) are about to be called."""

    def after_delivery(self, registration: Registration) -> None:
        """The handlers returned; the registration may be dead by now."""


def deliver_traced(trace: Trace, registration: Registration, ready: int) -> None:
    """Deliver ``ready`` without the loop's short cut, and tell the trace before and after."""
    trace.before_delivery(registration, ready)
    try:
        deliver(registration, ready)
    finally:
        trace.after_delivery(registration)
