"""An event loop of the simulated process: the real one, on simulated sockets, epoll and clock.

This is the only file that uses what ``EventLoop`` does not offer to programs: ``_new_waker()``,
``_time_to_next()``, ``_timers`` and ``_unflushed``.
"""

import math
import socket
from collections.abc import Sequence

from miniloop.loop import EventLoop
from miniloop.readiness import Channel
from miniloop.system.threadpool import ThreadPool
from miniloop.system.waker import Waker
from miniloop.testing.driver import Driver
from miniloop.testing.epoll import SimulatedSelector
from miniloop.testing.kernel import Kernel
from miniloop.testing.names import SimulatedResolver
from miniloop.testing.syscalls import new_socket
from miniloop.testing.waker import SimulatedWaker
from miniloop.trace.hooks import Trace
from miniloop.trace.installing import install, remove


class SimulatedLoop(EventLoop):
    """An ``EventLoop`` whose channels are on a simulated network; made by ``loop()`` of that.

    All of it is the real loop, ``run()`` included; while it waits, the network goes on.

    Args:
        kernel: the kernel of the process that it belongs to.
        driver: runs it together with the network's other loops.
        debug: as with ``EventLoop``.

    Attributes:
        running: it is inside a pass, or inside ``run()``.
    """

    def __init__(self, kernel: Kernel, driver: Driver, *, debug: bool) -> None:
        """Open a simulated epoll set and a simulated waker, and join the driver's loops."""
        self.running = False
        self._kernel = kernel
        self._driver = driver
        self._epoll = SimulatedSelector(kernel, driver)
        super().__init__(selector=self._epoll, clock=kernel.timeline, debug=debug)
        self._resolver = SimulatedResolver(kernel, self)
        driver.add(self)

    # -- in place of the system ------------------------------------------------------------------

    def new_socket(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Return a new simulated socket; OSError where the kernel would refuse."""
        return new_socket(self._kernel, family, type, proto)

    def _new_waker(self) -> Waker:
        return SimulatedWaker(self._kernel)

    # -- runs --------------------------------------------------------------------------------------

    def run_once(self, timeout: float | None = None) -> None:
        """As the real one; the wait takes no real time."""
        outer, self.running = self.running, True
        try:
            super().run_once(timeout)
            if self.registry.polled:  # ``run()`` would ask before it waits
                self.registry.ask()
        finally:
            self.running = outer

    def run(self, *, forever: bool = False) -> None:
        """As the real one; the waits take no real time.

        Raises:
            RuntimeError: the loop is closed or runs already, it would wait without end, or it
                makes more steps than the network's ``max_steps``.
        """
        outer, self.running = self.running, True
        try:
            with self._driver.counting():
                super().run(forever=forever)
        finally:
            self.running = outer
            self._renew_resolver()

    def _renew_resolver(self) -> None:
        """Make a new resolver when an orderly stop has closed the one there was."""
        if self._resolver.closed and not self.closed:
            self._resolver = SimulatedResolver(self._kernel, self)

    def close(self) -> None:
        """Close every channel at once, then the loop itself."""
        super().close()
        self._driver.remove(self)

    def __exit__(self, *exception: object) -> None:
        """Close the loop; an exception gets a note with the network's seed."""
        if isinstance(exception[1], BaseException):
            self._kernel.choices.note_seed(exception[1])
        super().__exit__(*exception)

    # -- for the driver --------------------------------------------------------------------------

    def is_due(self) -> bool:
        """Return whether a pass would do something at this moment."""
        if self.running or self.closed:
            return False
        return self._time_to_next() == 0 or self._epoll.has_ready()

    def next_time(self) -> float:
        """Return the time of the next timer; infinity without one, and while the loop runs."""
        when = None if self.running or self.closed else self._timers.next_time()
        return math.inf if when is None else when

    def threads_at_work(self) -> bool:
        """Return whether a result of a real thread is outstanding."""
        return any(
            isinstance(work, ThreadPool) and work.busy()
            for work in self.background
            if work is not self._resolver  # it has no threads
        )

    def start_watching(self, trace: Trace) -> None:
        """Trace the loop with ``trace`` besides its own trace."""
        install(self, trace)

    def stop_watching(self, trace: Trace) -> None:
        """Trace the loop as before."""
        remove(self, trace)

    def dirty_channels(self) -> Sequence[Channel]:
        """Return the channels that called ``interest_changed()`` since it was last read."""
        return [registration.channel for registration in self.registry.dirty]

    def flushing_channels(self) -> Sequence[Channel]:
        """Return the channels that queued output since the last pass."""
        return [*self._unflushed]
