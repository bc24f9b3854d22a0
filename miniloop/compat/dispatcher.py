"""asyncore's dispatcher: a socket, and methods that are called when something happens to it.

It is no native ``Dispatcher`` underneath.  Every name on this class is one that a subclass may use
for itself, and there are thousands of subclasses: a new ``closed``, ``end`` or ``flush`` would be
overridden by accident.  So the class has the old names and no more; what it shares with the native
classes lies below the loop.
"""

import os
import sys
from contextlib import suppress
from errno import (
    EAGAIN,
    EALREADY,
    EBADF,
    ECONNABORTED,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    ENOTCONN,
    EWOULDBLOCK,
    errorcode,
)
from socket import AF_INET, SOCK_STREAM
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import Any

from miniloop.compat.registry import Map
from miniloop.compat.watch import watch_of
from miniloop.readiness import announced

asyncore: Any = None
"""The module ``asyncore``, which sets this when it is imported.

Programs put their own ``socket`` or another ``socket_map`` into that module, and the class has to
use those from then on.  So its methods look such names up there, each time.
"""


class dispatcher:
    """A socket and the methods that are called when something happens to it.

    Attributes:
        socket: the socket, or whatever stands in for one.
        addr: the address of the peer, or the one bound to.
        connected: there is a peer.
        connecting: a connect is under way.
        accepting: it listens.
        ignore_log_types: types of messages that ``log_info()`` drops.

    Args:
        sock: a socket, connected or not; it is made non-blocking.
        map: the map to be served in; ``socket_map`` when not given.
    """

    __module__ = "asyncore"  # what repr() and logs show of it

    debug = False
    connected = False
    accepting = False
    connecting = False
    closing = False
    addr: Any = None
    ignore_log_types: frozenset[str] = frozenset({"warning"})
    socket: Socket
    _fileno: int | None = None

    def __init__(self, sock: Socket | None = None, map: Map | None = None) -> None:
        """Enter the map at once if ``sock`` is given."""
        self._map: Map = asyncore.socket_map if map is None else map
        self._fileno = None
        if not sock:
            self.socket = None  # type: ignore[assignment]  # as long as there is none
            return
        sock.setblocking(False)
        self.set_socket(sock, map)
        self.connected = True
        try:
            self.addr = sock.getpeername()
        except OSError as error:
            if error.errno not in (ENOTCONN, EINVAL):
                self.del_channel(map)  # broken: the loop must not wait for it
                raise
            self.connected = False

    def __repr__(self) -> str:
        """Show the class, the state and the address."""
        status = [f"{type(self).__module__}.{type(self).__qualname__}"]
        if self.accepting and self.addr:
            status.append("listening")
        elif self.connected:
            status.append("connected")
        if self.addr is not None:
            try:
                status.append("%s:%d" % self.addr)  # noqa: UP031 - a tuple of two, or TypeError
            except TypeError:
                status.append(repr(self.addr))
        return f"<{' '.join(status)} at {id(self):#x}>"

    # the map

    def add_channel(self, map: Map | None = None) -> None:
        """Enter ``map``, or the map that the constructor was given."""
        map = self._map if map is None else map
        fd: Any = self._fileno
        map[fd] = self
        watched = watch_of(map)
        if watched is not None:
            watched.registry.added(fd, self)

    def del_channel(self, map: Map | None = None) -> None:
        """Leave the map.

        If the descriptor was closed and its number belongs to another dispatcher's socket by now,
        that one's entry stays.
        """
        map = self._map if map is None else map
        fd: Any = self._fileno
        if fd in map and not belongs_to_another(self, map[fd]):
            watched = watch_of(map)
            if watched is not None:
                watched.registry.removed(fd)
            del map[fd]
        self._fileno = None

    def create_socket(self, family: int = AF_INET, type: int = SOCK_STREAM) -> None:
        """Make a non-blocking socket and own it."""
        self.family_and_type = family, type
        sock = asyncore.socket.socket(family, type)
        sock.setblocking(False)
        self.set_socket(sock)

    def set_socket(self, sock: Socket, map: Map | None = None) -> None:
        """Own ``sock``, which may be anything with a ``fileno()``, and enter the map."""
        self.socket = sock
        self._fileno = sock.fileno()
        self.add_channel(map)

    def set_reuse_addr(self) -> None:
        """Set SO_REUSEADDR, so that a restarted server can bind its port at once.

        Ignored where the system cannot.
        """
        socket = asyncore.socket
        option = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
        with suppress(OSError):
            self.socket.setsockopt(*option, self.socket.getsockopt(*option) | 1)

    # the predicates

    @announced
    def readable(self) -> bool:
        """Return whether read events are wanted: always, by default."""
        return True

    @announced
    def writable(self) -> bool:
        """Return whether write events are wanted: always by default, which keeps a CPU busy."""
        return True

    # the socket's own methods

    def listen(self, num: int) -> None:
        """Listen; ``handle_accept()`` is called for each connection."""
        self.accepting = True
        if os.name == "nt" and num > 5:
            num = 5
        self.socket.listen(num)

    def bind(self, addr: Any) -> None:
        """Bind to an address, in the form of the socket's family."""
        self.addr = addr
        self.socket.bind(addr)

    def connect(self, address: Any) -> None:
        """Start to connect.

        ``handle_connect()`` follows, and runs in this call if the connect needs no waiting.

        Raises:
            OSError: the connect failed at once.
        """
        self.connected = False
        self.connecting = True
        code = self.socket.connect_ex(address)
        under_way = code in (EINPROGRESS, EALREADY, EWOULDBLOCK)
        if under_way or (code == EINVAL and os.name == "nt"):
            self.addr = address
        elif code in (0, EISCONN):
            self.addr = address
            self.handle_connect_event()
        else:
            raise OSError(code, errorcode[code])

    def accept(self) -> tuple[Socket, Any] | None:
        """Return a connection and its address; None if there is none after all."""
        try:
            conn, addr = self.socket.accept()
        except TypeError:
            return None
        except OSError as error:
            if error.errno in (EWOULDBLOCK, ECONNABORTED, EAGAIN):
                return None
            raise
        return conn, addr

    def send(self, data: Any) -> Any:
        """Send; return the number of bytes taken.

        It is 0 if there is no room, or if the peer is gone; then ``handle_close()`` has run.
        """
        try:
            return self.socket.send(data)
        except OSError as error:
            if error.errno == EWOULDBLOCK:
                return 0
            if error.errno in asyncore._DISCONNECTED:
                self.handle_close()
                return 0
            raise

    def recv(self, buffer_size: int) -> bytes:
        """Receive at most ``buffer_size`` bytes.

        ``b""`` means that the peer is gone; ``handle_close()`` has run then.
        """
        try:
            data = self.socket.recv(buffer_size)
        except OSError as error:
            if error.errno in asyncore._DISCONNECTED:
                self.handle_close()
                return b""
            raise
        if not data:
            self.handle_close()
            return b""
        return data

    def close(self) -> None:
        """Leave the map and close the socket."""
        self.connected = False
        self.accepting = False
        self.connecting = False
        self.del_channel()
        if self.socket is not None:
            try:
                self.socket.close()
            except OSError as error:
                if error.errno not in (ENOTCONN, EBADF):
                    raise

    # logging

    def log(self, message: Any) -> None:
        """Write a message to the standard error stream."""
        sys.stderr.write(f"log: {message}\n")

    def log_info(self, message: Any, type: str = "info") -> None:
        """Print a message of a type, if that is not in ``ignore_log_types``."""
        if type not in self.ignore_log_types:
            print(f"{type}: {message}")

    # events

    def handle_read_event(self) -> None:
        """Accept; or else complete a connect that is under way, and read."""
        if self.accepting:
            self.handle_accept()
            return
        if not self.connected and self.connecting:
            self.handle_connect_event()
        self.handle_read()

    def handle_connect_event(self) -> None:
        """Complete a connect.

        Raises:
            OSError: the connect failed.
        """
        socket = asyncore.socket
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code != 0:
            raise OSError(code, asyncore._strerror(code))
        self.handle_connect()
        self.connected = True
        self.connecting = False

    def handle_write_event(self) -> None:
        """Complete a connect that is under way, and write; a listener does nothing."""
        if self.accepting:
            return
        if not self.connected and self.connecting:
            self.handle_connect_event()
        self.handle_write()

    def handle_expt_event(self) -> None:
        """Close after an error of the socket; otherwise there is urgent data."""
        socket = asyncore.socket
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            self.handle_close()
        else:
            self.handle_expt()

    def handle_error(self) -> None:
        """Log the exception being handled, which escaped from a handler, and close."""
        _, kind, error, way = asyncore.compact_traceback()
        try:
            name = repr(self)
        except:  # noqa: E722 - an overridden repr can raise anything
            name = f"<__repr__(self) failed for object at {id(self):0x}>"
        self.log_info(
            f"uncaptured python exception, closing channel {name} ({kind}:{error} {way})", "error"
        )
        self.handle_close()

    def handle_expt(self) -> None:
        """Handle urgent data; override it."""
        self.log_info("unhandled incoming priority event", "warning")

    def handle_read(self) -> None:
        """Handle input that is ready; override it."""
        self.log_info("unhandled read event", "warning")

    def handle_write(self) -> None:
        """Handle room for output; override it."""
        self.log_info("unhandled write event", "warning")

    def handle_connect(self) -> None:
        """Handle the completed connect; override it."""
        self.log_info("unhandled connect event", "warning")

    def handle_accept(self) -> None:
        """Accept a connection and hand it to ``handle_accepted()``."""
        pair = self.accept()
        if pair is not None:
            self.handle_accepted(*pair)

    def handle_accepted(self, sock: Socket, addr: Any) -> None:
        """Handle an accepted connection; override it."""
        sock.close()
        self.log_info("unhandled accepted event", "warning")

    def handle_close(self) -> None:
        """Handle the end of the connection, or the failure of a handler; override it."""
        self.log_info("unhandled close event", "warning")
        self.close()


def belongs_to_another(channel: dispatcher, entry: Any) -> bool:
    """Return whether ``entry``, found under the channel's number, has another socket."""
    if entry is channel or getattr(entry, "_fileno", None) != channel._fileno:
        return False
    return getattr(entry, "socket", None) is not getattr(channel, "socket", None)
