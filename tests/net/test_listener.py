"""The short way to a server."""

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop, Listener
from miniloop.trace import inspection
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
def test_a_path_removed_by_another_program(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, str(path), Echo)
        path.unlink()
        listener.close()
        assert listener.closed


@pytest.mark.needs("unix sockets")
@pytest.mark.parametrize("form", [str, Path, os.fsencode])
def test_every_form_of_a_path(tmp_path: Path, form: Callable[[str], Any]) -> None:
    path = str(tmp_path / "door")
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, form(path), Echo)
        assert listener.address == path
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            assert ask(loop, client) == b"hello\n"
        listener.close()
        assert not os.path.exists(path)


@pytest.mark.needs("unix sockets")
@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are Linux's own")
@pytest.mark.parametrize("form", [str, os.fsencode])
def test_an_abstract_name(form: Callable[[str], Any]) -> None:
    name = form(f"\0miniloop test {os.getpid()}")
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, name, Echo)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(name)
            assert ask(loop, client) == b"hello\n"
        with pytest.raises(OSError, match=r"already in use: .*miniloop test "):
            Listener(loop, name, Echo)
        listener.close()
        Listener(loop, name, Echo).close()


@pytest.mark.needs("unix sockets")
def test_the_socket_of_a_successor_outlives_the_listener(tmp_path: Path) -> None:
    path = tmp_path / "door"
    with EventLoop(debug=True) as loop:
        first = Listener(loop, path, Echo)
        path.unlink()
        Listener(loop, path, Echo)
        first.close()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            assert ask(loop, client) == b"hello\n"


@pytest.mark.needs("unix sockets")
def test_closing_after_chdir_removes_the_right_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "door").write_text("precious")
    monkeypatch.chdir(tmp_path)
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, "door", Echo)
        monkeypatch.chdir(elsewhere)
        listener.close()
    assert not (tmp_path / "door").exists()
    assert (elsewhere / "door").read_text() == "precious"


def test_a_living_server_whose_backlog_is_full_is_not_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as living, socket.socket(socket.AF_UNIX) as waiting:
        living.bind(path)
        living.listen(0)
        waiting.connect(path)
        with EventLoop(debug=True) as loop, pytest.raises(OSError, match="already in use"):
            Listener(loop, path, Echo)


def test_a_taken_port_raises_and_leaves_nothing_behind() -> None:
    with EventLoop(debug=True) as loop:
        first = Listener(loop, ("127.0.0.1", 0), Echo)
        address = first.address[:2]
        with pytest.raises(OSError, match=r"[Aa]ddress already in use") as caught:
            Listener(loop, address, Echo)
        assert str(caught.value).endswith(f": {address!r}")
        assert caught.value.errno == errno.EADDRINUSE
        assert "(" not in str(caught.value.strerror)  # as the system says it
        assert len(inspection.registrations(loop)) == 1


def test_an_address_of_another_machine_is_named_in_the_error() -> None:
    with EventLoop(debug=True) as loop, pytest.raises(OSError, match=r"192\.0\.2\.1") as caught:
        Listener(loop, ("192.0.2.1", 80), Echo)
    assert caught.value.errno == errno.EADDRNOTAVAIL


@pytest.mark.needs("unix sockets")
def test_a_path_that_cannot_be_bound_is_named_in_the_error(tmp_path: Path) -> None:
    path = str(tmp_path / "no folder" / "door")
    with EventLoop(debug=True) as loop, pytest.raises(FileNotFoundError) as caught:
        Listener(loop, path, Echo)
    assert path in str(caught.value)


def test_a_port_is_bound_again_while_old_connections_linger() -> None:
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, ("127.0.0.1", 0), Echo)
        assert listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)


def test_the_family_may_be_given() -> None:
    with EventLoop(debug=True) as loop:
        listener = Listener(loop, ("", 0), Echo, family=socket.AF_INET6)
        assert listener.socket.family == socket.AF_INET6


def test_a_name_that_cannot_be_resolved_keeps_the_kind_of_its_error(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unresolved(socket.socket):
        def bind(self, address: Any) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(loop, "new_socket", Unresolved)
    with pytest.raises(socket.gaierror, match=r"not known: \('no.example', 80\)"):
        Listener(loop, ("no.example", 80), Echo)


@pytest.mark.parametrize("address", [None, 80, ("127.0.0.1",), (80, "127.0.0.1"), ["127.0.0.1", 0]])
def test_what_is_no_address_is_refused(loop: EventLoop, address: Any) -> None:
    with pytest.raises(
        TypeError, match=r"an address is \(host, port\), or the path of a UNIX socket: "
    ):
        Listener(loop, address, Echo)
    assert inspection.registrations(loop) == []


def test_a_path_where_the_system_has_no_unix_sockets(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    with pytest.raises(
        OSError, match=r"no UNIX sockets here: listen on \(host, port\): '/tmp/door'"
    ):
        Listener(loop, "/tmp/door", Echo)
    assert inspection.registrations(loop) == []


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
        assert made[0].closed
        assert [each.channel for each in inspection.registrations(loop)] == [listener]
        with socket.create_connection(listener.address[:2]) as second:
            assert ask(loop, second) == b"hello\n"
        assert "ZeroDivisionError" in caplog.text


def test_a_factory_that_forgets_to_initialise_costs_one_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.warns(RuntimeWarning, match=r"Forgetful.__init__\(\) does not call super"):

        class Forgetful(Echo):
            def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
                self.sock = sock

    with EventLoop(debug=True) as loop:
        listener = Listener(loop, ("127.0.0.1", 0), Forgetful)
        with socket.create_connection(listener.address[:2]) as client:
            run_until(loop, lambda: caplog.records)
            assert client.recv(1) == b""
        assert "Forgetful: call super().__init__(loop, ...) first" in caplog.text
        assert listener.accepting
