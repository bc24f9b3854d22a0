"""file_wrapper and file_dispatcher: descriptors under a dispatcher's handlers."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from miniloop.compat import asyncore
from tests.compat.serving import serve

Map = dict[int, Any]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_it_duplicates_and_closes_only_the_duplicate(core: Any, pipe: tuple[int, int]) -> None:
    wrapper = core.file_wrapper(pipe[0])
    assert wrapper.fd == wrapper.fileno() != pipe[0]
    number = wrapper.fd
    wrapper.close()
    assert wrapper.fileno() == -1
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(number)
    os.fstat(pipe[0])


def test_no_double_close(core: Any, pipe: tuple[int, int]) -> None:
    wrapper = core.file_wrapper(pipe[0])
    number = wrapper.fd
    wrapper.close()
    os.dup2(pipe[0], number)  # another file's by now
    wrapper.close()
    wrapper.__del__()
    os.close(number)


@pytest.mark.parametrize(("out", "into"), [("send", "recv"), ("write", "read")])
def test_four_names_for_two_methods(core: Any, pipe: tuple[int, int], out: str, into: str) -> None:
    reader, writer = core.file_wrapper(pipe[0]), core.file_wrapper(pipe[1])
    assert getattr(writer, out)(b"hello") == 5
    assert getattr(reader, into)(100) == b"hello"
    reader.close()
    writer.close()


def test_getsockopt_knows_one_answer(core: Any, pipe: tuple[int, int]) -> None:
    wrapper = core.file_wrapper(pipe[0])
    assert wrapper.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert wrapper.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR, 0) == 0
    for question in ((socket.SOL_SOCKET, socket.SO_REUSEADDR), (1, socket.SO_ERROR, 4)):
        with pytest.raises(NotImplementedError, match="Only asyncore specific behaviour"):
            wrapper.getsockopt(*question)
    wrapper.close()


def test_a_forgotten_one_warns_and_closes(core: Any, pipe: tuple[int, int]) -> None:
    wrapper = core.file_wrapper(pipe[0])
    number = wrapper.fd
    with pytest.warns(ResourceWarning, match=r"unclosed file <.*file_wrapper object"):
        del wrapper  # its last reference
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(number)


def test_a_failed_duplication_leaves_nothing_behind() -> None:
    """The original's finalizer failed then."""
    with pytest.raises(OSError, match="Bad file"):
        asyncore.file_wrapper(-1)


def test_a_pipe_is_served(core: Any, pipe: tuple[int, int], map: Map, use_poll: bool) -> None:
    channel = core.file_dispatcher(pipe[0], map)
    seen: list[bytes] = []
    channel.writable = lambda: False
    channel.handle_read = lambda: seen.append(channel.recv(100))
    os.write(pipe[1], b"hello")
    serve(core, map, lambda: seen, use_poll)
    assert seen == [b"hello"]
    channel.close()
    assert map == {}


def test_it_takes_what_has_a_fileno(core: Any, pipe: tuple[int, int], map: Map) -> None:
    with os.fdopen(os.dup(pipe[0]), "rb") as file:
        channel = core.file_dispatcher(file, map)
        assert not os.get_blocking(file.fileno())
    assert channel.connected
    assert list(map) == [channel._fileno] == [channel.socket.fileno()]
    channel.close()


def test_a_number_of_a_closed_file_is_an_error(map: Map) -> None:
    with pytest.raises(OSError, match="Bad file"):
        asyncore.file_dispatcher(-1, map)
    assert map == {}


def test_the_end_of_a_pipe_reaches_handle_close(core: Any, map: Map, use_poll: bool) -> None:
    reading, writing = os.pipe()
    channel = core.file_dispatcher(reading, map)
    os.close(reading)
    channel.writable = lambda: False
    channel.handle_read = lambda: channel.recv(100)
    os.close(writing)
    core.loop(5, use_poll, map, 3)
    assert map == {}
    assert channel.socket.fileno() == -1


def test_send_and_recv_go_through_the_dispatchers_own(
    core: Any, pipe: tuple[int, int], map: Map
) -> None:
    writer, reader = core.file_dispatcher(pipe[1], map), core.file_dispatcher(pipe[0], map)
    assert writer.send(b"hello") == 5
    assert reader.recv(10) == b"hello"
    writer.close()
    reader.close()
