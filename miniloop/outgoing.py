"""A socket on its way to a peer, to an address or by name, until it is connected.

How a connect is made is ``connecting.py``'s and ``connecting_by_name.py``'s matter; here is what it
means for the channel.
"""

import logging
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import Any

from miniloop.net.connecting import Connecting
from miniloop.net.connecting_by_name import ConnectingByName
from miniloop.sockets import SocketChannel

logger = logging.getLogger("miniloop")

CONNECT_TIMEOUT = 30.0
"""Seconds: longer than any healthy handshake with its retransmissions at 1, 3, 7 and 15."""


class OutgoingChannel(SocketChannel):
    """A socket channel that can connect.

    Attributes:
        addr: the peer's address, or the one given to ``bind()``, ``connect()`` or
            ``connect_to()``.
    """

    addr: Any = None
    _connecting: Connecting | None = None
    _by_name: ConnectingByName | None = None

    def connect(self, addr: Any, timeout: float | None = CONNECT_TIMEOUT) -> None:
        """Connect to ``addr``; ``handle_connect()`` or ``handle_connect_error()`` follows.

        Args:
            addr: in the form of the socket's family; a host name blocks while it is resolved, so
                give names to ``connect_to()``.
            timeout: seconds for the whole attempt; None leaves it to the kernel.

        Raises:
            RuntimeError: connected, connecting or closed already, or without a socket.
        """
        self._check_unused("connect()")
        self._begin_connect(addr, timeout)

    def _begin_connect(self, addr: Any, timeout: float | None) -> None:
        self.addr = addr
        self._connecting = Connecting(
            self.loop, self.socket, addr, timeout, self._connect_started, self._connect_failed
        )
        self.connecting = True

    def connect_to(self, host: str, port: int, timeout: float | None = CONNECT_TIMEOUT) -> None:
        """Connect to a host by name; ``handle_connect()`` or ``handle_connect_error()`` follows.

        The name is looked up on another thread.  Its addresses are tried as RFC 8305 says: IPv6
        and IPv4 in turns, 250 ms apart, and the first that answers wins.  This makes its own
        socket, so there is no ``create_socket()`` before it.  ``addr`` is ``(host, port)`` at
        first, and the peer's address once there is a connection.

        Args:
            host: a name, or a numeric address, which is not looked up.
            port: a number from 1 to 65535.
            timeout: seconds for the look-up and all attempts; None sets no limit.

        Raises:
            RuntimeError: connected, connecting or closed already, or there is a socket.
            TypeError: ``host`` is not a str, or ``port`` not an int.
            ValueError: ``host`` is empty, or ``port`` out of range.
        """
        self._check_unused("connect_to()")
        if self.socket:
            raise RuntimeError("connect_to() makes its own socket: leave out create_socket()")
        self._by_name = ConnectingByName(
            self, host, port, timeout, self._take_over, self._connect_failed
        )
        self.addr = (host, port)
        self.connecting = True

    def _check_unused(self, what: str) -> None:
        self.check_open(what)
        if self.connected or self.connecting or self.accepting:
            raise RuntimeError(f"{what}: {self!r} is in use; make a new dispatcher")

    def handle_connect(self) -> None:
        """The connection is there."""

    def handle_connect_error(self, error: OSError) -> None:
        """The connect failed, or took too long (TimeoutError); the channel is closed after this."""
        logger.warning("cannot connect to %r: %s", self.addr, error)

    def handle_write_event(self) -> None:
        """Handle WRITE: connected, or room again."""
        if self._connecting is None:
            super().handle_write_event()
        elif self._connecting.finished():
            self._connecting = None
            self._blocked = False
            self.connecting, self.connected = False, True
            self.interest_changed()
            self.handle_connect()

    def _connect_started(self) -> None:
        """The kernel is at it: WRITE will tell the outcome."""
        self._blocked = True
        self.interest_changed()

    def _take_over(self, sock: Socket, addr: Any) -> None:
        """Own the socket that a connect by name has won."""
        self._by_name = None
        self.connecting = False
        self._guarded(self._connect_again, sock, addr)

    def _connect_again(self, sock: Socket, addr: Any) -> None:
        """Connect a connected socket: the kernel agrees, and all goes on as after any connect."""
        self.set_socket(sock)
        self._begin_connect(addr, None)

    def _connect_failed(self, error: OSError) -> None:
        """Report a failed connect through its one handler."""
        self.error = error
        try:
            self._guarded(self.handle_connect_error, error)
        finally:
            self.close()

    def close(self) -> None:
        """Leave the loop and close the socket; again is harmless.  Calls no handler."""
        super().close()
        if self.connecting:
            self._give_up()

    def _give_up(self) -> None:
        self.connecting = False
        if self._connecting is not None:
            self._connecting.close()
            self._connecting = None
        if self._by_name is not None:
            self._by_name.cancel()
            self._by_name = None
