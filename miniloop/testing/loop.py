"""An event loop of a simulated process: the real one, on simulated sockets, epoll and clock."""

import math
import socket
from typing import TYPE_CHECKING

from miniloop.loop import EventLoop
from miniloop.system.threadpool import ThreadPool
from miniloop.testing.epoll import SimulatedSelector
from miniloop.testing.names import SimulatedResolver
from miniloop.testing.waker import SimulatedWaker
from miniloop.waker import Waker

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork


class SimulatedLoop(EventLoop):
    """An ``EventLoop`` whose channels are on a simulated network; made by ``loop()`` of that.

    All of it is the real loop, ``run()`` included: its waits are the network's jumps.
    """

    def __init__(self, network: "SimulatedNetwork", *, debug: bool) -> None:
        """Open a simulated epoll and a simulated waker."""
        self.network = network
        self._epoll = SimulatedSelector(network)
        super().__init__(selector=self._epoll, clock=network.timeline, debug=debug)
        SimulatedResolver(network, self)

    def new_socket(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Make a simulated socket."""
        return self.network.socket(family, type, proto)

    def _new_waker(self) -> Waker:
        return SimulatedWaker(self.network)

    def _close_channels(self) -> None:
        super()._close_channels()
        SimulatedResolver(self.network, self)  # it was closed with the others; run() may come again

    @property
    def running(self) -> bool:
        """Whether it is inside a pass, or inside ``run()``."""
        return self._thread is not None

    def is_due(self) -> bool:
        """Return whether a pass would do something at this moment."""
        if self._thread is not None or self.closed:
            return False
        return (
            self._time_to_next() == 0
            or self._epoll.anybody_ready()
            or self.next_time() <= self.time()
        )

    def next_time(self) -> float:
        """Return when the next timer is due; infinity without one, or while ``run()`` looks."""
        when = None if self._thread is not None or self.closed else self._timers.next_time()
        return math.inf if when is None else when

    def threads_at_work(self) -> bool:
        """Return whether a result is awaited from a real thread."""
        if len(self.background) == 1:  # the resolver, which has no threads
            return False
        return any(
            isinstance(activity, ThreadPool) and activity.busy()
            for activity in self.background
            if not isinstance(activity, SimulatedResolver)
        )

    def close(self) -> None:
        """Close every channel at once, then the loop itself."""
        super().close()
        self.network.forget(self)

    def __exit__(self, *exception: object) -> None:
        """Close the loop; an exception on its way out gets a note with the network's seed."""
        if isinstance(exception[1], BaseException):
            self.network.sign(exception[1])
        super().__exit__(*exception)
