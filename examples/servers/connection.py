"""A client, as `select`, `poll` and `epoll` share it: they wait by hand.

Rule of this file: non-blocking calls on one socket.  How to find out which socket is ready is what
the three differ in.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

from examples.servers import common

_spare = [os.open(os.devnull, os.O_RDONLY)]  # a descriptor for the moment when there is none left


class Connection:
    """One client.

    It waits either for something to read or, while something is left to send, for room to write.
    So a client that never reads is not read from either, and what it costs is bounded.

    Attributes:
        unsent: what the kernel had no room for.
        closed: it is over: forget it.
    """

    def __init__(self, sock: socket.socket, address: Any) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.address = address
        self.partial = b""
        self.unsent = b""
        self.closed = False
        common.welcome(sock, address)

    def fileno(self) -> int:
        """Return the descriptor's number, by which select() and its like know it."""
        return self.sock.fileno()

    def receive(self) -> None:
        """Read once, and send the complete lines back."""
        try:
            data = self.sock.recv(common.CHUNK)
        except BlockingIOError:
            return
        except OSError:  # reset
            data = b""
        if not data:
            self.close()
            return
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            common.received(self.address, line)
        if len(self.partial) > common.LONGEST_LINE:
            common.too_long(self.address)
            self.close()
        elif lines:
            self.unsent = b"\n".join([*lines, b""])
            self.send()

    def send(self) -> None:
        """Send what the kernel has room for."""
        try:
            sent = self.sock.send(self.unsent)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self.unsent = self.unsent[sent:]

    def close(self) -> None:
        """It is over."""
        self.closed = True
        self.sock.close()
        common.disconnected(self.address)


def listen(port: int) -> socket.socket:
    """Return a listening socket that does not block."""
    listener = socket.create_server((common.HOST, port), backlog=common.BACKLOG)
    listener.setblocking(False)
    common.serving(listener.getsockname())
    return listener


def accept(listener: socket.socket) -> Iterator[Connection]:
    """Accept every connection that waits."""
    while True:
        try:
            sock, address = listener.accept()
        except BlockingIOError:
            return
        except ConnectionAbortedError:
            continue
        except OSError as error:  # out of descriptors
            refuse(listener, error)
            return
        yield Connection(sock, address)


def refuse(listener: socket.socket, error: OSError) -> None:
    """Turn one connection away: it would make the listener ready for ever."""
    common.say(f"Cannot accept a connection: {error.strerror}")
    os.close(_spare.pop())
    with contextlib.suppress(OSError):
        listener.accept()[0].close()
    _spare.append(os.open(os.devnull, os.O_RDONLY))
