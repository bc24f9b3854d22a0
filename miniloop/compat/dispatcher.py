"""asyncore's dispatcher: a socket, and methods that are called when something happens to it.

It is no native ``Dispatcher`` underneath.  All names of this class are its subclasses' to use, and
there are thousands of those: a ``closed``, ``end`` or ``flush`` of ours would be taken for theirs.
So it has the old names and no more; what it shares with the native classes is below the loop.
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

from miniloop.compat.surface import surface
from miniloop.compat.watches import Map, watch_of
from miniloop.readiness import announced


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
        """Stand in the map at once where ``sock`` is given."""
        self._map: Map = surface().socket_map if map is None else map
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
                self.del_channel(map)  # broken: nobody shall wait for it
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
        """Stand in ``map``, or else in the map that was given at first."""
        map = self._map if map is None else map
        fd: Any = self._fileno
        map[fd] = self
        watched = watch_of(map)
        if watched is not None:
            watched.added(fd, self)

    def del_channel(self, map: Map | None = None) -> None:
        """Leave the map.

        A number that was closed and belongs to another dispatcher's socket by now stays that one's.
        """
        map = self._map if map is None else map
        fd: Any = self._fileno
        if fd in map and not belongs_to_another(self, map[fd]):
            watched = watch_of(map)
            if watched is not None:
                watched.removed(fd)
            del map[fd]
        self._fileno = None

    def create_socket(self, family: int = AF_INET, type: int = SOCK_STREAM) -> None:
        """Make a non-blocking socket and own it."""
        self.family_and_type = family, type
        sock = surface().socket.socket(family, type)
        sock.setblocking(False)
        self.set_socket(sock)

    def set_socket(self, sock: Socket, map: Map | None = None) -> None:
        """Own ``sock``, which may be anything with a ``fileno()``, and stand in the map."""
        self.socket = sock
        self._fileno = sock.fileno()
        self.add_channel(map)

    def set_reuse_addr(self) -> None:
        """Let the port be bound again at once after a restart, where the system can."""
        socket = surface().socket
        option = (socket.SOL_SOCKET, socket.SO_REUSEADDR)
        with suppress(OSError):
            self.socket.setsockopt(*option, self.socket.getsockopt(*option) | 1)

    # what the loop asks

    @announced
    def readable(self) -> bool:
        """Return whether read events are wanted: always, by default."""
        return True

    @announced
    def writable(self) -> bool:
        """Return whether write events are wanted: always, by default, which keeps a CPU busy."""
        return True

    # the socket's own methods

    def listen(self, num: int) -> None:
        """Listen; ``handle_accept()`` is called for what comes."""
        self.accepting = True
        if os.name == "nt" and num > 5:
            num = 5
        self.socket.listen(num)

    def bind(self, addr: Any) -> None:
        """Bind to an address, in the form of the socket's family."""
        self.addr = addr
        self.socket.bind(addr)

    def connect(self, address: Any) -> None:
        """Start to connect; ``handle_connect()`` follows, from in here if it needs no waiting.

        Raises:
            OSError: it failed at once.
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
        """Return a connection and its address, or None where there is none after all."""
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
        """Send; return the number of bytes taken, 0 where the peer is gone.

        ``handle_close()`` has run then.
        """
        try:
            return self.socket.send(data)
        except OSError as error:
            if error.errno == EWOULDBLOCK:
                return 0
            if error.errno in surface()._DISCONNECTED:
                self.handle_close()
                return 0
            raise

    def recv(self, buffer_size: int) -> bytes:
        """Receive at most ``buffer_size`` bytes.

        ``b""`` means that the peer is gone and ``handle_close()`` has run.
        """
        try:
            data = self.socket.recv(buffer_size)
        except OSError as error:
            if error.errno in surface()._DISCONNECTED:
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
        """Accept, or take note of being connected, and read."""
        if self.accepting:
            self.handle_accept()
            return
        if not self.connected and self.connecting:
            self.handle_connect_event()
        self.handle_read()

    def handle_connect_event(self) -> None:
        """The connect has ended: well, or with the OSError that is raised."""
        code = socket_error(self)
        if code != 0:
            raise OSError(code, surface()._strerror(code))
        self.handle_connect()
        self.connected = True
        self.connecting = False

    def handle_write_event(self) -> None:
        """Take note of being connected, and write."""
        if self.accepting:
            return
        if not self.connected and self.connecting:
            self.handle_connect_event()
        self.handle_write()

    def handle_expt_event(self) -> None:
        """An error, which ends it, or urgent data."""
        if socket_error(self) != 0:
            self.handle_close()
        else:
            self.handle_expt()

    def handle_error(self) -> None:
        """An exception escaped from a handler: say so and end.  Called in the ``except`` block."""
        _, kind, error, way = surface().compact_traceback()
        try:
            name = repr(self)
        except:  # noqa: E722 - a repr of one's own can raise anything
            name = f"<__repr__(self) failed for object at {id(self):0x}>"
        self.log_info(
            f"uncaptured python exception, closing channel {name} ({kind}:{error} {way})", "error"
        )
        self.handle_close()

    def handle_expt(self) -> None:
        """Urgent data has come; override it."""
        self.log_info("unhandled incoming priority event", "warning")

    def handle_read(self) -> None:
        """Something can be read; override it."""
        self.log_info("unhandled read event", "warning")

    def handle_write(self) -> None:
        """Something can be written; override it."""
        self.log_info("unhandled write event", "warning")

    def handle_connect(self) -> None:
        """It is connected; override it."""
        self.log_info("unhandled connect event", "warning")

    def handle_accept(self) -> None:
        """A connection waits: accept it and hand it to ``handle_accepted()``."""
        pair = self.accept()
        if pair is not None:
            self.handle_accepted(*pair)

    def handle_accepted(self, sock: Socket, addr: Any) -> None:
        """A connection was accepted; override it."""
        sock.close()
        self.log_info("unhandled accepted event", "warning")

    def handle_close(self) -> None:
        """The peer is gone, or a handler failed."""
        self.log_info("unhandled close event", "warning")
        self.close()


def belongs_to_another(channel: dispatcher, entry: Any) -> bool:
    """Return whether ``entry``, under the channel's number, is a dispatcher of another socket."""
    if entry is channel or getattr(entry, "_fileno", None) != channel._fileno:
        return False
    return getattr(entry, "socket", None) is not getattr(channel, "socket", None)


def socket_error(channel: dispatcher) -> int:
    """Return the error number that the kernel keeps for the socket, 0 for none."""
    socket = surface().socket
    return channel.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
