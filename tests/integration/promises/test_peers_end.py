"""The peer's end is reported once, whatever the program does about it, and nothing spins on it."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop, FileDispatcher
from tests.driving import Lines, deliveries
from tests.integration.promises.driven import Driven, connected

MUCH = 3_000_000


class StayingLines(Lines):
    """Goes on after the peer's end: an answer is still to come."""

    def handle_eof(self) -> None:
        self.seen.append("eof")


class StayingDispatcher(Dispatcher):
    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        self.seen: list[str] = []
        self.data = b""
        super().__init__(loop, sock)

    def handle_read(self) -> None:
        self.data += self.recv()

    def handle_eof(self) -> None:
        self.seen.append("eof")

    def handle_close(self) -> None:
        self.seen.append("close")

    def push(self, data: bytes) -> None:
        assert self.send(data) == len(data)

    def close_when_done(self) -> None:
        self.close()


both_kinds = pytest.mark.parametrize("kind", [StayingLines, StayingDispatcher])


@both_kinds
def test_an_end_that_is_left_open_is_reported_once_and_answers_go_out(
    driven: Driven, secure: bool, kind: Any
) -> None:
    channel, peer = connected(driven, kind, secure=secure)
    peer.push(b"the last question\n")
    peer.close_write()
    driven.go_on()
    assert channel.seen == ["eof"]
    assert deliveries(driven.loop) == 0
    for number in range(3):
        channel.pause_reading()
        driven.go_on()
        channel.resume_reading()
        driven.go_on()
        channel.push(b"answer %d\n" % number)
        driven.go_on()
    assert channel.seen == ["eof"]
    assert peer.lines == [b"answer 0", b"answer 1", b"answer 2"]
    assert deliveries(driven.loop) == 0
    channel.close_when_done()
    driven.go_on()
    assert channel.closed
    assert peer.closed
    assert channel.seen.count("eof") == 1
    assert (channel.error, peer.error) == (None, None)


@both_kinds
@pytest.mark.needs("hang-ups")
def test_an_end_during_a_pause_is_reported_once(driven: Driven, secure: bool, kind: Any) -> None:
    channel, peer = connected(driven, kind, secure=secure)
    channel.pause_reading()
    driven.go_on()
    peer.close()  # a half-close under TLS is a record, and a pause leaves records unread
    driven.go_on()
    assert channel.seen == ["eof"]
    assert deliveries(driven.loop) == 0
    channel.resume_reading()
    driven.go_on()
    channel.pause_reading()
    driven.go_on()
    assert channel.seen == ["eof"]
    assert deliveries(driven.loop) == 0


@both_kinds
def test_an_end_behind_unread_data_is_reported_once_and_after_it(
    driven: Driven, secure: bool, kind: Any
) -> None:
    channel, peer = connected(driven, kind, secure=secure)
    channel.pause_reading()
    peer.push(b"unread\n")
    peer.close_write()
    driven.go_on()
    assert channel.seen == []
    assert deliveries(driven.loop) == 0
    channel.resume_reading()
    driven.go_on()
    assert channel.seen == ["eof"]
    received = channel.lines if isinstance(channel, Lines) else [channel.data.rstrip()]
    assert received == [b"unread"]
    channel.pause_reading()
    channel.resume_reading()
    driven.go_on()
    assert channel.seen == ["eof"]


def test_no_end_is_reported_after_the_programs_own(driven: Driven, secure: bool) -> None:
    channel, peer = connected(driven, StayingLines, secure=secure)
    peer.pause_reading()
    channel.max_output = 2 * MUCH
    channel.push(b"x" * MUCH + b"\n")
    channel.close_when_done()
    driven.go_on()
    peer.close_write()
    driven.go_on()
    assert "eof" not in channel.seen
    assert not channel.closed
    assert deliveries(driven.loop) == 0
    peer.max_input = 2 * MUCH
    peer.resume_reading()
    driven.until(lambda: channel.closed and peer.closed)
    assert peer.lines == [b"x" * MUCH]
    assert "eof" not in channel.seen
    assert channel.seen.count("close") == 1


def test_the_default_end_waits_for_what_is_queued_and_comes_once(
    driven: Driven, secure: bool
) -> None:
    """Reading is paused and resumed while output drains."""

    class Counting(Lines):
        def handle_eof(self) -> None:
            self.seen.append("eof")
            super().handle_eof()

    channel, peer = connected(driven, Counting, secure=secure)
    peer.pause_reading()
    peer.max_input = 2 * MUCH
    channel.push(b"y" * MUCH + b"\n")
    driven.go_on()
    peer.close_write()
    for _ in range(4):
        driven.go_on()
        channel.pause_reading()
        driven.go_on()
        channel.resume_reading()
    driven.go_on()
    assert channel.seen.count("eof") == (not secure)  # under TLS once the records have left
    assert not channel.closed
    assert deliveries(driven.loop) == 0
    peer.resume_reading()
    driven.until(lambda: channel.closed and peer.closed)
    assert peer.lines == [b"y" * MUCH]
    assert [channel.seen.count(what) for what in ("eof", "close")] == [1, 1]
    assert (channel.error, peer.error) == (None, None)


# -- pipes ---------------------------------------------------------------------------------------


class StayingFile(FileDispatcher):
    def __init__(self, loop: EventLoop, fd: int) -> None:
        self.seen: list[str] = []
        self.data = b""
        super().__init__(loop, fd)

    def handle_read(self) -> None:
        self.data += self.recv(100)

    def handle_eof(self) -> None:
        self.seen.append("eof")


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    ends = list(os.pipe())
    yield ends
    for fd in ends:
        os.close(fd)


@pytest.mark.needs("files")
@pytest.mark.parametrize("paused", [False, True])
def test_the_end_of_a_pipe_is_reported_once(driven: Driven, pipe: list[int], paused: bool) -> None:
    channel = StayingFile(driven.loop, pipe[0])
    os.write(pipe[1], b"hello")
    if paused:
        channel.pause_reading()
    driven.go_on()
    os.close(pipe.pop())
    for _ in range(3):
        driven.go_on()
        channel.pause_reading()
        driven.go_on()
        channel.resume_reading()
    driven.go_on()
    assert (channel.data, channel.seen) == (b"hello", ["eof"])
    assert deliveries(driven.loop) == 0
    assert not channel.closed


@pytest.mark.parametrize("name", ["handle_eof", "input_done"])
def test_an_end_whose_report_is_interrupted_is_still_to_be_reported(
    driven: Driven, secure: bool, name: str
) -> None:
    class Interrupted(Lines):
        interrupts = 2

        def handle_eof(self) -> None:
            self.may_interrupt("handle_eof")
            super().handle_eof()

        def input_done(self) -> bool:
            self.may_interrupt("input_done")
            return super().input_done()

        def may_interrupt(self, place: str) -> None:
            if place == name and self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt

    channel, peer = connected(driven, Interrupted, secure=secure)
    peer.close_write()
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            driven.until(lambda: channel.closed)
    driven.until(lambda: channel.closed)
    assert channel.seen == ["close"]
