"""A simulated loop with the real waker on a simulated pair of sockets.

A simulated loop's own waker has no bytes; in the book they are what there is to see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniloop.system.waker import Waker
    from miniloop.testing import SimulatedLoop, SimulatedNetwork


def loop_with_real_waker(net: SimulatedNetwork) -> SimulatedLoop:
    """Return a loop of this network whose waker writes and reads a byte."""
    from miniloop.system.waker import Waker
    from miniloop.testing import SimulatedLoop

    class PairWaker(Waker):
        """The real one; only its two sockets are simulated."""

        def __init__(self) -> None:
            self._receiver, self._sender = net.socketpair()
            self._receiver.setblocking(False)
            self._sender.setblocking(False)
            self._pending = False

        def signal_fileno(self) -> int:
            """Return -1: a signal has no simulated call to interrupt."""
            return -1

    class Loop(SimulatedLoop):
        """With that waker."""

        def _new_waker(self) -> Waker:
            return PairWaker()

        def _renew_resolver(self) -> None:
            """Make none: the run is over."""

    return Loop(net.kernel, net._driver, debug=False)
