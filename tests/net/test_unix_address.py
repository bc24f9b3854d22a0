"""Which socket file may be removed, and by which process; a few real sockets in a folder."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from miniloop.net.unix_address import SocketFile, is_abstract, remove_dead

pytestmark = pytest.mark.needs("unix sockets")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "door")


def bind(stack: ExitStack, path: str | bytes) -> socket.socket:
    """Return a bound socket that is closed when the test ends; its file stays."""
    sock = stack.enter_context(socket.socket(socket.AF_UNIX))
    sock.bind(path)
    return sock


@pytest.mark.parametrize(
    ("name", "abstract"),
    [("\0name", True), (b"\0name", True), ("", True), (b"", True), ("/x", False), (b"x", False)],
)
def test_abstract_names(name: str | bytes, abstract: bool) -> None:
    assert is_abstract(name) is abstract


# -- the file of a listener ----------------------------------------------------------------------


def test_the_file_is_removed(stack: ExitStack, path: str) -> None:
    bind(stack, path)
    SocketFile(path).remove()
    assert not os.path.exists(path)


def test_a_path_of_bytes(stack: ExitStack, path: str) -> None:
    bind(stack, os.fsencode(path))
    SocketFile(os.fsencode(path)).remove()
    assert not os.path.exists(path)


def test_the_socket_file_of_a_successor_stays(stack: ExitStack, path: str) -> None:
    bind(stack, path)
    file = SocketFile(path)
    os.unlink(path)
    bind(stack, path)
    file.remove()
    assert os.path.exists(path)


def test_any_other_file_at_that_path_stays(stack: ExitStack, path: str) -> None:
    bind(stack, path)
    file = SocketFile(path)
    os.unlink(path)
    Path(path).write_text("precious")
    file.remove()
    assert Path(path).read_text() == "precious"


def test_the_working_directory_does_not_matter(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "door").write_text("precious")
    monkeypatch.chdir(tmp_path)
    bind(stack, "door")
    file = SocketFile("door")
    monkeypatch.chdir(elsewhere)
    file.remove()
    assert not (tmp_path / "door").exists()
    assert (elsewhere / "door").read_text() == "precious"


def test_a_forked_childs_copy_removes_nothing(
    stack: ExitStack, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind(stack, path)
    file = SocketFile(path)
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    file.remove()
    assert os.path.exists(path)


def test_a_file_that_is_gone_already_is_no_error(
    stack: ExitStack, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    bind(stack, path)
    file = SocketFile(path)
    os.unlink(path)
    with caplog.at_level(logging.DEBUG, "miniloop"):
        file.remove()
    assert f"cannot remove {path!r}" in caplog.text


# -- the file in the way -------------------------------------------------------------------------


def test_the_file_of_a_server_that_is_gone_is_removed(path: str) -> None:
    with ExitStack() as stack:
        bind(stack, path)
    assert remove_dead(path)
    assert not os.path.exists(path)


def test_the_file_of_a_living_server_stays(stack: ExitStack, path: str) -> None:
    bind(stack, path).listen()
    assert not remove_dead(path)
    assert os.path.exists(path)


def test_a_living_server_with_a_full_backlog_is_not_waited_for(stack: ExitStack, path: str) -> None:
    """A probe that blocks would hang until that server accepts."""
    bind(stack, path).listen(0)
    stack.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
    full = stack.enter_context(socket.socket(socket.AF_UNIX))
    full.setblocking(False)
    assert full.connect_ex(path) == errno.EAGAIN
    assert not remove_dead(path)
    assert os.path.exists(path)


def test_a_file_that_is_no_socket_stays(path: str) -> None:
    Path(path).write_text("precious")
    assert not remove_dead(path)
    assert Path(path).read_text() == "precious"


@pytest.mark.parametrize("name", ["\0name", b"\0name", ""])
def test_an_abstract_name_has_no_file_to_remove(name: str | bytes) -> None:
    assert not remove_dead(name)


def test_a_file_that_another_server_has_just_removed_is_out_of_the_way(path: str) -> None:
    assert remove_dead(path)


def test_a_file_that_cannot_be_removed_is_raised(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", path)

    with ExitStack() as stack:
        bind(stack, path)
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        remove_dead(path)
