"""The yardstick: what a competent person writes with `select.epoll` and no framework.

It is meant to be fast and right, not short: partial sends, EAGAIN and resets are dealt with, the
answers to one receive are joined and sent at once. The members of a room get the lines of one
receive joined, each by one send, at once and without a queue: with one speaker there is nothing
else to join in a pass. The common path stands in one function, since that is what someone writing
for speed would do; the rare ones are functions of their own.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from select import EPOLLIN, EPOLLOUT

from . import READ_SIZE


class Connection:
    """One client: its socket, the line it has not finished, the bytes it has not taken."""

    __slots__ = ("partial", "server", "sock", "unsent")

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.partial = b""
        self.unsent = b""

    def send(self, data: bytes) -> None:
        """Send now what the kernel takes, and the rest when it says that there is room."""
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.server.drop(self)
            return
        if sent < len(data):
            self.unsent = data[sent:]
            self.server.epoll.modify(self.sock.fileno(), EPOLLIN | EPOLLOUT)

    def flush(self) -> None:
        """Send what was left over; stop asking for room when that was all."""
        data, self.unsent = self.unsent, b""
        self.send(data)
        if not self.unsent and self.sock.fileno() >= 0:
            self.server.epoll.modify(self.sock.fileno(), EPOLLIN)


Answer = Callable[[Connection, bytes], bytes]


class Server:
    """One epoll loop. `answer` turns what was received into what goes back at once."""

    def __init__(self, listener: socket.socket, answer: Answer) -> None:
        self.listener = listener
        self.answer = answer
        self.epoll = select.epoll()
        self.connections: dict[int, Connection] = {}

    def run(self) -> None:
        listening = self.listener.fileno()
        self.epoll.register(listening, EPOLLIN)
        poll, connections, answer = self.epoll.poll, self.connections, self.answer
        while True:
            for fd, events in poll():
                if fd == listening:
                    self.accept()
                    continue
                connection = connections.get(fd)
                if connection is None:  # dropped earlier in this batch
                    continue
                if events & EPOLLOUT:
                    connection.flush()
                if not events & ~EPOLLOUT:
                    continue
                try:
                    data = connection.sock.recv(READ_SIZE)
                except BlockingIOError:
                    continue
                except OSError:
                    data = b""
                if not data:
                    self.drop(connection)
                    continue
                reply = answer(connection, data)
                if reply:
                    connection.send(reply)

    def accept(self) -> None:
        """Take every connection that waits."""
        while True:
            try:
                sock, _ = self.listener.accept()
            except ConnectionAbortedError:
                continue
            except (
                OSError
            ):  # no connection waits any more, or no descriptor is left: the next poll tells
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            fd = sock.fileno()
            self.connections[fd] = Connection(self, sock)
            self.epoll.register(fd, EPOLLIN)

    def drop(self, connection: Connection) -> None:
        """Forget a connection. Closing the descriptor also takes it out of the epoll set."""
        if self.connections.pop(connection.sock.fileno(), None) is not None:
            connection.sock.close()


def echo(connection: Connection, data: bytes) -> bytes:
    """Give back what came."""
    return data


def lines(connection: Connection, data: bytes) -> bytes:
    """Split into lines, answer each, join the answers."""
    complete = (connection.partial + data).split(b"\n")
    connection.partial = complete.pop()
    return b"".join([line + b"\n" for line in complete])


def fanout(connection: Connection, data: bytes) -> bytes:
    """Send the lines of this receive to every connection, joined; nothing is left to answer."""
    text = lines(connection, data)
    if text:
        for member in list(connection.server.connections.values()):
            member.send(text)
    return b""


KINDS: dict[str, Answer] = {"echo": echo, "lines": lines, "fanout": fanout}


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever."""
    Server(listener, KINDS[kind]).run()
