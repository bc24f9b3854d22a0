"""What the tutorial's transcripts do not show: the limits of the last step."""

import socket
from collections.abc import Callable, Iterator

import pytest

from examples.tutorial import step1_echo, step3_room, step4_names, step5_limits
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import pair, receive, reset, settle, tcp_pair

Peer = socket.socket
Come = Callable[[str], tuple[step5_limits.Visitor, Peer]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def loop(clock: FakeClock) -> Iterator[EventLoop]:
    with EventLoop(clock=clock, debug=True) as loop:
        yield loop


@pytest.fixture
def room() -> step5_limits.Room:
    return step5_limits.Room()


@pytest.fixture
def come(loop: EventLoop, room: step5_limits.Room) -> Iterator[Come]:
    """Somebody comes in and says a name."""
    peers: list[Peer] = []

    def visit(name: str) -> tuple[step5_limits.Visitor, Peer]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        peers.append(theirs)
        visitor = step5_limits.Visitor(loop, ours, room)
        if name:
            theirs.send(name.encode() + b"\r\n")
        settle(loop)
        return visitor, theirs

    yield visit
    for peer in peers:
        peer.close()


def test_too_long_a_line_is_heard_by_nobody(loop: EventLoop, come: Come) -> None:
    (_, ada), (_, bob) = come("Ada"), come("Bob")
    receive(bob)
    ada.send(b"x" * 5000 + b"\nshort\n")
    settle(loop)
    assert receive(bob) == b"Ada: short\r\n"
    assert b"more than 1000 bytes" in receive(ada)


@pytest.mark.parametrize(("name", "seconds"), [("", 60), ("Ada", 3600)])
def test_those_who_do_nothing_are_shown_out(
    loop: EventLoop, clock: FakeClock, come: Come, room: step5_limits.Room, name: str, seconds: int
) -> None:
    visitor, peer = come(name)
    closed = []
    for pause in (seconds - 1, 1):
        clock.advance(pause)
        settle(loop)
        closed.append(visitor.closed)
    assert closed == [False, True]
    assert b"quiet for too long" in receive(peer)
    assert not room.visitors


def test_a_full_room_says_so(
    monkeypatch: pytest.MonkeyPatch, come: Come, room: step5_limits.Room
) -> None:
    monkeypatch.setattr(step5_limits, "MOST_VISITORS", 2)
    come("Ada")
    come("Bob")
    visitor, eve = come("Eve")
    assert visitor.closed
    assert receive(eve).endswith(b"The room is full. Come again later!\r\n")
    assert [*room.visitors] == ["Ada", "Bob"]


def test_who_does_not_read_is_dropped_and_the_others_hear_of_it(
    loop: EventLoop, come: Come, room: step5_limits.Room
) -> None:
    (_, ada), (bob, _) = come("Ada"), come("Bob")
    for _ in range(2000):
        ada.send(b"y" * 900 + b"\n")
        settle(loop, 2)
        heard = receive(ada)
        if bob.closed:
            break
    settle(loop)
    assert b"* Bob has left\r\n" in heard + receive(ada)
    assert [*room.visitors] == ["Ada"]


@pytest.mark.parametrize("step", [step3_room, step4_names, step5_limits])
def test_a_reset_connection_leaves_the_room(loop: EventLoop, step: object) -> None:
    ours, theirs = tcp_pair()
    room = step.Room()  # type: ignore[attr-defined]  # the steps have the same names
    visitor = step.Visitor(loop, ours, room)  # type: ignore[attr-defined]
    theirs.send(b"Ada\n")
    while not room.visitors:
        loop.run_once(1)
    reset(theirs)
    while not visitor.closed:
        loop.run_once(1)
    assert not room.visitors


def test_an_echo_without_anything_to_say(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        visitor = step1_echo.Visitor(loop, ours)
        theirs.close()
        settle(loop)
        assert visitor.closed
