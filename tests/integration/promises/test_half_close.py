"""A half-close delivers what was sent before it."""

import socket

import pytest

from miniloop import EventLoop
from tests.driving import Lines, pair, receive, run_until


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_half_close_delivers_what_was_sent_before_it(loop: EventLoop, family: int) -> None:
    """As ``printf x | nc -N`` does: ask, half-close, read the answer to its end."""

    class Answering(Lines):
        def handle_line(self, line: bytes) -> None:
            self.push(line * 200_000)

    with pair(family) as (ours, theirs):
        channel = Answering(loop, ours)
        theirs.send(b"one\ntwo\n")
        theirs.shutdown(socket.SHUT_WR)
        got = b""

        def ended() -> bool:
            nonlocal got
            got += receive(theirs)
            return channel.closed

        run_until(loop, ended)
        got += receive(theirs)
        assert got == b"one" * 200_000 + b"two" * 200_000


def test_half_close_of_ours_delivers_what_was_pushed_before_it(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.push(b"x" * 3_000_000)
        channel.close_write()
        got, ended = 0, False

        def end_seen() -> bool:
            nonlocal got, ended
            try:
                while data := theirs.recv(1 << 20):
                    got += len(data)
                ended = True
            except BlockingIOError:
                pass
            return ended

        run_until(loop, end_seen)
        assert got == 3_000_000
        theirs.send(b"thanks\n")
        run_until(loop, lambda: channel.lines)
        assert channel.lines == [b"thanks"]
