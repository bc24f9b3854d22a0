"""No handler on a closed channel, nor one whose interest was withdrawn in this pass."""

import os
import socket

import pytest

from miniloop import EventLoop
from tests.driving import Recording, pair, settle


@pytest.mark.parametrize("action", ["close", "pause_reading"])
def test_no_handler_after_another_one_closed_or_paused_the_channel(
    loop: EventLoop, action: str
) -> None:
    """Both are ready in the same batch; the one that comes first silences the other."""

    class Silencing(Recording):
        other: "Silencing"

        def handle_read(self) -> None:
            super().handle_read()
            getattr(self.other, action)()

    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Silencing(loop, ours1), Silencing(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]


def test_no_handler_for_the_stranger_on_a_reused_descriptor(loop: EventLoop) -> None:
    """The batch still holds an event for number n; by then n is another socket."""
    strangers: list[Recording] = []

    class Replacing(Recording):
        other: "Replacing"

        def handle_read(self) -> None:
            super().handle_read()
            number = self.other.socket.fileno()
            self.other.close()
            fresh, peer = socket.socketpair()
            keep.append(peer)
            if fresh.fileno() != number:
                os.dup2(fresh.fileno(), number)
                fresh.close()
                fresh = socket.socket(fileno=number)
            strangers.append(Recording(self.loop, fresh))

    keep: list[socket.socket] = []
    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Replacing(loop, ours1), Replacing(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]
        assert [stranger.seen for stranger in strangers] == [[]]
        keep[0].send(b"mine")
        settle(loop)
        assert strangers[0].data == b"mine"
        keep[0].close()


def test_no_handler_when_an_overridden_predicate_withdrew(loop: EventLoop) -> None:
    class Moody(Recording):
        other: "Moody"
        willing = True

        def readable(self) -> bool:
            return self.willing

        def handle_read(self) -> None:
            super().handle_read()
            self.other.willing = False

    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Moody(loop, ours1), Moody(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]
