"""A scripted Redis server on a simulated network: it answers what the test says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import hiredis

from miniloop.testing import SimulatedNetwork
from miniloop.testing.peer import Peer, PeerServer

HOST, PORT = "engine", 6379
IP = "192.0.2.9"
HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"
Answer = Callable[[list[bytes]], bytes]


def blob(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


def push(*words: bytes | int) -> bytes:
    items = [b":%d\r\n" % word if isinstance(word, int) else blob(word) for word in words]
    return b">%d\r\n" % len(items) + b"".join(items)


class Engine:
    """The server.

    Attributes:
        answers: what it answers to a command, by name; b"" is no answer.  Others get OK.
        seen: the commands that have arrived, on all connections.
    """

    def __init__(self, net: SimulatedNetwork) -> None:
        self.net = net
        net.hosts[HOST] = [IP]
        self.answers: dict[bytes, bytes | Answer] = {
            b"HELLO": HELLO,
            b"PING": b"+PONG\r\n",
            b"ECHO": lambda words: blob(words[1]),
            b"SUBSCRIBE": self.subscribe,
        }
        self.seen: list[list[bytes]] = []
        self.server: PeerServer | None = None
        self.start()
        self._known: list[Peer] = []

    @staticmethod
    def subscribe(words: list[bytes]) -> bytes:
        return b"".join(push(b"subscribe", name, n) for n, name in enumerate(words[1:], 1))

    def start(self) -> None:
        self.server = self.net.listen((IP, PORT))

    def stop(self) -> None:
        """End as by SIGKILL: the connections are reset, and connecting is refused."""
        assert self.server is not None
        self.server.close()
        for peer in self.peers:
            if not peer.closed:
                peer.reset()
        self.server = None

    @property
    def peers(self) -> list[Peer]:
        """The connections to the server that runs now."""
        return [] if self.server is None else self.server.peers

    @property
    def names(self) -> list[bytes]:
        """The names of the commands that have arrived, without those of the greeting."""
        return [words[0] for words in self.seen if words[0] not in (b"HELLO", b"PING")]

    def run_until(self, condition: Callable[[], object], seconds: float = 60.0) -> None:
        def attended() -> object:
            self.attend()
            return condition()

        self.net.run_until(attended, seconds)

    def run(self, seconds: float) -> None:
        end = self.net.now + seconds
        self.net.call_later(seconds, int)
        self.run_until(lambda: self.net.now >= end, seconds + 1)

    def attend(self) -> None:
        """Read from connections that are new."""
        for peer in self.peers:
            if peer not in self._known:
                self._known.append(peer)
                reader = hiredis.Reader()
                peer.on_received = partial(self._read, peer, reader)
                self._read(peer, reader)

    def _read(self, peer: Peer, reader: hiredis.Reader) -> None:
        reader.feed(peer.take())
        while words := reader.gets():
            self.seen.append(words)
            answer = self.answers.get(words[0], b"+OK\r\n")
            data = answer if isinstance(answer, bytes) else answer(words)
            if data and peer.connected:
                peer.send(data)
        if peer.eof and not peer.closed:
            peer.close()
