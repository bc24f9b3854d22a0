"""The waker of a simulated loop: as thread-safe as the real one, and without real descriptors."""

from typing import TYPE_CHECKING

from miniloop.selectors.poll import POLLIN
from miniloop.testing.descriptors import OpenFile
from miniloop.waker import Waker

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork


class SimulatedWaker(OpenFile, Waker):
    """Readable from ``wake()`` on, until it is read.

    Real threads may call it, so it is also something that a real wait can wait for: see
    ``SimulatedNetwork``, whose clock stands still while threads work.
    """

    def __init__(self, network: "SimulatedNetwork") -> None:
        """Take a descriptor of the simulated process."""
        OpenFile.__init__(self)
        self._net = network
        self._pending = False
        network.descriptors.open(self)

    def poll(self) -> int:
        """Return POLLIN while a wake-up is pending."""
        return POLLIN if self._pending else 0

    def wake(self) -> None:
        """End the wait in progress, or the next one; callable from any thread."""
        self._pending = True
        self.changed()
        self._net.woken.set()

    def handle_read(self) -> None:
        """Swallow the wake-ups."""
        self._pending = False

    handle_read_event = handle_read

    def signal_fileno(self) -> int:
        """Return -1: nothing is ever really waited for, so a signal has nothing to interrupt."""
        return -1

    def fileno(self) -> int:
        """Return the simulated descriptor."""
        return self.fd

    def close(self) -> None:
        """Give it back."""
        if self.fd >= 0:
            self._net.descriptors.close(self.fd)
