"""``set_terminator(0)``: a message of no bytes, complete at once, and once for each call."""

import socket
from collections.abc import Callable

import pytest

from miniloop import AsyncChat, EventLoop
from miniloop.chat import MESSAGES_PER_PASS
from miniloop.testing import Faults, SimulatedNetwork
from tests.driving import Lines, pair, run_until, settle
from tests.net.tls_ends import against_ssl
from tests.test_chat import CUTS, Cut, converse

Pair = tuple[socket.socket, socket.socket]


class Frames(Lines):
    """A byte with the length, then so many bytes; ``bodies`` are the messages."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        self.bodies: list[bytes] = []
        self.in_body = False
        super().__init__(loop, sock, 1)

    def handle_line(self, line: bytes) -> None:
        self.in_body = not self.in_body
        if self.in_body:
            self.set_terminator(line[0])
        else:
            self.bodies.append(line)
            self.set_terminator(1)


STREAM = b"\x02hi\x00\x00\x05there\x00"
BODIES = [b"hi", b"", b"", b"there", b""]


@CUTS
@pytest.mark.parametrize(
    "family",
    ["AF_INET", "AF_INET6", pytest.param("AF_UNIX", marks=pytest.mark.needs("unix sockets"))],
)
def test_bodies_of_announced_length(loop: EventLoop, cut: Cut, family: str) -> None:
    with pair(getattr(socket, family)) as (ours, theirs):
        channel = Frames(loop, ours)
        for piece in cut(STREAM):
            theirs.send(piece)
            settle(loop, 4)
        run_until(loop, lambda: len(channel.bodies) >= len(BODIES))
        settle(loop)
        assert channel.bodies == BODIES


@pytest.mark.parametrize("seed", range(10))
def test_bodies_on_a_network_that_splits(seed: int) -> None:
    net = SimulatedNetwork(seed, faults=Faults(split=0.7))
    with net.loop() as loop:
        ours, theirs = net.socketpair()
        channel = Frames(loop, ours)
        theirs.sendall(STREAM)
        net.settle()
        assert channel.bodies == BODIES


def test_bodies_over_tls() -> None:
    with against_ssl(Frames) as (loop, _, channel, peer):
        for at in range(len(STREAM)):
            peer.send(STREAM[at : at + 1])
            settle(loop, 4)
        assert channel.bodies == BODIES


@CUTS
def test_the_last_body_is_empty_and_the_peer_finishes(
    loop: EventLoop, sockets: Pair, cut: Cut
) -> None:
    channel = Frames(loop, sockets[0])
    for piece in cut(STREAM):
        sockets[1].send(piece)
        settle(loop, 1)
    sockets[1].close()
    settle(loop)
    assert channel.bodies == BODIES
    assert channel.seen == ["close"]


def test_it_is_complete_without_any_input_and_once(loop: EventLoop, sockets: Pair) -> None:
    channel = Lines(loop, sockets[0])
    channel.set_terminator(0)
    channel.set_terminator(0)
    assert channel.lines == []  # from the loop, not from inside of this call
    settle(loop)
    assert channel.lines == [b""]
    assert channel.get_terminator() is None
    converse(loop, sockets[1], b"any\nthing", lambda data: [data])
    assert channel.partial == b"any\nthing"
    channel.partial = b""
    channel.set_terminator(0)
    settle(loop)
    assert channel.lines == [b"", b""]


class Again(Lines):
    """Asks for an empty message again, whenever one is complete."""

    def handle_line(self, line: bytes) -> None:
        self.set_terminator(0)


def test_one_that_asks_again_and_again_starves_nobody(loop: EventLoop, sockets: Pair) -> None:
    with pair() as (ours, theirs):
        again, other = Again(loop, sockets[0], 0), Lines(loop, ours)
        loop.run_once(0)
        before = len(again.lines)
        assert before <= MESSAGES_PER_PASS
        theirs.send(b"line\n")
        settle(loop, 3)
        assert other.lines == [b"line"]
        assert before < len(again.lines) <= before + 3 * MESSAGES_PER_PASS


def pause(channel: AsyncChat) -> None:
    channel.pause_reading()


def close(channel: AsyncChat) -> None:
    channel.close()


def close_when_done(channel: AsyncChat) -> None:
    channel.close_when_done()


@pytest.mark.parametrize("how", [pause, close, close_when_done])
@pytest.mark.parametrize("inside", [False, True])
def test_nothing_more_is_delivered_after(
    loop: EventLoop, sockets: Pair, how: Callable[[AsyncChat], None], inside: bool
) -> None:
    class Ending(Again):
        def handle_line(self, line: bytes) -> None:
            super().handle_line(line)
            how(self)

    channel = (Ending if inside else Again)(loop, sockets[0], 0)
    if not inside:
        how(channel)
    settle(loop)
    assert channel.lines == [b""] * inside


def test_a_pause_holds_it_back(loop: EventLoop, sockets: Pair) -> None:
    channel = Lines(loop, sockets[0])
    channel.pause_reading()
    channel.set_terminator(0)
    settle(loop)
    assert channel.lines == []
    channel.resume_reading()
    settle(loop)
    assert channel.lines == [b""]


def test_another_terminator_in_its_place(loop: EventLoop, sockets: Pair) -> None:
    channel = Lines(loop, sockets[0])
    channel.set_terminator(0)
    channel.set_terminator(b"\n")
    converse(loop, sockets[1], b"one\n", lambda data: [data])
    assert channel.lines == [b"one"]


def test_in_the_middle_of_a_batch(loop: EventLoop, sockets: Pair) -> None:
    class Middle(Lines):
        def handle_line(self, line: bytes) -> None:
            self.set_terminator(0 if line == b"0" else b"\n")

    channel = Middle(loop, sockets[0])
    converse(loop, sockets[1], b"a\n0\nb\n0\n0\nc\n", lambda data: [data])
    assert channel.lines == [b"a", b"0", b"", b"b", b"0", b"", b"0", b"", b"c"]


def test_what_was_collected_before_belongs_to_it(loop: EventLoop, sockets: Pair) -> None:
    """As with every terminator: the program joins what it collects."""
    channel = Lines(loop, sockets[0])
    converse(loop, sockets[1], b"half", lambda data: [data])
    channel.set_terminator(0)
    settle(loop)
    assert channel.lines == [b"half"]
