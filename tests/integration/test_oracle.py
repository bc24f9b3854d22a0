"""The loop against an oracle: a loop so naive that it is evidently right.

Invariant: whatever is opened, closed, sent, overridden, paused, and put on other descriptors behind
the loop's back, miniloop's channels hear exactly what the naive loop's hear.
"""

import os
import select
import socket
from typing import Any, Protocol

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from miniloop import AsyncChat, EventLoop
from tests.driving import receive

# -- the oracle ------------------------------------------------------------------------------------


class NaiveLoop:
    """Polls every channel in every pass, and remembers nothing between passes."""

    def __init__(self) -> None:
        self.channels: list[NaiveChannel] = []

    def add(self, channel: "NaiveChannel") -> None:
        for other in list(self.channels):
            if other.fd == channel.fd:
                other.finish(keep_descriptor=True)
        self.channels.append(channel)

    def run_once(self) -> None:
        for channel in list(self.channels):
            poll = select.poll()
            poll.register(channel.fd, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
            ready = dict(poll.poll(0)).get(channel.fd, 0)
            if ready & select.POLLOUT and channel.open:
                channel.write()
            if ready & ~select.POLLOUT and channel.open:
                channel.read(bool(ready & (select.POLLRDHUP | select.POLLHUP)))


class NaiveChannel:
    """Lines in, bytes out, with as little cleverness as possible."""

    def __init__(self, loop: NaiveLoop, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock, self.fd, self.open = sock, sock.fileno(), True
        self.heard: list[bytes | str] = []
        self.input = self.output = b""
        self.undelivered = False
        self.willing, self.paused, self.closing, self.ended = True, False, False, False
        self.loop = loop
        loop.add(self)

    def read(self, finished: bool) -> None:
        if self.paused or not self.willing or self.closing:
            if finished and not self.ended and not self.sock.recv(1, socket.MSG_PEEK):
                self.ended = True
        elif not self.ended:
            data = self.sock.recv(1 << 20)
            self.ended = not data
            self.input += data
        self.parse()

    def parse(self) -> None:
        while b"\n" in self.input and self.open and not self.paused and not self.closing:
            line, self.input = self.input.split(b"\n", 1)
            self.heard.append(line)
            self.undelivered = bool(self.input)  # if this line pauses, the rest has to wait
            obey(self, line)
        self.undelivered = self.undelivered and self.paused
        if self.open and self.ended and not self.output and not self.undelivered:
            self.finish()

    def push(self, data: bytes) -> None:
        self.output += data

    def write(self) -> None:
        try:
            if self.output:
                self.output = self.output[self.sock.send(self.output) :]
        except OSError:
            self.finish()
            return
        if self.closing and not self.output:
            self.finish()
        else:
            self.parse()

    def close_when_done(self) -> None:
        self.closing, self.input = True, b""

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def finish(self, keep_descriptor: bool = False) -> None:
        self.heard.append("close")
        self.close(keep_descriptor)

    def close(self, keep_descriptor: bool = False) -> None:
        self.open, self.output = False, b""
        self.loop.channels.remove(self)
        self.sock.detach() if keep_descriptor else self.sock.close()


# -- the same for miniloop -------------------------------------------------------------------------


class Obedient(Protocol):
    """What both kinds of channel can be told to do."""

    def push(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def close_when_done(self) -> None: ...
    def pause_reading(self) -> None: ...


def obey(channel: Obedient, line: bytes) -> None:
    """Do inside the handler what the line says."""
    if line == b"echo":
        channel.push(b"echoed\n")
    elif line == b"close":
        channel.close()
    elif line == b"leave":
        channel.push(b"bye\n")
        channel.close_when_done()
    elif line == b"pause":
        channel.pause_reading()


class Chat(AsyncChat):
    """A channel of the library that notes what it hears."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        self.heard: list[bytes | str] = []
        self.collected = b""
        self.willing = True
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.collected += data

    def found_terminator(self) -> None:
        line, self.collected = self.collected, b""
        self.heard.append(line)
        obey(self, line)

    def handle_close(self) -> None:
        self.heard.append("close")


class MoodyChat(Chat):
    """One whose predicate is overridden and changes without notice."""

    def readable(self) -> bool:
        return self.willing and super().readable()


class Pair:
    """The same connection in both worlds."""

    def __init__(self, real: Chat, naive: NaiveChannel, peers: list[socket.socket]) -> None:
        self.real, self.naive, self.peers = real, naive, peers
        self.received = [b"", b""]

    def both(self, method: str, *args: Any) -> None:
        for channel in (self.real, self.naive):
            getattr(channel, method)(*args)

    @property
    def open(self) -> bool:
        return self.naive.open


def socketpair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    return ours, theirs


class Worlds(RuleBasedStateMachine):
    """Does everything twice, and compares."""

    pairs = Bundle("pairs")

    def __init__(self) -> None:
        super().__init__()
        self.loop = EventLoop(debug=True)
        self.naive = NaiveLoop()
        self.all: list[Pair] = []
        self.kept: list[socket.socket] = []

    def connect(self, kind: type[Chat], sockets: list[socket.socket], peers: Any) -> Pair:
        pair = Pair(kind(self.loop, sockets[0]), NaiveChannel(self.naive, sockets[1]), list(peers))
        self.all.append(pair)
        return pair

    @rule(target=pairs, kind=st.sampled_from([Chat, MoodyChat]))
    def open(self, kind: type[Chat]) -> Pair:
        (ours1, theirs1), (ours2, theirs2) = socketpair(), socketpair()
        return self.connect(kind, [ours1, ours2], [theirs1, theirs2])

    @rule(
        pair=pairs,
        lines=st.lists(
            st.sampled_from([b"echo\n", b"close\n", b"leave\n", b"pause\n", b"x\n", b"\n", b"par"]),
            min_size=1,
            max_size=5,
        ),
    )
    def send(self, pair: Pair, lines: list[bytes]) -> None:
        for peer in pair.peers:
            try:
                peer.send(b"".join(lines))
            except OSError:
                continue  # closed here or there

    @rule(pair=pairs, size=st.sampled_from([0, 5, 1000, 700_000]))
    def push(self, pair: Pair, size: int) -> None:
        if pair.open and not pair.naive.closing:
            pair.both("push", b"p" * size)

    @rule(pair=pairs, method=st.sampled_from(["pause_reading", "resume_reading", "close",
                                              "close_when_done"]))  # fmt: skip
    def tell(self, pair: Pair, method: str) -> None:
        if pair.open:
            pair.both(method)

    @rule(pair=pairs, willing=st.booleans())
    def override(self, pair: Pair, willing: bool) -> None:
        if isinstance(pair.real, MoodyChat):
            pair.real.willing = pair.naive.willing = willing

    @rule(pair=pairs, half=st.booleans())
    def end(self, pair: Pair, half: bool) -> None:
        for peer in pair.peers:
            if not half:
                peer.close()
            elif peer.fileno() >= 0:
                try:
                    peer.shutdown(socket.SHUT_WR)
                except OSError:
                    continue  # ended already

    @rule(pair=pairs)
    def push_and_end(self, pair: Pair) -> None:
        """More than the kernel takes at once, to a peer that says that it has finished."""
        self.push(pair, 700_000)
        self.end(pair, half=True)

    @rule(target=pairs, pair=consumes(pairs), duplicated=st.booleans(), first=st.booleans())
    def replace(self, pair: Pair, duplicated: bool, first: bool) -> Pair:
        """Another socket comes to stand on the descriptor, with or without a duplicate left."""
        if not pair.open:
            return pair
        sockets, peers = [], []
        for sock in (pair.real.socket, pair.naive.sock):
            number = sock.fileno()
            if duplicated:
                self.kept.append(sock.dup())
            ours, theirs = socketpair()
            if first:
                os.close(number)
            os.dup2(ours.fileno(), number)
            ours.close()
            sockets.append(socket.socket(fileno=number))
            peers.append(theirs)
        return self.connect(Chat, sockets, peers)

    @invariant()
    def same(self) -> None:
        """Let both come to rest, reading what they send; then they have heard the same."""
        for _ in range(12):
            self.loop.run_once(0)
            self.naive.run_once()
            self.receive()
        for pair in self.all:
            assert pair.real.heard == pair.naive.heard
            assert pair.real.closed == (not pair.naive.open)
            assert pair.received[0] == pair.received[1]
        assert len(self.loop._channels()) == len(self.naive.channels)

    def receive(self) -> None:
        for pair in self.all:
            for index, peer in enumerate(pair.peers):
                if peer.fileno() >= 0:
                    pair.received[index] += receive(peer)

    def teardown(self) -> None:
        self.loop.close()
        for channel in list(self.naive.channels):
            channel.close()
        for sock in self.kept + [peer for pair in self.all for peer in pair.peers]:
            sock.close()


TestWorlds = Worlds.TestCase
TestWorlds.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
