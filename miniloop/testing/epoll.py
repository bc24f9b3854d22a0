"""epoll over simulated descriptors, and the loop's own selector on it.

Only the kernel's part is simulated.  What miniloop knows about epoll, the bits and their meaning,
descriptors that come back, the rebuilt set, is ``EpollSelector``'s and runs unchanged.
"""

import errno
from typing import TYPE_CHECKING, Any

from miniloop.selectors import EpollSelector
from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.descriptors import error

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork

_ALWAYS = POLLERR | POLLHUP


class SimulatedEpoll:
    """The kernel's part: who is watched for what, and who might be ready.

    As in the kernel a file that changes is noted, and looked at when somebody asks; one that is
    ready stays noted (level-triggered).
    """

    def __init__(self, network: "SimulatedNetwork") -> None:
        """Watch nobody."""
        self._net = network
        self._watched: dict[int, int] = {}
        self._noted: dict[int, None] = {}  # a dict, for its order

    def fileno(self) -> int:
        """Refuse: nobody outside could watch it."""
        raise RuntimeError("a simulated loop has no descriptor that another loop could watch")

    def register(self, fd: int, bits: int) -> None:
        """Watch a descriptor; EBADF, EEXIST."""
        file = self._net.descriptors.get(fd)
        if fd in self._watched:
            raise error(errno.EEXIST)
        file.watchers.append(self)
        self._watched[fd] = bits | _ALWAYS
        self._noted[fd] = None

    def modify(self, fd: int, bits: int) -> None:
        """Watch it for something else; EBADF, ENOENT."""
        self._check(fd)
        self._watched[fd] = bits | _ALWAYS
        self._noted[fd] = None

    def unregister(self, fd: int) -> None:
        """Watch it no more; EBADF, ENOENT."""
        self._check(fd)
        self._net.descriptors.get(fd).watchers.remove(self)
        self.forget(fd)

    def _check(self, fd: int) -> None:
        self._net.descriptors.get(fd)
        if fd not in self._watched:
            raise error(errno.ENOENT)

    def note(self, fd: int) -> None:
        """Look at it next time."""
        self._noted[fd] = None

    def forget(self, fd: int) -> None:
        """Its file was closed, so it is watched no more."""
        self._watched.pop(fd, None)
        self._noted.pop(fd, None)

    def ready(self) -> list[tuple[int, int]]:
        """Return who is ready for what; who is not, is noted no more."""
        if not self._noted:
            return []
        files, watched, found = self._net.descriptors.files, self._watched, []
        for fd in [*self._noted]:
            bits = files[fd].poll() & watched[fd]
            if bits:
                found.append((fd, bits))
            else:
                del self._noted[fd]
        return found

    def poll(self, timeout: float | None, maxevents: int = -1) -> list[tuple[int, int]]:
        """Let things happen until somebody is ready or the time is over."""
        self._net.wait(self, timeout)
        choices = self._net.choices
        ready = choices.order(self.ready())
        if choices.chance(choices.faults.spurious):
            ready = self._add_spurious(ready)
        return ready

    def _add_spurious(self, ready: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Report somebody wrongly, as the kernel may: data whose checksum was wrong, say."""
        files, known = self._net.descriptors.files, dict(ready)
        wrong = [
            (fd, wanted)
            for fd, bits in self._watched.items()
            if (wanted := bits & (POLLIN | POLLOUT)) and fd not in known and _may_err(files[fd])
        ]
        return [*ready, self._net.choices.pick(wrong)] if wrong else ready

    def close(self) -> None:
        """Watch nobody any more."""
        for fd in [*self._watched]:
            self.unregister(fd)


def _may_err(file: object) -> bool:
    return isinstance(file, BaseSocket) and file.transmits()


class SimulatedSelector(EpollSelector):
    """miniloop's selector on a simulated epoll."""

    def __init__(self, network: "SimulatedNetwork") -> None:
        """Watch nobody."""
        self._net = network
        super().__init__()

    def _new_kernel(self) -> Any:
        return SimulatedEpoll(self._net)

    def anybody_ready(self) -> bool:
        """Return whether ``select()`` would return at once."""
        return bool(self._kernel.ready())
