"""The short way to a server: one object that listens and makes a channel of each connection."""

import errno
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop

if TYPE_CHECKING:
    from miniloop.net.unix_address import SocketFile

Address: TypeAlias = tuple[str, int] | str | bytes | os.PathLike[str]
"""``(host, port)`` for IPv4 and IPv6, a path or an abstract name for a UNIX socket."""


class Listener(Dispatcher):
    """Listens on ``address`` and calls ``factory(loop, sock)`` for each connection.

    A class of dispatchers is such a factory: ``Listener(loop, ("127.0.0.1", 1234), Echo)``.

    Args:
        loop: the loop that serves it.
        address: ``(host, port)``, port 0 for any free one; or the path of a UNIX socket, where the
            file of a dead server is replaced, or an abstract name, which begins with NUL.
        factory: makes the connection's channel and owns the socket from then on.
        family: the address family, when it cannot be seen from the address.
        backlog: connections that may wait in the kernel.

    Raises:
        OSError: the address is taken, or not this machine's; or a path, without UNIX sockets here.
        TypeError: it is no address, or the factory cannot be called.

    Attributes:
        address: the address bound, with the real port.
    """

    _file_: "SocketFile | None" = None

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        factory: Callable[[EventLoop, socket.socket], object],
        *,
        family: int | None = None,
        backlog: int = 1024,
    ) -> None:
        """Bind and listen."""
        super().__init__(loop)
        if not callable(factory):
            raise TypeError(f"the factory is called as factory(loop, sock); {factory!r} cannot be")
        self.factory = factory
        place, guessed = _place_and_family(address)
        self.create_socket(guessed if family is None else family)
        try:
            self._bind_(place)
            self.listen(backlog)
        except BaseException:
            self.close()
            raise
        self.address = self.addr = self.socket.getsockname()

    def _bind_(self, place: Any) -> None:
        if isinstance(place, tuple):
            self.set_reuse_addr()
            self.bind(place)
            return
        from miniloop.net.unix_address import SocketFile, is_abstract, remove_dead

        try:
            self.bind(place)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not remove_dead(place):
                raise
            self.bind(place)
        if not is_abstract(place):
            self._file_ = SocketFile(place)

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        """Make a channel of the connection."""
        channel = self.factory(self.loop, sock)
        getattr(channel, "_life_", None)  # raises where super().__init__() was forgotten

    def close(self) -> None:
        """Stop listening, and remove the file of a UNIX socket if it is still ours."""
        if self._file_ is not None:
            self._file_.remove()  # before the socket: no client finds a file that refuses it
            self._file_ = None
        super().close()


def _place_and_family(address: Address) -> tuple[Any, int]:
    """Return an address in the form that ``bind()`` takes, and the family that it looks like."""
    if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[0], str):
        return address, socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    if not isinstance(address, str | bytes | os.PathLike):
        raise TypeError(f"an address is (host, port), or the path of a UNIX socket: {address!r}")
    if not hasattr(socket, "AF_UNIX"):
        why = "there are no UNIX sockets here: listen on (host, port)"
        raise OSError(errno.EAFNOSUPPORT, why, os.fspath(address))
    return os.fspath(address), socket.AF_UNIX
