"""Pipes, terminals and regular files behind a dispatcher."""

import os
import select
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from miniloop import EventLoop, FileDispatcher
from miniloop.system.files import FileWrapper
from tests.driving import deliveries
from tests.forked import in_child

pytestmark = pytest.mark.needs("files")


class Notes(FileDispatcher):
    def __init__(self, loop: EventLoop, fd: int) -> None:
        super().__init__(loop, fd)
        self.got: list[bytes] = []
        self.ends = 0

    def handle_read(self) -> None:
        self.got.append(self.recv(100))

    def handle_close(self) -> None:
        self.ends += 1


@pytest.fixture
def pipe() -> Iterator[list[int]]:
    ends = list(os.pipe())
    yield ends
    for fd in ends:
        os.close(fd)


def close_end(pipe: list[int], which: int) -> None:
    os.close(pipe.pop(which))


def test_a_duplicate_on_descriptor_zero_is_closed(pipe: list[int]) -> None:
    saved = os.dup(0)
    os.close(0)
    try:
        wrapper = FileWrapper(pipe[0])
        assert wrapper.fileno() == 0
        wrapper.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(0)
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def test_reads_a_pipe_to_its_end(loop: EventLoop, pipe: list[int]) -> None:
    channel = Notes(loop, pipe[0])
    os.write(pipe[1], b"hello")
    loop.run_once(0)
    close_end(pipe, 1)
    loop.run_once(0)
    assert channel.got == [b"hello", b""]
    assert (channel.ends, channel.closed) == (1, True)


def test_writes_a_pipe(loop: EventLoop, pipe: list[int]) -> None:
    channel = FileDispatcher(loop, pipe[1])
    channel.pause_reading()
    assert channel.send(b"hello") == 5
    assert os.read(pipe[0], 9) == b"hello"
    channel.close_write()
    channel.handle_read_event = channel.close  # type: ignore[method-assign]
    assert channel.addr == pipe[1]


def test_works_on_a_duplicate_and_sets_the_mode_back(loop: EventLoop, pipe: list[int]) -> None:
    channel = FileDispatcher(loop, pipe[0])
    assert channel.fileno() != pipe[0]
    assert not os.get_blocking(pipe[0])
    channel.close()
    assert channel.fileno() == -1
    assert os.get_blocking(pipe[0])
    os.set_blocking(pipe[0], False)
    wrapper = FileWrapper(pipe[0])
    wrapper.close()
    wrapper.close()
    assert not os.get_blocking(pipe[0])


def test_a_forked_child_leaves_the_mode_that_it_shares(loop: EventLoop, pipe: list[int]) -> None:
    """It belongs to the open file, so the parent's reads would block from then on."""
    channel = Notes(loop, pipe[0])

    def close() -> None:
        channel.close()
        assert not os.get_blocking(pipe[0])

    in_child(close)
    assert not os.get_blocking(pipe[0])
    channel.close()
    assert os.get_blocking(pipe[0])


def test_an_evicted_file_is_not_closed(loop: EventLoop, pipe: list[int]) -> None:
    channel = Notes(loop, pipe[0])
    fd = channel.fileno()
    channel.evict(channel)
    assert channel.ends == 1
    os.close(fd)  # still open


def test_object_with_a_descriptor(loop: EventLoop, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("rb") as opened:
        channel = Notes(loop, opened)  # type: ignore[arg-type]  # FileDispatcher takes both
        for _ in range(2):
            loop.run_once(5)
    assert channel.got == [b"content", b""]
    assert channel.ends == 1


def test_terminal_keeps_its_mode() -> None:
    ours, theirs = os.openpty()
    wrapper = FileWrapper(theirs)
    assert os.get_blocking(theirs)
    wrapper.close()
    os.close(ours)
    os.close(theirs)


def test_not_open(loop: EventLoop) -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        FileDispatcher(loop, 9999)


# -- the end is reported once --------------------------------------------------------------------


class Staying(Notes):
    """Goes on after the end of its input."""

    eofs = 0

    def handle_eof(self) -> None:
        self.eofs += 1


@pytest.mark.parametrize("pauses", [False, True])
def test_an_end_that_an_override_leaves_open_is_reported_once(
    loop: EventLoop, pipe: list[int], pauses: bool
) -> None:
    channel = Staying(loop, pipe[0])
    if pauses:
        channel.pause_reading()
    os.write(pipe[1], b"hello")
    close_end(pipe, 1)
    for _ in range(3):
        loop.run_once(0)
        channel.pause_reading()
        loop.run_once(0)
        channel.resume_reading()
    loop.run_once(0)
    assert deliveries(loop) == 0
    assert (channel.got[0], channel.eofs, channel.ends) == (b"hello", 1, 0)
    assert not channel.closed


def test_the_end_of_a_regular_file_is_reported_once(loop: EventLoop, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with path.open("rb") as opened:
        channel = Staying(loop, opened.fileno())
        for _ in range(5):
            loop.run_once(0)
        assert deliveries(loop) == 0
    assert (channel.got, channel.eofs, channel.ends) == ([b"content", b""], 1, 0)


# -- reading paused: the other end's disappearance is noticed, and nothing spins -----------------


def test_reader_of_a_paused_writer_disappears(loop: EventLoop, pipe: list[int]) -> None:
    channel = Notes(loop, pipe[1])
    channel.pause_reading()
    loop.run_once(0)
    assert channel.ends == 0
    close_end(pipe, 0)
    loop.run_once(5)
    assert channel.ends == 1


def test_unread_bytes_survive_the_writer(loop: EventLoop, pipe: list[int]) -> None:
    channel = Notes(loop, pipe[0])
    channel.pause_reading()
    os.write(pipe[1], b"hello")
    close_end(pipe, 1)
    for _ in range(2):
        loop.run_once(0)
    assert deliveries(loop) == 0
    channel.resume_reading()
    for _ in range(3):
        loop.run_once(0)
    assert channel.got == [b"hello", b""]
    assert channel.ends == 1


def test_paused_regular_file_lets_the_loop_wait(loop: EventLoop) -> None:
    with tempfile.TemporaryFile() as opened:
        channel = FileDispatcher(loop, opened.fileno())
        channel.pause_reading()
        loop.run_once(0)
        assert deliveries(loop) == 0
        assert channel.send(b"log line") == 8


def test_peeking(pipe: list[int]) -> None:
    wrapper = FileWrapper(pipe[0])
    with pytest.raises(BlockingIOError):
        wrapper.recv(1, 2)
    os.write(pipe[1], b"x")
    assert wrapper.recv(1, 2) != b""
    assert wrapper.recv(1) == b"x"
    close_end(pipe, 1)
    assert wrapper.recv(1, 2) == b""
    wrapper.close()


def test_where_select_waits_for_sockets_only(
    loop: EventLoop, pipe: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(select, "poll")
    with pytest.raises(OSError, match="waits for sockets only"):
        Notes(loop, pipe[0])


def test_what_cannot_be_registered_leaves_no_descriptor(pipe: list[int]) -> None:
    with EventLoop() as loop:
        pass
    before = {*os.listdir("/dev/fd")}
    with pytest.raises(RuntimeError, match="the loop is closed"):
        Notes(loop, pipe[0])
    assert {*os.listdir("/dev/fd")} <= before
    assert os.get_blocking(pipe[0])
