"""Pipes, terminals and regular files behind the same handlers."""

import errno
import os
import pty
import select
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniloop import EventLoop, FileDispatcher
from tests.driving import deliveries, run_until, settle


class FileRecording(FileDispatcher):
    def __init__(self, loop: EventLoop, fd: int) -> None:
        self.data = b""
        self.seen: list[str] = []
        super().__init__(loop, fd)

    def handle_read(self) -> None:
        self.data += self.recv(1000)

    def handle_close(self) -> None:
        self.seen.append("close")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError as error:
            assert error.errno == errno.EBADF  # noqa: PT017 - a test may have closed it


def test_a_pipe_is_read_to_its_end(loop: EventLoop, pipe: tuple[int, int]) -> None:
    channel = FileRecording(loop, pipe[0])
    os.write(pipe[1], b"hello")
    settle(loop)
    os.write(pipe[1], b" again")
    os.close(pipe[1])
    settle(loop)
    assert (channel.data, channel.seen) == (b"hello again", ["close"])
    assert os.get_blocking(pipe[0]), "the descriptor is as it was before"


def test_a_pipe_is_written_when_there_is_room(loop: EventLoop, pipe: tuple[int, int]) -> None:
    channel = FileRecording(loop, pipe[1])
    channel.pause_reading()
    assert channel.send(b"x" * 1_000_000) < 1_000_000
    assert channel.send(b"y") == 0
    assert len(os.read(pipe[0], 1_000_000)) > 0
    settle(loop)
    assert channel.send(b"y") == 1


def test_a_pipe_whose_reader_is_gone_is_noticed(loop: EventLoop, pipe: tuple[int, int]) -> None:
    channel = FileRecording(loop, pipe[1])
    channel.pause_reading()
    channel.send(b"unread")
    os.close(pipe[0])
    settle(loop)
    assert deliveries(loop) == 0
    assert channel.seen == ["close"]


@pytest.mark.parametrize("unread", [b"", b"unread"])
def test_the_end_of_a_paused_pipe_is_noticed_without_spinning(
    loop: EventLoop, pipe: tuple[int, int], unread: bytes
) -> None:
    channel = FileRecording(loop, pipe[0])
    channel.pause_reading()
    os.write(pipe[1], unread) if unread else None
    os.close(pipe[1])
    settle(loop)
    assert deliveries(loop) == 0
    assert channel.closed == (not unread)
    if unread:
        channel.resume_reading()
        settle(loop)
    assert (channel.data, channel.seen) == (unread, ["close"])


def test_a_terminal_is_read_and_written_and_keeps_its_mode(loop: EventLoop) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    channel = FileRecording(loop, slave)
    os.write(master, b"typed\n")
    run_until(loop, lambda: channel.data)
    assert channel.data == b"typed\n"
    channel.send(b"shown")
    shown = b""
    while b"shown" not in shown and select.select([master], [], [], 10)[0]:
        shown += os.read(master, 100)
    assert shown == b"typed\r\nshown"
    assert os.get_blocking(slave)
    assert termios.tcgetattr(slave) == before
    os.close(master)
    run_until(loop, lambda: channel.closed)
    assert channel.seen == ["close"]
    os.close(slave)


def test_a_regular_file_is_always_ready(loop: EventLoop, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"z" * 2500)
    with path.open("rb") as file:
        channel = FileRecording(loop, file.fileno())
        run_until(loop, lambda: channel.closed)
        assert channel.data == b"z" * 2500
        paused = FileRecording(loop, file.fileno())
        paused.pause_reading()
        assert deliveries(loop) == 0
        assert not file.closed
        assert not paused.closed
