"""handle_close() runs at most once, and the channel is closed after it."""

import socket

import pytest

from miniloop import EventLoop
from tests.driving import Recording, fill, pair, reset, run_until, settle


def test_handle_close_runs_once_when_the_peer_ends(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        settle(loop)
        channel.end()
        settle(loop)
        assert channel.seen.count("close") == 1
        assert channel.closed
        assert ours.fileno() == -1


def test_handle_close_runs_once_when_it_closes_and_reads_and_fails(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    class Busy(Recording):
        def handle_close(self) -> None:
            super().handle_close()
            self.recv()
            self.end()
            self.close()
            raise ZeroDivisionError

    with pair() as (ours, theirs):
        channel = Busy(loop, ours)
        theirs.close()
        settle(loop)
        assert channel.seen.count("close") == 1
        assert channel.closed
        assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("how", ["read and write fail", "reset while output is queued"])
def test_handle_close_runs_once_when_both_directions_fail(loop: EventLoop, how: str) -> None:
    class Both(Recording):
        def handle_read(self) -> None:
            self.send(b"x" * 100_000)
            super().handle_read() if not self.closed else None

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Both(loop, ours)
        if how != "read and write fail":
            fill(ours)
            channel.send(b"more")
        reset(theirs)
        run_until(loop, lambda: channel.closed)
        settle(loop)
        assert channel.seen.count("close") == 1


def test_close_by_the_program_calls_no_handler(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        channel.close()
        settle(loop)
        assert channel.seen == []
