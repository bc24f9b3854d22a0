"""A cache that speaks the simplest commands of memcached, at home on miniloop."""

from __future__ import annotations

import argparse
import logging
import math
import socket
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from miniloop import AsyncChat, EventLoop, Listener

LARGEST_VALUE = 65536
LONGEST_LIFE = 10**9  # seconds: 30 years

logger = logging.getLogger("cache")


class Entry(NamedTuple):
    """What is kept under a key."""

    expires: float
    flags: bytes
    value: bytes


def cost(key: bytes, entry: Entry) -> int:
    """Return the bytes of memory that an entry takes, roughly."""
    return 300 + len(key) + len(entry.value)


class Cache:
    """Entries by key, in bounded memory.  No sockets here, and the clock comes from outside."""

    def __init__(self, clock: Callable[[], float], limit: int = 64 << 20) -> None:
        self.clock = clock
        self.room = limit
        self.entries: dict[bytes, Entry] = {}

    def get(self, key: bytes) -> Entry | None:
        """Return what is kept under a key, unless it has expired."""
        entry = self.entries.get(key)
        return entry if entry is not None and entry.expires > self.clock() else None

    def set(self, key: bytes, entry: Entry) -> None:
        """Keep an entry; the oldest ones make room for it."""
        self.delete(key)
        self.entries[key] = entry
        self.room -= cost(key, entry)
        while self.room < 0:
            self.delete(next(iter(self.entries)))

    def delete(self, key: bytes) -> None:
        """Keep nothing under this key."""
        if key in self.entries:
            self.room += cost(key, self.entries.pop(key))

    def sweep(self) -> None:
        """Forget what has expired."""
        now = self.clock()
        for key in [key for key, entry in self.entries.items() if entry.expires <= now]:
            self.delete(key)


class Client(AsyncChat):
    """One connection."""

    max_input = 512  # the longest request
    max_output = 1 << 20  # a client with that much queued does not read at all

    def __init__(
        self, loop: EventLoop, sock: socket.socket, cache: Cache, clients: set[Client]
    ) -> None:
        super().__init__(loop, sock)
        self.cache = cache
        self.clients = clients
        self.parts: list[bytes] = []
        self.awaited: tuple[bytes, float, bytes] | None = None  # key, expiry and flags of a value
        self.set_terminator(b"\r\n")
        self.set_idle_timeout(600)
        clients.add(self)
        logger.info("connection from %s", self.addr)

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a request, or of a value."""
        self.parts.append(data)

    def found_terminator(self) -> None:
        """The request is complete, or the value that it announced."""
        data = b"".join(self.parts)
        self.parts.clear()
        if self.awaited is None:
            self.take_request(data)
        else:
            self.take_value(data[:-2], *self.awaited)

    def take_request(self, line: bytes) -> None:
        """Do what is requested."""
        match line.split():
            case [b"get", key]:
                self.show(key, self.cache.get(key))
            case [b"set", key, flags, seconds, size] if flags.isdigit() and size.isdigit():
                self.expect_value(key, flags, seconds, int(size))
            case [b"stats"]:
                self.push(b"STAT curr_connections %d\r\n" % len(self.clients))
                self.push(b"STAT curr_items %d\r\nEND\r\n" % len(self.cache.entries))
            case [b"quit"]:
                self.close_when_done()
            case _:
                self.push(b"ERROR\r\n")

    def show(self, key: bytes, entry: Entry | None) -> None:
        """Answer a get."""
        if entry is not None:
            size = len(entry.value)
            self.push(b"VALUE %b %b %d\r\n%b\r\n" % (key, entry.flags, size, entry.value))
        self.push(b"END\r\n")

    def expect_value(self, key: bytes, flags: bytes, seconds: bytes, size: int) -> None:
        """Answer a set when its value has come; the peer chose all of this, so look at it."""
        try:
            life = max(-1, min(int(seconds), LONGEST_LIFE))
        except ValueError:
            self.push(b"ERROR\r\n")
            return
        if size > LARGEST_VALUE:  # where the next request begins cannot be known
            self.push(b"SERVER_ERROR object too large for cache\r\n")
            self.close_when_done()
            return
        expires = self.cache.clock() + life if life else math.inf
        self.awaited = key, expires, flags
        self.set_terminator(size + 2)

    def take_value(self, value: bytes, key: bytes, expires: float, flags: bytes) -> None:
        """Keep the value; then comes a request again."""
        self.awaited = None
        self.set_terminator(b"\r\n")
        self.cache.set(key, Entry(expires, flags, value))
        self.push(b"STORED\r\n")

    def handle_input_overflow(self) -> None:
        """A request is too long; the loop skips the rest of it."""
        self.parts.clear()
        self.push(b"CLIENT_ERROR line too long\r\n")

    def handle_high_water(self) -> None:
        """The client does not read its answers: take no requests until it does."""
        self.pause_reading()

    def handle_low_water(self) -> None:
        """It reads again."""
        self.resume_reading()

    def handle_close(self) -> None:
        """The client is gone."""
        self.clients.discard(self)


def sweep(loop: EventLoop, cache: Cache) -> None:
    """Sweep the cache once a second."""
    loop.call_later(1, sweep, loop, cache)
    cache.sweep()


def main() -> None:
    """Serve until Ctrl-C or SIGTERM, which end the loop in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0 for any free one")
    logging.basicConfig(level=logging.INFO)
    with EventLoop() as loop:
        cache = Cache(loop.time)
        clients: set[Client] = set()
        address = ("127.0.0.1", parser.parse_args().port)
        server = Listener(loop, address, partial(Client, cache=cache, clients=clients))
        print(f"serving on port {server.address[1]}")
        sweep(loop, cache)
        loop.run()


if __name__ == "__main__":
    main()
