"""epoll over simulated descriptors, and the loop's own selector on it.

Only the kernel's part is simulated.  The rest, such as the meaning of epoll's bits, descriptors
that come back and the rebuilt set, is ``EpollSelector``'s and runs unchanged.
"""

import errno
from typing import Any

from miniloop.selectors import EpollSelector
from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.driver import Driver
from miniloop.testing.errors import error
from miniloop.testing.kernel import Kernel

_ALWAYS = POLLERR | POLLHUP


class SimulatedEpoll:
    """An epoll object: the watched descriptors, and those that may be ready.

    As in the kernel a file that changes is noted, and polled when ``poll()`` is called; one that is
    ready stays noted (level-triggered).

    Args:
        kernel: the process' kernel.
        driver: runs the network while ``poll()`` waits.
    """

    def __init__(self, kernel: Kernel, driver: Driver) -> None:
        """Start with no descriptors."""
        self._descriptors = kernel.descriptors
        self._choices = kernel.choices
        self._driver = driver
        self._watched: dict[int, int] = {}
        self._noted: dict[int, None] = {}  # a dict, for its order

    def fileno(self) -> int:
        """Raise RuntimeError: there is no descriptor that a real loop could watch."""
        raise RuntimeError("a simulated loop has no descriptor that another loop could watch")

    def register(self, fd: int, bits: int) -> None:
        """Watch a descriptor; OSError (EBADF, EEXIST)."""
        file = self._descriptors.get(fd)
        if fd in self._watched:
            raise error(errno.EEXIST)
        file.watchers.append(self)
        self._watched[fd] = bits | _ALWAYS
        self._noted[fd] = None

    def modify(self, fd: int, bits: int) -> None:
        """Change the bits that a descriptor is watched for; OSError (EBADF, ENOENT)."""
        self._check(fd)
        self._watched[fd] = bits | _ALWAYS
        self._noted[fd] = None

    def unregister(self, fd: int) -> None:
        """Stop watching a descriptor; OSError (EBADF, ENOENT)."""
        self._check(fd)
        self._descriptors.get(fd).watchers.remove(self)
        self.forget(fd)

    def _check(self, fd: int) -> None:
        self._descriptors.get(fd)
        if fd not in self._watched:
            raise error(errno.ENOENT)

    def note(self, fd: int) -> None:
        """Poll the file again next time: it has changed."""
        self._noted[fd] = None

    def forget(self, fd: int) -> None:
        """Stop watching: the file was closed."""
        self._watched.pop(fd, None)
        self._noted.pop(fd, None)

    def ready(self) -> list[tuple[int, int]]:
        """Return the ready descriptors with their bits; the others are noted no more."""
        if not self._noted:
            return []
        files, watched, found = self._descriptors.files, self._watched, []
        for fd in [*self._noted]:
            bits = files[fd].poll() & watched[fd]
            if bits:
                found.append((fd, bits))
            else:
                del self._noted[fd]
        return found

    def poll(self, timeout: float | None, maxevents: int = -1) -> list[tuple[int, int]]:
        """Let the network go on until a descriptor is ready or ``timeout`` seconds have passed."""
        self._driver.wait(self.ready, timeout)
        ready = self._choices.order(self.ready())
        if self._choices.chance(self._choices.faults.spurious):
            ready = self._add_spurious(ready)
        return ready

    def _add_spurious(self, ready: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Report one descriptor wrongly, as the kernel may for data with a wrong checksum."""
        files, known = self._descriptors.files, dict(ready)
        wrong = [
            (fd, wanted)
            for fd, bits in self._watched.items()
            if (wanted := bits & (POLLIN | POLLOUT)) and fd not in known and _transmits(files[fd])
        ]
        return [*ready, self._choices.pick(wrong)] if wrong else ready

    def close(self) -> None:
        """Stop watching all descriptors."""
        for fd in [*self._watched]:
            self.unregister(fd)


def _transmits(file: object) -> bool:
    return isinstance(file, BaseSocket) and file.transmits()


class SimulatedSelector(EpollSelector):
    """miniloop's selector on a simulated epoll object.

    Args:
        kernel: the process' kernel.
        driver: runs the network while ``select()`` waits.
    """

    def __init__(self, kernel: Kernel, driver: Driver) -> None:
        """Start with no descriptors."""
        self._simulated = kernel, driver
        super().__init__()

    def _new_kernel(self) -> Any:
        return SimulatedEpoll(*self._simulated)

    def has_ready(self) -> bool:
        """Return whether ``select()`` would return at once."""
        return bool(self._kernel.ready())
