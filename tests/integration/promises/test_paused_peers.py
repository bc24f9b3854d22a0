"""The peer's disappearance is noticed with reading paused, and nothing unread is lost."""

import socket

import pytest

from miniloop import EventLoop
from tests.driving import Lines, Recording, pair, reset, run_until, settle


@pytest.mark.parametrize("kind", [Recording, Lines])
@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
@pytest.mark.parametrize("how", ["end", "half-close", "reset"])
def test_the_end_of_the_peer_is_noticed_with_reading_paused(
    loop: EventLoop, kind: type[Recording] | type[Lines], family: int, how: str
) -> None:
    if (family, how) == (socket.AF_UNIX, "reset"):
        how = "end"  # UNIX sockets know no reset
    with pair(family) as (ours, theirs):
        channel = kind(loop, ours)
        channel.pause_reading()
        settle(loop)
        if how == "half-close":
            theirs.shutdown(socket.SHUT_WR)
        elif how == "reset":
            reset(theirs)
        else:
            theirs.close()
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_unread_data_stays_intact_behind_a_half_close_while_paused(
    loop: EventLoop, family: int
) -> None:
    with pair(family) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.pause_reading()
        theirs.send(b"one\ntwo\n")
        theirs.shutdown(socket.SHUT_WR)
        settle(loop, 50)
        assert (channel.lines, channel.seen) == ([], [])
        channel.resume_reading()
        run_until(loop, lambda: channel.closed)
        assert (channel.lines, channel.seen) == ([b"one", b"two"], ["close"])


def test_the_end_is_noticed_in_a_second_pause(loop: EventLoop) -> None:
    """It came during the first, behind unread data that is read between the two."""

    class Sipping(Recording):
        def handle_read(self) -> None:
            self.data += self.recv(100)
            self.pause_reading()

    with pair() as (ours, theirs):
        channel = Sipping(loop, ours)
        channel.pause_reading()
        theirs.send(b"x" * 100)
        theirs.close()
        settle(loop)
        assert not channel.closed
        channel.resume_reading()
        run_until(loop, lambda: channel.closed)
        assert (len(channel.data), channel.seen) == (100, ["close"])


def test_unread_data_and_the_end_behind_a_predicate_that_changes_its_mind(loop: EventLoop) -> None:
    """No reason holds reading but ``readable()``; the end is noticed in the second hold too."""

    class Choosy(Recording):
        willing = False

        def readable(self) -> bool:
            return self.willing and super().readable()

        def handle_read(self) -> None:
            self.data += self.recv(100)
            self.willing = False

    with pair() as (ours, theirs):
        channel = Choosy(loop, ours)
        theirs.send(b"x" * 100)
        theirs.close()
        settle(loop)
        assert not channel.closed
        channel.willing = True
        run_until(loop, lambda: channel.closed)
        assert (len(channel.data), channel.seen) == (100, ["close"])
