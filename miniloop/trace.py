"""What the loop did, as a handful of hooks.

Override what you need and give the object to ``EventLoop(trace=...)``.  A loop without a trace pays
a comparison or two in a pass.  (The idea of a hook interface small enough to memorise is curio's.)
"""

from miniloop.readiness import Registration


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
