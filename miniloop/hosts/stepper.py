"""What another event loop needs of a miniloop: a descriptor to watch, a time, and a step."""

from collections.abc import Iterator
from threading import get_ident
from typing import Any

from miniloop.loop import EventLoop
from miniloop.system.stopping import end_in_order


class Stepper:
    """Runs a loop in the service of another one; made by ``EventLoop.stepper()``.

    The descriptor is readable whenever a step is due: because a channel is ready, or because the
    host's own code has asked something of the loop since the last step.  From here on the loop
    belongs to this thread, and such calls make the descriptor readable.

    Args:
        loop: the loop; it is not ``run()`` while it has a host.

    Raises:
        RuntimeError: the loop is closed, or its selector has no descriptor.
    """

    def __init__(self, loop: EventLoop) -> None:
        """Begin; the first step is due at once."""
        loop._check_open()
        self._loop = loop
        self._ending: Iterator[None] | None = None
        self.fileno()
        if loop._home is None:
            loop._home = get_ident()
            loop.registry.ask()  # or the waker itself would not be watched yet
            loop._waker.wake()

    def fileno(self) -> int:
        """Return the descriptor to watch for reading; the number stays the same."""
        selector: Any = self._loop._selector
        for name in ("outer_fileno", "fileno"):  # ours; epoll, kqueue and devpoll of the library
            descriptor = getattr(selector, name, _none)()
            if descriptor is not None:
                return int(descriptor)
        raise RuntimeError(
            f"{type(selector).__name__} has no descriptor that another loop could watch: "
            "give the loop an epoll or kqueue selector, or run it in a thread of its own"
        )

    def time_to_next(self) -> float | None:
        """Return the seconds until a step is due though the descriptor stays silent; None: never.

        It changes in a step only: what changes it between two steps makes the descriptor readable.
        """
        selector: Any = self._loop._selector
        if getattr(selector, "always_ready", _none)():  # a regular file: no descriptor can tell
            return 0.0
        return self._loop._time_to_next()

    def step(self) -> bool:
        """Run one pass that never waits.

        Returns:
            False once, when an orderly end that ``stop()`` asked for is complete: every channel is
            closed.  True before.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        loop = self._loop
        loop._thread = loop._entering()
        try:
            loop._pass(0)
            if loop.registry.polled:  # ``run()`` would ask before it waits; here the host waits
                loop.registry.ask()
            return loop._stop_grace is None or self._go_on_ending(loop._stop_grace)
        finally:
            loop._thread = None

    def _go_on_ending(self, grace: float) -> bool:
        """Do what an orderly end can do without waiting; return whether it goes on."""
        if self._ending is None:
            self._ending = end_in_order(self._loop, grace)
        try:
            for _ in self._ending:
                return True
        except BaseException:  # what is left of the end is due in the next step
            self._ending = None
            self._loop._waker.wake()
            raise
        self._ending = self._loop._stop_grace = None
        return False


def _none() -> None:
    """Answer for a selector that lacks the method."""
