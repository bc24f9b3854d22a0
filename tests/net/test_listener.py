"""The short way to a server."""

import os
import socket
from pathlib import Path

import pytest

from miniloop import EventLoop, Listener
from tests.driving import Lines, run_until, settle


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def ask(loop: EventLoop, sock: socket.socket) -> bytes:
    """Send one line; return what comes back."""
    sock.setblocking(False)
    sock.send(b"hello\n")
    answer = b""

    def answered() -> bool:
        nonlocal answer
        try:
            answer += sock.recv(100)
        except BlockingIOError:
            return False
        return answer.endswith(b"\n")

    run_until(loop, answered)
    return answer


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_serve_at_a_free_port(host: str) -> None:
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, (host, 0), Echo)
        assert listener.address[1] != 0
        with socket.create_connection(listener.address[:2]) as client:
            assert ask(loop, client) == b"hello\n"


@pytest.mark.needs("unix sockets")
def test_serve_at_a_path_which_goes_with_the_listener(tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, path, Echo)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            assert ask(loop, client) == b"hello\n"
        listener.close()
        assert not os.path.exists(path)
        listener.close()


@pytest.mark.needs("unix sockets")
def test_a_dead_servers_path_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with EventLoop(debug=True) as loop:
        assert Listener(loop, path, Echo).accepting


@pytest.mark.needs("unix sockets")
def test_a_living_servers_path_is_not(tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with EventLoop(debug=True) as loop:
        Listener(loop, path, Echo)
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            Listener(loop, path, Echo)
        assert os.path.exists(path)


@pytest.mark.needs("unix sockets")
def test_a_file_in_the_way_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "door"
    path.write_text("precious")
    with EventLoop(debug=True) as loop:
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            Listener(loop, str(path), Echo)
        settle(loop)
    assert path.read_text() == "precious"


@pytest.mark.needs("unix sockets")
def test_a_path_removed_by_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, str(path), Echo)
        path.unlink()
        listener.close()
        assert listener.closed


def test_a_taken_port_raises_and_leaves_nothing_behind() -> None:
    with EventLoop(debug=True) as loop:
        first = Listener(loop, ("127.0.0.1", 0), Echo)
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            Listener(loop, first.address[:2], Echo)
        assert len(loop._channels()) == 1


def test_the_factory_must_be_callable() -> None:
    with EventLoop(debug=True) as loop, pytest.raises(TypeError, match=r"factory\(loop, sock\)"):
        Listener(loop, ("127.0.0.1", 0), "Echo")  # type: ignore[arg-type]  # the mistake


def test_a_factory_that_fails_costs_one_connection(caplog: pytest.LogCaptureFixture) -> None:
    made: list[Echo] = []

    def factory(loop: EventLoop, sock: socket.socket) -> None:
        made.append(Echo(loop, sock))
        if len(made) == 1:
            raise ZeroDivisionError

    with EventLoop(debug=True) as loop:
        listener = Listener(loop, ("127.0.0.1", 0), factory)
        with socket.create_connection(listener.address[:2]) as first:
            run_until(loop, lambda: made)
            assert first.recv(1) == b""
        with socket.create_connection(listener.address[:2]) as second:
            assert ask(loop, second) == b"hello\n"
        assert made[0].closed
        assert "ZeroDivisionError" in caplog.text
