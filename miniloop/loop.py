"""The event loop: when passes are made, by itself or inside another loop, and how it ends.

What happens in a pass is in ``passes.py``.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from threading import get_ident
from types import TracebackType
from typing import Self

from miniloop.readiness import Registration
from miniloop.selector import default_selector
from miniloop.system.activity import Activities
from miniloop.timers import Handle
from miniloop.trace.hooks import Trace
from miniloop.trace.installing import TracedPasses
from miniloop.trace.slow_handlers import SLOW

DEFAULT_GRACE = 5.0
"""Seconds that an orderly stop gives to queued output: what a person waits before Ctrl-C again."""


class EventLoop(TracedPasses):
    """Waits for descriptors and times, and calls those who wait for them, one after the other.

    All of it happens on one thread: the one that calls ``run()``.  From any other thread only
    ``call_soon_threadsafe()`` and ``stop()`` may be called.

    Args:
        selector: any ``selectors.BaseSelector``; the platform's best when not given.  The loop
            closes it.
        clock: returns seconds, never running backwards; ``time.monotonic`` when not given.
        debug: ask every channel in every pass, and raise when one changed its answer without
            announcing it.
        trace: an object that is told what the loop does.
        slow: in debug mode, a warning names each handler, timer and callback that takes so many
            seconds or more; None measures nothing.

    Attributes:
        activities: what lives on the loop without a descriptor, such as pools of threads.
    """

    def __init__(
        self,
        *,
        selector: selectors.BaseSelector | None = None,
        clock: Callable[[], float] = time.monotonic,
        debug: bool = False,
        trace: Trace | None = None,
        slow: float | None = SLOW,
    ) -> None:
        """Open the selector and the waker; nothing runs yet."""
        selector = default_selector() if selector is None else selector
        super().__init__(selector, clock, debug, trace, slow)
        self.activities = Activities()
        self._goodbyes: list[Handle] = []
        self._stop_grace: float | None = None
        self._ending: Iterator[None] | None = None
        self.leave_host: Callable[[], object] | None = None
        """Set by a guest: how ``close()`` makes it leave the loop that it lives in."""

    def new_socket(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Make a socket for a channel on this loop; a simulated loop makes simulated ones.

        Raises:
            OSError: the system refused.
        """
        return socket.socket(family, type, proto)

    def run_once(self, timeout: float | None = None) -> None:
        """Run one pass: refresh, wait, deliver, timers, callbacks.

        Args:
            timeout: longest wait for an event in seconds; None waits for the next event, timer
                or callback however long that takes.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        self._thread = self._entering()
        try:
            self._pass(timeout)
        finally:
            self._thread = None

    # -- inside another loop ---------------------------------------------------------------------

    def fileno(self) -> int:
        """Return a descriptor that is readable whenever a step is due; for another loop to watch.

        From the first call on, the loop lives on this thread, and whatever is asked of it between
        two steps makes the descriptor readable.  ``guest.py`` has what else a host needs.

        Raises:
            RuntimeError: the loop is closed, or its selector has no descriptor.
        """
        self._check_open()
        descriptor = self._registry.outer_fileno()
        if self._home is None:
            self._home = get_ident()
            self._registry.ask()  # or the waker itself would not be watched yet
            self._waker.wake()
        return descriptor

    def time_to_next(self) -> float | None:
        """Return the seconds until a step is due though the descriptor stays silent; None: never.

        It changes in a step only: whatever changes it between two steps demands a step.
        """
        if self._busy() or self._registry.always_ready():
            return 0.0
        return self._until_next_timer(None)

    def step(self) -> bool:
        """Run one pass that never waits, in the service of another loop.

        Returns:
            False once, when an orderly end that ``stop()`` asked for is complete: every channel is
            closed.  True before.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        self._thread = self._entering()
        try:
            self._pass(0)
            return self._stop_grace is None or self._go_on_ending(self._stop_grace)
        finally:
            self._thread = None

    def _go_on_ending(self, grace: float) -> bool:
        """Do what an orderly end can do without waiting; return whether it goes on."""
        if self._ending is None:
            self._ending = self._end_in_order(grace)
        for _ in self._ending:
            return True
        self._ending = self._stop_grace = None
        return False

    # -- life and death --------------------------------------------------------------------------

    def run(self, *, forever: bool = False) -> None:
        """Run passes until ``stop()``, SIGINT or SIGTERM, or until nothing is left to wait for.

        On the main thread the two signals mean ``stop()``, unless the program has handlers of its
        own for them; a second one has its usual effect.

        Args:
            forever: go on with nothing to wait for, because other threads will call
                ``call_soon_threadsafe()``.

        Raises:
            RuntimeError: the loop is closed, or is running already.
        """
        self._thread = self._entering()
        try:
            with self._signals.stopping(self.stop):
                while self._stop_grace is None and (forever or self._has_work()):
                    self._pass()
                if self._stop_grace is not None:
                    for _ in self._end_in_order(self._stop_grace):
                        self._pass()
        finally:
            self._thread = None
            self._stop_grace = None

    def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """End ``run()`` in order; callable from any thread and from signal handlers.

        Listeners close first, then the ``on_stop()`` callbacks run, then queued output is sent for
        at most ``grace`` seconds, then all channels are closed, and ``run()`` returns.  Without a
        ``run()`` in progress, the next one does all this at once.

        Raises:
            RuntimeError: the loop is closed.
        """
        self._check_open()
        self._stop_grace = grace
        self._waker.wake()

    def on_stop(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` when an orderly stop begins: the place to say goodbye."""
        handle = Handle(callback, args)
        self._goodbyes.append(handle)
        return handle

    def close(self) -> None:
        """Close every channel at once, then the loop itself; again is harmless.

        Raises:
            RuntimeError: called while the loop runs, or, with signal handlers to put back, on
                another thread than the main one.
        """
        if self._closed:
            return
        if self._thread is not None:
            raise RuntimeError("the loop is running: call stop(), and close() after run() returned")
        self._signals.close()  # first: it refuses another thread
        if self.leave_host is not None:
            self.leave_host()
        self._close_channels()
        self._closed = True
        self._callbacks.clear()
        self._registry.unregister(self._own)
        self._waker.close()
        self._selector.close()
        self._loop_closed()

    def __enter__(self) -> Self:
        """Return the loop; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the loop."""
        self.close()

    def _has_work(self) -> bool:
        """Return whether anything but a thread or a signal could still make something happen."""
        return bool(
            len(self._registry.registrations) > 1
            or self._timers
            or self._callbacks
            or self.activities.busy()
        )

    def _channels(self) -> list[Registration]:
        """Return the registrations other than the waker's."""
        return [entry for entry in self._registry.registrations.values() if entry is not self._own]

    def _end_in_order(self, grace: float) -> Iterator[None]:
        """Listeners, goodbyes, queued output, the rest; whoever iterates makes the passes."""
        for registration in self._channels():
            try:
                if registration.alive:
                    registration.channel.handle_stop()
            except Exception:
                self._registry.contain(registration)
        self.activities.handle_stop()
        goodbyes, self._goodbyes = self._goodbyes, []
        for handle in goodbyes:
            self._run_handle(handle)
        limit = self.call_later(grace, self._close_channels)
        self._flush()  # first what needs no waiting, so that a pass only waits for a slow reader
        while not self._drained():
            yield
            self._flush()
        limit.cancel()
        self._close_channels()

    def _drained(self) -> bool:
        """Return whether no channel has output waiting."""
        return all(registration.channel.drained() for registration in self._channels())

    def _close_channels(self) -> None:
        """Close all activities and channels; one that fails to close hinders no other."""
        self.activities.close()
        for registration in self._channels():
            self._registry.close_channel(registration)

    def _entering(self) -> int:
        """Claim the loop for this thread."""
        self._check_open()
        if self._thread is not None:
            raise RuntimeError(
                "the loop is running already: a handler returns to the loop instead of running it"
            )
        return get_ident()
