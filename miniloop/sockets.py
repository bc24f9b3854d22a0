"""A channel that owns a socket: sending, receiving, and losing the peer.

What the socket is for, a connection, a listener or a connect under way, is ``dispatcher.py``'s
matter.
"""

import errno
import logging
from socket import MSG_PEEK, SHUT_WR
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import Any

from miniloop.channel import BaseChannel
from miniloop.net.no_socket import CLOSED, NO_SOCKET
from miniloop.readiness import HANGUP, READ, WRITE, Channel, announced

logger = logging.getLogger("miniloop")

CHUNK = 65536
"""Bytes received at once.  From 128 KiB on, malloc maps and unmaps every buffer: 3 times slower."""


class SocketChannel(BaseChannel):
    """Owns a non-blocking socket.

    Attributes:
        socket: the socket; using it before there is one, or after ``close()``, raises RuntimeError
            with a sentence that says what to do.
        connected: there is a peer.
        error: the OSError that ended the connection, if one did.
    """

    socket: Socket = NO_SOCKET
    connected = False
    connecting = False
    accepting = False
    error: OSError | None = None
    _datagram = False
    _blocked = False  # output waits for WRITE
    _deaf = False  # input is not wanted now, for a reason other than pause_reading()
    _hangup_seen = False
    _write_shut = False

    def set_socket(self, sock: Socket) -> None:
        """Own ``sock`` and have the loop serve it."""
        sock.setblocking(False)
        self.socket = sock
        self._attach()

    def fileno(self) -> int:
        """Return the socket's descriptor number, -1 without one."""
        return self.socket.fileno()

    @announced
    def readable(self) -> bool:
        """Return whether READ events are wanted: somebody can be heard, and we listen."""
        heard = self.connected or self.accepting or self._datagram
        return heard and not (self._paused or self._deaf)

    @announced
    def writable(self) -> bool:
        """Return whether WRITE events are wanted: a send was cut short, or a connect goes on."""
        return self._blocked

    def interest(self) -> int:
        """Return the wanted readiness bits; HANGUP only with a peer whose reading is paused.

        The predicates say what the program wants, and may be overridden.  What the channel's own
        state forbids or demands comes first: a connect under way, a pause, output cut short.
        """
        if self.connecting:
            return WRITE if self._blocked else 0
        if not (self._paused or self._deaf) and self.readable():
            wanted = READ | self._urgent
        else:
            wanted = HANGUP if self.connected and not self._hangup_seen else 0
        return wanted | WRITE if self._blocked or self.writable() else wanted

    def resume_reading(self) -> None:
        """Read again; a later pause looks for the peer's end anew."""
        super().resume_reading()
        self._hangup_seen = False

    # -- sending and receiving -------------------------------------------------------------------

    def recv(self, size: int = CHUNK) -> bytes:
        """Receive at most ``size`` bytes.

        Returns:
            The bytes; ``b""`` when there is nothing now, or when the peer has finished
            (``handle_eof()`` has run) or failed (``handle_close()`` has run).

        Raises:
            RuntimeError: no socket, or closed.
            ValueError: ``size`` is not positive.
        """
        try:
            data = self.socket.recv(size)
        except BlockingIOError:
            return b""
        except OSError as error:
            self._lost(error)
            return b""
        if not data and not self._datagram:
            if size <= 0:
                raise ValueError(f"recv() needs a number of bytes above 0, not {size}")
            self.handle_eof()
        return data

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Send now; ``handle_write()`` is called when there is room for what did not fit.

        Returns:
            The number of bytes that were taken, 0 when there is no room now or the peer is gone.

        Raises:
            RuntimeError: no socket, or closed.
            TypeError: ``data`` is not bytes.
        """
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except TypeError as error:
            raise TypeError(f"send() takes bytes ({error}): encode text first") from None
        except OSError as error:
            self._lost(error)
            return 0
        if sent < len(data):
            self._blocked = True
            self.interest_changed()
        return sent

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any) -> int:
        """Send one datagram; returns its size, or 0 when there is no room or no way to the peer."""
        try:
            return self.socket.sendto(data, addr)
        except BlockingIOError:
            self._blocked = True
            self.interest_changed()
        except OSError as error:
            self._datagram_lost(error)
        return 0

    def recvfrom(self, size: int = CHUNK) -> tuple[bytes, Any]:
        """Receive one datagram and its sender's address; ``(b"", None)`` when there is none."""
        try:
            data, addr = self.socket.recvfrom(size)
        except BlockingIOError:
            return b"", None
        except OSError as error:
            self._datagram_lost(error)
            return b"", None
        return data, addr

    def close_write(self) -> None:
        """Half-close: tell the peer that nothing more will come (SHUT_WR).  Reading goes on."""
        self.check_open("close_write()")
        self._shut_write()

    def _shut_write(self) -> None:
        if self._write_shut:
            return  # again: once the peer has finished too, the kernel would call it an error
        self._write_shut = True
        try:
            self.socket.shutdown(SHUT_WR)
        except OSError as error:
            self._lost(error)

    def _lost(self, error: OSError) -> None:
        """The connection is over.  A datagram socket goes on; an unconnected one was misused."""
        if self._datagram:
            self._datagram_lost(error)
            return
        if not self.connected:
            raise error
        logger.debug("%r: %s", self, error)
        self.error = error
        self.end()

    def _datagram_lost(self, error: OSError) -> None:
        """A peer cannot be reached: no reason to stop serving the others.  Misuse is raised."""
        unreachable = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET)
        if error.errno not in unreachable:
            raise error
        logger.debug("%r: %s", self, error)

    # -- events ----------------------------------------------------------------------------------

    def handle_write_event(self) -> None:
        """There is room again."""
        self._blocked = False
        self.interest_changed()
        self.handle_write()

    def handle_hangup_event(self) -> None:
        """The peer of a paused channel has finished; end only when nothing is left to read.

        Unread data stays in the kernel until reading is resumed, and so does the end behind it.
        """
        try:
            unread = self.socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
            return
        self._hangup_seen = True  # told once: an override of handle_eof() may stay open
        self.interest_changed()
        if not unread:
            self.handle_eof()

    def handle_eof(self) -> None:
        """The peer will send no more.  By default that is the end of the connection."""
        self.end()

    def evict(self, newcomer: Channel) -> None:
        """Forget the socket without closing the descriptor, unless the newcomer shares it."""
        if getattr(newcomer, "socket", None) is not self.socket:
            self.socket.detach()
        self.socket = CLOSED
        super().evict(newcomer)

    def close(self) -> None:
        """Leave the loop and close the socket; again is harmless.  Calls no handler."""
        super().close()
        self.connected = False
        sock, self.socket = self.socket, CLOSED
        if sock:
            sock.close()
