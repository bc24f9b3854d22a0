"""What simulated sockets of every type have in common: a descriptor, an address, options.

Nothing ever waits here.  Where a blocking socket would, it raises RuntimeError, because nothing
else could happen meanwhile.
"""

import errno
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from miniloop.testing.descriptors import OpenFile, error

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork


class BaseSocket(OpenFile):
    """A socket of the simulated process.

    Attributes:
        family, type, proto: as with ``socket.socket``.
    """

    def __init__(
        self, network: "SimulatedNetwork", family: int, type: socket.SocketKind, proto: int
    ) -> None:
        """Take a descriptor; OSError (EMFILE) when there is none."""
        super().__init__()
        self.type = type
        self.family = socket.AddressFamily(family)
        self.proto = proto
        self._net = network
        self._bound: Any = None
        self._blocking = True
        self._options: dict[tuple[int, int], Any] = {}
        self._number = network.descriptors.open(self)  # Python's idea; the table's is ``fd``

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
        """Close it; again is harmless.  OSError (EBADF) if the number was closed behind its back.

        As with a real one: if the number has a new owner by then, that one is closed.
        """
        if self._number >= 0:
            self._net.descriptors.close(self.detach())

    def detach(self) -> int:
        """Let go of the descriptor without closing it, and return it."""
        fd, self._number = self._number, -1
        return fd

    def release(self) -> None:
        """The descriptor is gone, whoever closed it."""
        if self._bound is not None:
            self._free_address()
            self._bound = None

    def _free_address(self) -> None:
        """Give the address back."""

    def transmits(self) -> bool:
        """Return whether a select that reports it wrongly is in the kernel's rights."""
        return True

    # -- options ---------------------------------------------------------------------------------

    def getsockname(self) -> Any:
        """Return the address of this end."""
        self.check_open()
        return self._bound or unbound(self.family)

    def getsockopt(self, level: int, option: int, size: int = 0) -> Any:
        """Return an option; those that the kernel knows better, from what it knows."""
        self.check_open()
        if level == socket.SOL_SOCKET:
            if option == socket.SO_ERROR:
                return self._pending_error()
            if option == socket.SO_ACCEPTCONN:
                return int(self._listens())
            if option == socket.SO_TYPE:
                return int(self.type)
        return self._options.get((level, option), bytes(size) if size else 0)

    def setsockopt(self, level: int, option: int, value: Any, length: int = 0) -> None:
        """Set an option; ``_apply()`` says which have an effect."""
        self.check_open()
        self._options[level, option] = value
        if level == socket.SOL_SOCKET:
            self._apply(option, value)
            self.changed()

    def _pending_error(self) -> int:
        return 0

    def _listens(self) -> bool:
        return False

    def _apply(self, option: int, value: Any) -> None:
        """Let an option have its effect."""

    def setblocking(self, flag: bool) -> None:
        """Raise BlockingIOError (False) or RuntimeError (True) where a call would have to wait."""
        self.check_open()
        self._blocking = bool(flag)

    def settimeout(self, timeout: float | None) -> None:
        """0 and None are ``setblocking()``; ValueError for other times, which cannot be waited."""
        if timeout:
            raise ValueError("a simulated socket cannot wait: setblocking(False) and a loop can")
        self.setblocking(timeout is None)

    def gettimeout(self) -> float | None:
        """Return None or 0.0."""
        return None if self._blocking else 0.0

    def getblocking(self) -> bool:
        """Return what ``setblocking()`` was told."""
        return self._blocking

    # -- refusals --------------------------------------------------------------------------------

    def check_open(self) -> None:
        """Refuse a closed one: OSError (EBADF)."""
        if self.fd < 0:
            raise error(errno.EBADF)

    def refuse(self, number: int) -> NoReturn:
        """Raise this errno, or EBADF on a closed socket."""
        self.check_open()
        raise error(number)

    def would_wait(self) -> NoReturn:
        """Raise what a call raises that cannot be done now."""
        if self._blocking:
            raise RuntimeError(
                f"{self!r} would have to wait: call setblocking(False), as every dispatcher does"
            )
        raise error(errno.EAGAIN)

    def _checked(self, address: Any) -> Any:
        """Return an address in its family's form; refuse what is none."""
        if self.family == getattr(socket, "AF_UNIX", None):
            return _abstract(address)
        if not isinstance(address, tuple) or len(address) not in (2, 4):
            raise TypeError(f"an address is (host, port), not {address!r}")
        host, port = address[:2]
        if not isinstance(host, str) or not isinstance(port, int):
            raise TypeError(f"an address is (host, port), a str and an int, not {address!r}")
        if not 0 <= port < 65536:
            raise OverflowError(f"port must be 0-65535, not {port}")
        return (host, port) if self.family == socket.AF_INET else (host, port, 0, 0)

    def _with_port(self, address: Any) -> Any:
        """Return it with a free port in place of 0."""
        if isinstance(address, str) or address[1]:
            return address
        return (address[0], self._net.ports.ephemeral(), *address[2:])


def unbound(family: int) -> Any:
    """Return the address of a socket that has none."""
    if family == socket.AF_INET6:
        return ("::", 0, 0, 0)
    return ("0.0.0.0", 0) if family == socket.AF_INET else ""


def _abstract(address: Any) -> str:
    """Return the address of a UNIX socket, which cannot be a path here."""
    if isinstance(address, bytes):
        address = address.decode("utf-8", "surrogateescape")
    if not isinstance(address, str):
        raise TypeError(f"a UNIX socket's address is a str, not {address!r}")
    if not address.startswith("\0"):
        raise OSError(
            errno.EACCES,
            "a simulated network has no file system: use an abstract name, which begins with NUL",
        )
    return address
