"""A socket and its ``handle_*`` methods, under asyncore's names.

This file turns readiness into accepting, connecting, reading and writing, and notices that the peer
is gone.  How a connect, a TLS handshake and a refused ``accept()`` go on is in ``net/``.
"""

from __future__ import annotations

import errno
import logging
import socket as sockets
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name

from miniloop import state
from miniloop.channel import BaseChannel, without_frames
from miniloop.loop import EventLoop
from miniloop.readiness import HANGUP, READ, WRITE, Channel, announced
from miniloop.state import LISTENING, OPEN, NoSocket, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from miniloop.net.accepting import Accepting
    from miniloop.net.connecting import Connecting

logger = logging.getLogger("miniloop")

_OUTPUT_CLOSED, _REASONS, _END_KNOWN = Output.CLOSED, state.REASONS, state.EOF | state.HANGUP_SEEN
CHUNK = 65536  # bytes received at once; from 128 KiB on, malloc maps and unmaps every buffer
CONNECT_TIMEOUT = 30.0  # seconds: a healthy connect ends earlier, retransmissions at 1, 3, 7 and 15
TLS_TIMEOUT = 30.0  # seconds: two round trips, on lines for which CONNECT_TIMEOUT is meant
NO_SOCKET: Any = NoSocket("there is no socket yet: call create_socket(), or pass one")
CLOSED_SOCKET: Any = NoSocket("closed: check .closed, or forget the dispatcher in handle_close()")


