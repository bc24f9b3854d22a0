"""A cache that speaks the simplest commands of memcached, with a timer."""

from __future__ import annotations

import math
import socket
import sys
import time
from collections.abc import Callable

from miniloop import AsyncChat, Dispatcher, EventLoop

store: dict[bytes, tuple[float, bytes, bytes]] = {}  # key: time of expiry, flags, value
clients: set[Client] = set()


class Client(AsyncChat):
    """One connection."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.received: list[bytes] = []
        self.request: list[bytes] = []
        self.set_terminator(b"\r\n")

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a request, or of a value."""
        self.received.append(data)

    def found_terminator(self) -> None:
        """The request is complete, or the value that it announced."""
        data, self.received = b"".join(self.received), []
        if self.get_terminator() is None:  # so many bytes have come
            self.set_terminator(b"\r\n")
            self.attempt(self.keep, data[:-2])
        else:
            self.request = data.split()
            self.attempt(self.answer, *self.request)

    def attempt(self, step: Callable[..., None], *args: bytes) -> None:
        """Whatever is wrong with the request, the client gets an answer."""
        try:
            step(*args)
        except Exception:
            self.push(b"ERROR\r\n")

    def answer(self, command: bytes, *words: bytes) -> None:
        """Do what was requested."""
        if command == b"get":
            if words[0] in store:
                _, flags, value = store[words[0]]
                self.push(b"VALUE %b %b %d\r\n%b\r\n" % (words[0], flags, len(value), value))
            self.push(b"END\r\n")
        elif command == b"set":
            self.set_terminator(int(words[3]) + 2)
        elif command == b"stats":
            numbers = len(clients), len(store)
            self.push(b"STAT curr_connections %d\r\nSTAT curr_items %d\r\nEND\r\n" % numbers)
        elif command == b"quit":
            self.close_when_done()
        else:
            raise ValueError(command)

    def keep(self, value: bytes) -> None:
        """The value of a set has come."""
        _, key, flags, seconds, _ = self.request
        expires = time.time() + int(seconds) if int(seconds) else math.inf
        store[key] = expires, flags, value
        self.push(b"STORED\r\n")

    def handle_close(self) -> None:
        """The client is gone."""
        clients.discard(self)


class Server(Dispatcher):
    """Makes a client of every connection."""

    def __init__(self, loop: EventLoop, port: int) -> None:
        super().__init__(loop)
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.bind(("127.0.0.1", port))
        self.listen(100)
        print(f"serving on port {self.socket.getsockname()[1]}")

    def handle_accepted(self, sock: socket.socket, addr: object) -> None:
        """Welcome a client."""
        print(f"connection from {addr}")
        clients.add(Client(self.loop, sock))


def sweep(loop: EventLoop) -> None:
    """Forget what has expired, once a second."""
    loop.call_later(1, sweep, loop)
    for key in [key for key, (expires, _, _) in store.items() if expires <= time.time()]:
        del store[key]


if __name__ == "__main__":
    with EventLoop() as loop:
        Server(loop, int(sys.argv[1]))
        sweep(loop)
        loop.run()
