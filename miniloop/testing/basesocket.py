"""What simulated sockets of every type have in common: a descriptor, an address, options.

No call waits.  Where a call on a blocking socket would, it raises RuntimeError, because nothing
else could happen meanwhile.
"""

import errno
import socket
from types import TracebackType
from typing import Any, NoReturn, Self

from miniloop.testing.addresses import AddressTable, checked, unbound
from miniloop.testing.descriptors import OpenFile
from miniloop.testing.errors import error
from miniloop.testing.kernel import Kernel


class BaseSocket(OpenFile):
    """A socket of the simulated process.

    Args:
        kernel: the process' kernel.
        addresses: the table in which ``bind()`` reserves an address.
        family, type, proto: as with ``socket.socket``.

    Attributes:
        family, type, proto: as with ``socket.socket``.
    """

    def __init__(
        self,
        kernel: Kernel,
        addresses: AddressTable[Any],
        family: int,
        type: socket.SocketKind,
        proto: int,
    ) -> None:
        """Open a descriptor; OSError (EMFILE) when none is free."""
        super().__init__()
        self.type = type
        self.family = socket.AddressFamily(family)
        self.proto = proto
        self._kernel = kernel
        self._addresses = addresses
        self._bound: Any = None
        self._blocking = True
        self._options: dict[tuple[int, int], Any] = {}
        # The number as Python knows it; ``fd`` is -1 as soon as the table has closed it.
        self._number = kernel.descriptors.open(self)

    def __repr__(self) -> str:
        """Show the descriptor and the addresses."""
        return f"<{type(self).__name__} fd={self._number} {self._bound}>"

    def __enter__(self) -> Self:
        """Return the socket; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    # -- the descriptor --------------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the descriptor, -1 after ``close()``."""
        return self._number

    def close(self) -> None:
        """Close the descriptor; again is harmless.

        If the number was closed by other means and has a new owner, that one is closed, as with a
        real socket.

        Raises:
            OSError: the number was closed by other means (EBADF).
        """
        if self._number >= 0:
            self._kernel.descriptors.close(self.detach())

    def detach(self) -> int:
        """Return the descriptor, which stays open; the socket is closed for its methods."""
        fd, self._number = self._number, -1
        return fd

    def release(self) -> None:
        """Free the address; called when the descriptor was closed, by whatever means."""
        if self._bound is not None:
            self._addresses.free(self._bound)
            self._bound = None

    def transmits(self) -> bool:
        """Return whether the kernel may report it ready when it is not."""
        return True

    # -- options ---------------------------------------------------------------------------------

    def getsockname(self) -> Any:
        """Return the address of this end."""
        self.check_open()
        return self._bound or unbound(self.family)

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        """Return an option: one of the kernel's, or what ``setsockopt()`` has set."""
        self.check_open()
        if level == socket.SOL_SOCKET:
            if option == socket.SO_ERROR:
                return self._take_error()
            if option == socket.SO_ACCEPTCONN:
                return int(self._listens())
            if option == socket.SO_TYPE:
                return int(self.type)
        return self._options.get((level, option), bytes(size) if size else 0)

    def setsockopt(self, level: int, option: int, value: Any, length: int = 0) -> None:
        """Set an option; those in ``_apply()`` have an effect."""
        self.check_open()
        self._options[level, option] = value
        if level == socket.SOL_SOCKET:
            self._apply(option, value)
            self.changed()

    def _take_error(self) -> int:
        """Return the pending errno and clear it."""
        return 0

    def _listens(self) -> bool:
        return False

    def _apply(self, option: int, value: Any) -> None:
        """Give an option of SOL_SOCKET its effect."""

    def setblocking(self, flag: bool) -> None:
        """Set what a call raises that would wait: BlockingIOError (False), RuntimeError (True)."""
        self.check_open()
        self._blocking = bool(flag)

    def settimeout(self, timeout: float | None) -> None:
        """Call ``setblocking()`` for 0 and None; ValueError for other times: no call can wait."""
        if timeout:
            raise ValueError("a simulated socket cannot wait: setblocking(False) and a loop can")
        self.setblocking(timeout is None)

    def gettimeout(self) -> float | None:
        """Return None for a blocking socket, else 0.0."""
        return None if self._blocking else 0.0

    def getblocking(self) -> bool:
        """Return the flag of ``setblocking()``."""
        return self._blocking

    # -- refusals --------------------------------------------------------------------------------

    def check_open(self) -> None:
        """Raise OSError (EBADF) on a closed socket."""
        if self.fd < 0:
            raise error(errno.EBADF)

    def refuse(self, number: int) -> NoReturn:
        """Raise this errno, or EBADF on a closed socket."""
        self.check_open()
        raise error(number)

    def would_wait(self) -> NoReturn:
        """Raise for a call that cannot be done now."""
        if self._blocking:
            raise RuntimeError(
                f"{self!r} would have to wait: call setblocking(False), as every dispatcher does"
            )
        raise error(errno.EAGAIN)

    def _bindable(self, address: Any) -> Any:
        """Return an address for ``bind()``: in the family's form, with a port."""
        return self._addresses.with_port(checked(self.family, address))
