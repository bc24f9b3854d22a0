"""The waker of a simulated loop: thread-safe as the real one, without real descriptors."""

from miniloop.selectors.poll import POLLIN
from miniloop.testing.descriptors import OpenFile
from miniloop.testing.kernel import Kernel
from miniloop.waker import Waker


class SimulatedWaker(OpenFile, Waker):
    """Readable from ``wake()`` on, until it is read.

    ``wake()`` may be called by real threads.  So it also sets ``Kernel.woken``, for which the
    driver waits in real time while threads work.
    """

    def __init__(self, kernel: Kernel) -> None:
        """Open a descriptor of the simulated process."""
        OpenFile.__init__(self)
        self._kernel = kernel
        self._pending = False
        kernel.descriptors.open(self)

    def poll(self) -> int:
        """Return POLLIN while a wake-up is pending."""
        return POLLIN if self._pending else 0

    def wake(self) -> None:
        """End the wait in progress, or the next one; callable from any thread."""
        self._pending = True
        self.changed()
        self._kernel.woken.set()

    def handle_read(self) -> None:
        """Clear the wake-ups."""
        self._pending = False

    handle_read_event = handle_read

    def signal_fileno(self) -> int:
        """Return -1: no call waits, so a signal has none to interrupt."""
        return -1

    def fileno(self) -> int:
        """Return the simulated descriptor."""
        return self.fd

    def close(self) -> None:
        """Close the descriptor; again is harmless."""
        if self.fd >= 0:
            self._kernel.descriptors.close(self.fd)
