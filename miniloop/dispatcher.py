"""A socket and its ``handle_*`` methods, under asyncore's names.

This file turns readiness into accepting, reading and writing.  Connecting is ``outgoing.py``'s
business, queues and parsing are ``chat.py``'s.
"""

import errno
import logging
from socket import (
    AF_INET,
    SO_ACCEPTCONN,
    SO_ERROR,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOCK_STREAM,
    SOL_SOCKET,
)
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import TYPE_CHECKING, Any

from miniloop.loop import EventLoop
from miniloop.net.accepting import BATCH, Accepting
from miniloop.outgoing import OutgoingChannel

if TYPE_CHECKING:
    import ssl

    from miniloop.net.tls import TlsChannel

logger = logging.getLogger("miniloop")

TLS_TIMEOUT = 30.0
"""Seconds for a TLS handshake: two round trips, on lines for which ``CONNECT_TIMEOUT`` is meant."""


class Dispatcher(OutgoingChannel):
    """A non-blocking socket; subclass it and override the ``handle_*`` methods.

    Args:
        loop: the loop that serves it.
        sock: a connected, listening or unconnected socket, which the dispatcher owns from now on;
            without one, call ``create_socket()``.

    Attributes:
        loop: the loop it is on.
        socket: the socket; using it before ``create_socket()`` or after ``close()`` raises
            RuntimeError.
        addr: the peer's address, or the one given to ``bind()``, ``connect()`` or ``connect_to()``.
        connected, connecting, accepting, closed: its state.
        error: the OSError that ended the connection, if one did.
    """

    _accepting: Accepting | None = None
    _tls: "TlsChannel | None" = None

    def __init__(self, loop: EventLoop, sock: Socket | None = None) -> None:
        """Take over ``sock``, if given."""
        super().__init__(loop)
        if sock is not None:
            self._learn_state(sock)
            self.set_socket(sock)

    def __repr__(self) -> str:
        """Show class, state and address."""
        states = ("closed", "accepting", "connecting", "connected")
        state = next((name for name in states if getattr(self, name)), "unconnected")
        kind = type(self)
        return f"<{kind.__module__}.{kind.__qualname__} {state} {self.addr!r} at {id(self):#x}>"

    # -- setting up ------------------------------------------------------------------------------

    def create_socket(self, family: int = AF_INET, type: int = SOCK_STREAM) -> None:
        """Make a socket of this family and type, and own it.

        Raises:
            RuntimeError: there is one already, or the dispatcher is closed.
            OSError: the system refused.
        """
        self.check_open("create_socket()")
        if self.socket:
            raise RuntimeError("create_socket(): there is a socket already; make a new dispatcher")
        sock = self.loop.new_socket(family, type)
        self._datagram = _kind(sock) == SOCK_DGRAM
        self.set_socket(sock)

    def set_reuse_addr(self) -> None:
        """Let a restarted server bind its port while old connections linger (SO_REUSEADDR)."""
        self.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)

    def bind(self, addr: Any) -> None:
        """Bind to ``addr``; OSError where that fails."""
        self.addr = addr
        self.socket.bind(addr)

    def listen(self, backlog: int = 1024) -> None:
        """Accept connections.

        Args:
            backlog: connections that may wait in the kernel; it cuts this to its own limit
                (``net.core.somaxconn``).
        """
        self.socket.listen(backlog)
        self._start_accepting(self.socket)
        self.interest_changed()

    def _learn_state(self, sock: Socket) -> None:
        """Find out what somebody else's socket is: connected, listening, or neither yet.

        An accepted connection that was reset since is "not connected" too, but has an error
        pending; it counts as connected, so that the first read finds its end.
        """
        self._datagram = _kind(sock) == SOCK_DGRAM
        try:
            self.addr = sock.getpeername()
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EINVAL):
                raise
            if sock.getsockopt(SOL_SOCKET, SO_ACCEPTCONN):
                self._start_accepting(sock)
            elif sock.getsockopt(SOL_SOCKET, SO_ERROR):
                self.connected = True
        else:
            self.connected = True

    def _start_accepting(self, sock: Socket) -> None:
        self.accepting = True
        self._accepting = Accepting(self.loop, sock, self._rest)
        self._update_plain_read()

    # -- TLS -------------------------------------------------------------------------------------

    def start_tls(
        self,
        context: "ssl.SSLContext",
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        timeout: float | None = TLS_TIMEOUT,
    ) -> None:
        """Protect the connection with TLS from here on; ``handle_secured()`` follows.

        What was pushed before this leaves in the clear, what is sent or pushed after it waits for
        the end of the handshake.  If that fails, ``handle_close()`` is called and ``error`` tells
        why.

        Args:
            context: certificates, protocols and whom to trust.
            server_side: we are the server of the handshake.
            server_hostname: the name that the server's certificate must show, and that it is told
                (SNI); a client's context demands it by default.
            timeout: seconds for the handshake; None waits as long as the peer likes.

        Raises:
            RuntimeError: not connected, closed, closing, or TLS already; or a client that has
                pushed something, which would leave unprotected.
            ValueError, ssl.SSLError: the arguments do not fit each other.
        """
        from miniloop.net.tls import TlsChannel  # ssl takes long to import: only who uses it pays

        self.check_open("start_tls()")
        if not self.connected or self._datagram or self._tls is not None:
            raise RuntimeError("start_tls() needs a connected stream without TLS: call it once, "
                               "a client in handle_connect()")  # fmt: skip
        if timeout is not None and not timeout > 0:
            raise ValueError(f"a time limit is a number of seconds above 0, not {timeout!r}")
        tls = TlsChannel(
            self, context, server_side=server_side, server_hostname=server_hostname,
            take_input=self._take_input, on_secured=self.handle_secured,
        )  # fmt: skip
        plain = self._leave_plain(server_side)
        if self._registration is not None:
            self._tls = tls
            tls.start(self._registration, plain, timeout)

    @property
    def tls(self) -> "ssl.SSLObject | None":
        """The TLS state: ``getpeercert()``, ``selected_alpn_protocol()`` ...; None without TLS."""
        return None if self._tls is None else self._tls.socket.ssl_object

    def handle_secured(self) -> None:
        """The TLS handshake has ended well: what is sent and received now is protected."""

    def _leave_plain(self, server_side: bool) -> bytes:
        """TLS begins: deliver nothing more, and return what is to leave in the clear before."""
        return b""

    def _take_input(self) -> bytes:
        """Return what was received and not delivered before TLS began."""
        return b""

    # -- events ----------------------------------------------------------------------------------

    def _update_plain_read(self) -> None:
        """READ means reading once connected, if nobody overrides what it means."""
        self.plain_read = (
            self._idle_limit is None
            and self._accepting is None
            and type(self).handle_read_event is Dispatcher.handle_read_event
        )

    def handle_read_event(self) -> None:
        """Handle READ: accept or read."""
        accepting = self._accepting
        if accepting is None:
            super().handle_read_event()
            return
        try:
            self.handle_accept()
        except Exception:
            logger.exception("exception while accepting on %r", self)
            if not self.closed:
                accepting.rest("an exception escaped from handle_accept()")

    def handle_stop(self) -> None:
        """A listener closes first."""
        if self.accepting:
            self.close()

    # -- accepting -------------------------------------------------------------------------------

    def accept(self) -> tuple[Socket, Any] | None:
        """Return the next connection and its address, or None when there is none now.

        Running out of descriptors or memory is said in the log once a minute, and it tries again
        on a timer.
        """
        if self._accepting is None:
            raise RuntimeError("accept(): call listen() first")
        return self._accepting.accept()

    def handle_accept(self) -> None:
        """Accept what waits, a bounded number in a pass, each handed to ``handle_accepted()``."""
        for _ in range(BATCH):
            pair = self.accept()
            if pair is None:
                return
            try:
                self.handle_accepted(*pair)
            except Exception:
                logger.exception("exception in handle_accepted() of %r", self)
                self.loop.forget(pair[0].fileno())
                pair[0].close()
            if not self.accepting or self._paused:
                return

    def handle_accepted(self, sock: Socket, addr: Any) -> None:
        """A connection: make a dispatcher of it.  By default it is closed with a warning."""
        logger.warning("unhandled connection from %r: override handle_accepted()", addr)
        sock.close()

    def _rest(self, resting: bool) -> None:
        """Look away from the listening socket for a while, or look again."""
        self._deaf = resting
        self.interest_changed()

    def close(self) -> None:
        """Leave the loop and close the socket; again is harmless.  Calls no handler."""
        super().close()
        self.accepting = False
        if self._accepting is not None:
            self._accepting.close()
            self._accepting = None


def _kind(sock: Socket) -> int:
    """Return ``sock.type``, where possible without making an enum of it, which costs 1 µs."""
    return super(Socket, sock).type if isinstance(sock, Socket) else sock.type