class Dispatcher(BaseChannel):
    """A non-blocking socket; subclass it and override the ``handle_*`` methods.

    Args:
        loop: the loop that serves it.
        sock: a connected, listening or fresh socket, which the dispatcher owns from now on;
            without one, call ``create_socket()`` or ``connect_to()``.

    Attributes:
        socket: the socket; using it before there is one, or after ``close()``, raises RuntimeError.
        addr: the peer's address, or the one given to ``bind()``, ``connect()`` or ``connect_to()``.
        close_timeout: seconds, above 0, in which the peer must take some of the last output, after
            ``close_when_done()`` or its own end; else this aborts (TimeoutError).  None sets no
            limit; the default is that of nginx's ``send_timeout``.
    """

    addr: Any = None
    close_timeout: float | None = 60.0
    _datagram_ = False
    _accepting_: Accepting | None = None
    _connecting_: Connecting | None = None

    def __init__(self, loop: EventLoop, sock: Socket | None = None) -> None:
        super().__init__(loop)
        self.socket: Socket = NO_SOCKET
        if sock is not None:
            self._adopt_(sock)
            if self.closed:  # by handle_socket()
                sock.close()
            else:
                self.set_socket(sock)

    def __repr__(self) -> str:
        kind, life = type(self), self._life_.name.lower()
        return f"<{kind.__module__}.{kind.__qualname__} {life} {self.addr!r} at {id(self):#x}>"

    def create_socket(self, family: int = sockets.AF_INET, type: int = sockets.SOCK_STREAM) -> None:
        """Make a socket and own it.  RuntimeError: there is one already, or this is closed."""
        self.check_open("create_socket()")
        if self.socket:
            raise RuntimeError("create_socket(): there is a socket already; make a new dispatcher")
        self.set_socket(self.loop.new_socket(family, type))

    def _adopt_(self, sock: Socket) -> None:
        """Find out what a given socket is; one that ``accept()`` just returned is connected."""
        if self.loop.accepted is not None and self.loop.accepted[0] is sock:
            life, self.addr = OPEN, self.loop.accepted[1]
        else:
            from miniloop.net.adopting import state_of

            life, self.addr = state_of(sock)
        if life is LISTENING:
            self._start_accepting_(sock)
        elif life is OPEN:
            self._take_over_(sock)

    def _take_over_(self, sock: Socket) -> None:
        self._move_(OPEN)
        if _type_of(sock) == sockets.SOCK_STREAM:
            self.handle_socket(sock)

    def handle_socket(self, sock: Socket) -> None:
        """A stream is connected: set options of ``sock``; a given one is here in the constructor.

        By default small pieces are sent at once on TCP (TCP_NODELAY).  An override may close this.
        """
        from miniloop.net.options import send_at_once

        send_at_once(sock)

    def set_socket(self, sock: Socket) -> None:
        """Own ``sock`` and have the loop serve it."""
        sock.setblocking(False)
        self.socket = sock
        self._datagram_ = _type_of(sock) == sockets.SOCK_DGRAM
        self._attach_()

    def set_reuse_addr(self) -> None:
        """Let a restarted server bind its port while old connections linger (SO_REUSEADDR)."""
        self.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)

    def bind(self, addr: Any) -> None:
        """Bind to ``addr``.  OSError, which names it: taken, or not this machine's."""
        self.addr = addr
        try:
            self.socket.bind(addr)
        except OSError as error:
            error.filename = addr
            raise

    def listen(self, backlog: int = 1024) -> None:
        """Accept connections; at most ``backlog`` wait in the kernel, or fewer by its own limit."""
        self.socket.listen(backlog)
        self._start_accepting_(self.socket)
        self.interest_changed()

    def fileno(self) -> int:
        """Return the socket's descriptor number, -1 without one."""
        return self.socket.fileno()

    @announced
    def readable(self) -> bool:
        """Return whether READ events are wanted: input is possible, and no reason holds it."""
        return not self._hold_ & _REASONS and (self.connected or self.accepting or self._datagram_)

    def interest(self) -> int:
        """Return the wanted readiness bits.

        What the channel's own state forbids or demands (a connect under way, a hold, output cut
        short) comes before the predicates, which may be overridden.
        """
        if self._connecting_ is not None:
            return WRITE if self._connecting_.started else 0
        if not self._hold_ & _REASONS and self.readable():
            wanted = READ | self._urgent_
        else:
            wanted = HANGUP if self.connected and not self._hold_ & _END_KNOWN else 0
        return wanted | WRITE if self._blocked_ or self.writable() else wanted

    def _update_plain_read_(self) -> None:
        overridden = type(self).handle_read_event is not Dispatcher.handle_read_event
        self.plain_read = not (overridden or self.accepting or self._limits_)

    def _start_accepting_(self, sock: Socket) -> None:
        from miniloop.net.accepting import Accepting

        if not self.accepting:
            self._move_(LISTENING)
        self._accepting_ = Accepting(self, sock)
        self._update_plain_read_()

    def handle_read_event(self) -> None:
        """Handle READ: accept or read."""
        if self._accepting_ is None:
            super().handle_read_event()
        else:
            self._accepting_.handle_read()

    def accept(self) -> tuple[Socket, Any] | None:
        """Return the next connection and its address, or None when there is none now."""
        if self._accepting_ is None:
            raise RuntimeError("accept(): call listen() first")
        return self._accepting_.accept()

    def handle_accept(self) -> None:
        """Connections wait: accept some of them, each for ``handle_accepted()``."""
        if self._accepting_ is not None:
            self._accepting_.accept_batch()

    def handle_accepted(self, sock: Socket, addr: Any) -> None:
        """A connection: make a dispatcher of it.  By default it is closed with a warning."""
        logger.warning("unhandled connection from %r: override handle_accepted()", addr)
        sock.close()

    def handle_stop(self) -> None:
        """A listener closes first."""
        if self.accepting:
            self.close()

    def connect(self, addr: Any, timeout: float | None = CONNECT_TIMEOUT) -> None:
        """Connect to ``addr``; ``handle_connect()`` or ``handle_connect_error()`` follows.

        A host name blocks while it is resolved: give names to ``connect_to()``.  ``timeout`` is in
        seconds; None leaves it to the kernel.  RuntimeError: in use, closed, or without a socket.
        """
        from miniloop.net.connecting import connect

        connect(self, addr, timeout)

    def connect_to(self, host: str, port: int, timeout: float | None = CONNECT_TIMEOUT) -> None:
        """Connect to a host by name; ``handle_connect()`` or ``handle_connect_error()`` follows.

        The name is looked up on another thread, and its addresses are tried as RFC 8305 says, on a
        socket that this makes.  ``timeout``: seconds for all of it; None sets no limit.  Raises as
        ``connect()``; TypeError or ValueError: ``host`` or ``port`` (1 to 65535) make no sense.
        """
        from miniloop.net.connecting_by_name import connect_to

        connect_to(self, host, port, timeout)

    def _connected_(self) -> None:
        self._connecting_ = None
        self._take_over_(self.socket)
        self.interest_changed()
        if not self.closed:  # by handle_socket()
            self.handle_connect()

    def _connect_failed_(self, error: OSError) -> None:
        self.error = without_frames(error)
        self._guarded_(self.end)

    def handle_connect(self) -> None:
        """The connection is there."""

    def handle_connect_error(self, error: OSError) -> None:
        """The connect failed, or took too long (TimeoutError); the channel is closed after this."""
        logger.warning("cannot connect to %r: %s", self.addr, error)

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool = False,
        server_hostname: str | None = None, timeout: float | None = TLS_TIMEOUT,
    ) -> None:  # fmt: skip
        """Protect the connection with TLS from here on; ``handle_secured()`` follows.

        What was pushed before this leaves in the clear, what is pushed after it waits for the
        handshake.  If that fails, ``handle_close()`` is called with ``error`` set.  The arguments
        are those of ``ssl.SSLContext.wrap_bio()``; ``timeout``: seconds for the handshake, or None.
        RuntimeError: not connected, closing, TLS already, a client that has pushed something, or
        a producer waits.
        """
        from miniloop.net.tls import start_tls

        start_tls(self, context, server_side, server_hostname, timeout)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS state: ``getpeercert()``, ``selected_alpn_protocol()`` ...; None without TLS."""
        return getattr(self.socket, "ssl_object", None) if self.socket else None

    def handle_secured(self) -> None:
        """The TLS handshake has ended well: what is sent and received now is protected."""

    def recv(self, size: int = CHUNK) -> bytes:
        """Receive at most ``size`` bytes.  RuntimeError: no socket, or closed.

        Returns ``b""`` when there is nothing now, or when the peer has finished (``handle_eof()``
        has run) or failed (``handle_close()`` has run).
        """
        try:
            data = self.socket.recv(size)
        except OSError as error:
            return self._not_received_(error)
        if not data and not self._datagram_:
            if size <= 0:
                raise ValueError(f"recv() needs a number of bytes above 0, not {size}")
            self._peer_finished_()
        return data

    def _not_received_(self, error: OSError) -> bytes:
        if not isinstance(error, BlockingIOError):
            self._lost_(error)
        return b""

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Send now; ``handle_write()`` is called when there is room for what did not fit.

        Returns how many bytes were taken, 0 without room or peer.  Raises as ``recv()``; TypeError.
        """
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except TypeError as error:
            raise TypeError(f"send() takes bytes ({error}): encode text first") from None
        except OSError as error:
            self._lost_(error)
            return 0
        if sent and self._limits_:
            self._note_traffic_()
        if sent < len(data):
            self._wait_for_room_()
        return sent

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any) -> int:
        """Send one datagram; return its size, or 0: there is no room, or no way to the peer."""
        try:
            sent = self.socket.sendto(data, addr)
            self._note_traffic_()
            return sent
        except BlockingIOError:
            self._wait_for_room_()
        except OSError as error:
            self._lost_(error)
        return 0

    def recvfrom(self, size: int = CHUNK) -> tuple[bytes, Any]:
        """Receive one datagram and its sender's address; ``(b"", None)`` when there is none."""
        try:
            return self.socket.recvfrom(size)
        except OSError as error:
            return self._not_received_(error), None

    def handle_write_event(self) -> None:
        """Handle WRITE: the connect has ended, or there is room again."""
        if self._connecting_ is not None:
            self._connecting_.handle_write()
            return
        self._blocked_ = False
        self.interest_changed()
        self.handle_write()

    def close_write(self) -> None:
        """Half-close: tell the peer that nothing more will come (SHUT_WR).  Reading goes on."""
        self.check_open("close_write()")
        if self._output_ is Output.SHUT:
            return  # once the peer has finished too, the kernel would call it an error
        try:
            self.socket.shutdown(sockets.SHUT_WR)
            self._set_output_(Output.SHUT)
        except OSError as error:
            self._lost_(error)

    def handle_hangup_event(self) -> None:
        """Handle HANGUP while reading is held: the peer has finished."""
        from miniloop.net.hangup import notice

        notice(self)

    def _has_undelivered_(self) -> bool:
        return False

    def _lost_(self, error: OSError) -> None:
        """End the connection.  A datagram socket goes on; misuse without a peer is raised."""
        if self._datagram_:
            from miniloop.net.datagrams import lost

            lost(self, error)
            return
        if not self.connected:
            raise error
        logger.debug("%r: %s", self, error)
        self.error = without_frames(error)
        self.end()

    def _report_end_(self) -> None:
        if self.connecting:  # whatever ended the attempt
            given_up = ConnectionAbortedError(errno.ECONNABORTED, "ended before it was connected")
            self.handle_connect_error(self.error if isinstance(self.error, OSError) else given_up)
        else:
            self.handle_close()

    def evict(self, newcomer: Channel) -> None:
        """Forget the socket without closing the descriptor, unless the newcomer shares it."""
        if getattr(newcomer, "socket", None) is not self.socket:
            self.socket.detach()
        self.socket = CLOSED_SOCKET
        super().evict(newcomer)

    def close(self) -> None:
        """Leave the loop and close the socket; again is harmless.  Calls no handler."""
        super().close()
        self._set_output_(_OUTPUT_CLOSED)
        work = self._accepting_ or self._connecting_
        if work is not None:
            self._accepting_ = self._connecting_ = None
            work.close()
        sock, self.socket = self.socket, CLOSED_SOCKET
        if sock:
            sock.close()


def _type_of(sock: Socket) -> int:
    """Return ``sock.type``, if possible without making an enum of it, which costs 1 µs."""
    return super(Socket, sock).type if isinstance(sock, Socket) else sock.type
