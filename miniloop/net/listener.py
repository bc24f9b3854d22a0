"""The short way to a server: one object that listens and makes a channel of each connection."""

import socket
from collections.abc import Callable
from typing import Any

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.net.listening import Address, check_given, close_all, open_sockets
from miniloop.net.unix_address import SocketFile, is_abstract


class Listener(Dispatcher):
    """Listens on ``address`` and calls ``factory(loop, sock)`` for each connection.

    A class of dispatchers is such a factory: ``Listener(loop, ("127.0.0.1", 1234), Echo)``.

    Args:
        loop: the loop that serves it.
        address: where to listen, see below.
        factory: makes the connection's channel and owns the socket from then on.
        sock: in place of an address, a stream socket that is open already: inherited from the
            parent process, or passed by systemd.  It belongs to the listener from now on.  If it
            does not listen yet, it does then.  The file of a UNIX socket stays.
        family: the address family, when it cannot be seen from the address.
        backlog: connections that may wait in the kernel.
        reuse_port: set SO_REUSEPORT, so that several listeners (of several processes, say) share
            the port and the kernel divides the connections among them.

    The address is one of these:

    * ``(host, port)`` with a numeric host; port 0 takes any free one.  ``("0.0.0.0", port)`` is all
      of IPv4, and ``("::", port)`` all of IPv6.  An IPv6 address never serves IPv4, on any system.
    * ``("", port)`` for all of IPv4 and IPv6, ``("localhost", port)`` for 127.0.0.1 and ::1.  There
      are two sockets on one port then, for port 0 too.  ``family`` selects one of them.  A machine
      that lacks one of the two families serves the other one.
    * The path of a UNIX socket, where the file of a dead server is replaced.
    * An abstract name, which begins with NUL (Linux).

    Raises:
        OSError: the address is taken, or not this machine's; or a path or ``reuse_port`` where the
            system has no such thing; or ``sock`` is closed.
        TypeError: it is no address, or the factory cannot be called; or there is an address and
            ``sock``, or neither.
        ValueError: ``sock`` is no stream socket, or is connected.

    Attributes:
        address: the address bound, with the real port; of two, that of IPv4.
        addresses: all addresses bound, as the system shows them.
    """

    _file_: SocketFile | None = None
    _other_: "OtherFamily | None" = None

    def __init__(
        self,
        loop: EventLoop,
        address: Address | None = None,
        factory: Callable[[EventLoop, socket.socket], object] | None = None,
        *,
        sock: socket.socket | None = None,
        family: int | None = None,
        backlog: int = 1024,
        reuse_port: bool = False,
    ) -> None:
        """Bind and listen."""
        super().__init__(loop)
        if not callable(factory):
            raise TypeError(f"the factory is called as factory(loop, sock); {factory!r} cannot be")
        self.factory = factory
        if sock is None:
            opened = open_sockets(loop, address, family, backlog, reuse_port)
            if not isinstance(address, tuple) and not is_abstract(path := opened[0].getsockname()):
                self._file_ = SocketFile(path)
            self._own_(opened)
        elif address is not None or family is not None or reuse_port:
            raise TypeError("sock is open already: leave out address, family and reuse_port")
        else:
            check_given(sock, backlog)
            self._own_([sock])

    def _own_(self, opened: list[socket.socket]) -> None:
        """Accept from one or two listening sockets."""
        try:
            self._adopt_(opened[0])
            self.set_socket(opened[0])
            for sock in opened[1:]:
                self._other_ = OtherFamily(self, sock)
        except BaseException:
            self.close()
            close_all(opened)
            raise
        self.addresses: list[Any] = [sock.getsockname() for sock in opened]
        self.address = self.addr = self.addresses[0]

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        """Make a channel of the connection."""
        channel = self.factory(self.loop, sock)
        getattr(channel, "_life_", None)  # raises where super().__init__() was forgotten

    def pause_reading(self) -> None:
        """Accept no more until ``resume_reading()``; connections wait in the kernel."""
        super().pause_reading()
        if self._other_ is not None:
            self._other_.pause_reading()

    def resume_reading(self) -> None:
        """Accept again.  RuntimeError: it is closed."""
        super().resume_reading()
        if self._other_ is not None:
            self._other_.resume_reading()

    def close(self) -> None:
        """Stop listening, and remove the file of a UNIX socket if it is still ours."""
        if self._file_ is not None:
            self._file_.remove()  # before the socket: no client finds a file that refuses it
            self._file_ = None
        if self._other_ is not None:
            self._other_.close()
            self._other_ = None
        super().close()


class OtherFamily(Dispatcher):
    """The second socket of a listener; what happens to it, happens to the listener."""

    def __init__(self, listener: Listener, sock: socket.socket) -> None:
        """Accept for ``listener``."""
        self._listener_ = listener
        super().__init__(listener.loop, sock)
        self.addr = sock.getsockname()

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        """Pass the connection on."""
        self._listener_.handle_accepted(sock, addr)

    def handle_close(self) -> None:
        """End the listener too: half of it would go unnoticed."""
        self._listener_.end()
