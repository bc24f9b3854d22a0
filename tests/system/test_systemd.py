"""What systemd says in the environment, and what is said to it."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.system import systemd
from miniloop.system.systemd import Notifier, take_notifier, take_sockets
from tests.driving import LONGEST

ME = str(os.getpid())


def announced(count: str, names: str | None = None, pid: str = ME) -> dict[str, str]:
    environ = {"LISTEN_PID": pid, "LISTEN_FDS": count, "LISTEN_PIDFDID": "1", "HOME": "/root"}
    return environ if names is None else {**environ, "LISTEN_FDNAMES": names}


@pytest.fixture
def passed() -> Iterator[int]:
    """The first of two descriptors in a row, of listening sockets; the one after them is closed."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    first = 200
    for number, server in enumerate(servers, first):
        os.dup2(server.fileno(), number)
        server.close()
    yield first
    for number in range(first, first + 2):
        try:
            os.close(number)
        except OSError:
            continue  # the test's socket has closed it


# -- sockets --------------------------------------------------------------------------------------


def test_the_sockets_are_taken_by_name(passed: int) -> None:
    environ = announced("2", "web:telnet")
    taken = take_sockets(environ, passed)
    assert [each.name for each in taken] == ["web", "telnet"]
    assert [each.sock.fileno() for each in taken] == [passed, passed + 1]
    for each in taken:
        assert each.sock.getsockname()[0] == "127.0.0.1"
        assert not each.sock.get_inheritable()
        each.sock.close()
    assert environ == {"HOME": "/root"}
    assert take_sockets(environ, passed) == []


def test_without_names_they_are_unknown(passed: int) -> None:
    (taken,) = take_sockets(announced("1"), passed)
    assert taken.name == "unknown"
    taken.sock.close()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": ME},
        announced("0"),
        announced("1", pid=str(os.getppid())),
        announced("nonsense", "a:b:c", pid="1"),
    ],
)
def test_nothing_is_meant_for_this_process(environ: dict[str, str], passed: int) -> None:
    assert take_sockets(environ, passed) == []
    assert environ.keys() <= {"HOME"}
    os.fstat(passed)  # untouched


NUMBERS = ["", "-1", "+1", " 1", "1 ", "1_0", "0x1", "1.0", "one", "\u0661", "1\n", "9" * 20]


@pytest.mark.parametrize("text", [*NUMBERS, "65537"])
def test_a_malformed_count_is_refused(text: str, passed: int) -> None:
    environ = announced(text)
    with pytest.raises(ValueError, match=r"LISTEN_FDS is .* up to 65536"):
        take_sockets(environ, passed)
    assert environ == {"HOME": "/root"}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_malformed_process_is_refused(text: str) -> None:
    environ = announced("1", pid=text)
    with pytest.raises(ValueError, match=r"LISTEN_PID is .* decimal number$"):
        take_sockets(environ)
    assert environ == {"HOME": "/root"}


@pytest.mark.parametrize("names", ["", "a", "a:b:c", "a:", "a:\n", "a:\u00e9", "a:" + 256 * "b"])
def test_malformed_names_are_refused(names: str, passed: int) -> None:
    environ = announced("2", names)
    with pytest.raises(ValueError, match=r"LISTEN_FDNAMES is .* \(2 here\)"):
        take_sockets(environ, passed)
    assert environ == {"HOME": "/root"}


def test_a_descriptor_that_is_not_open_is_told(passed: int) -> None:
    with pytest.raises(OSError, match=f"descriptor {passed + 2} .c., which is not open"):
        take_sockets(announced("3", "a:b:c"), passed)
    os.fstat(passed)  # none was taken


def test_a_descriptor_that_is_no_socket_is_told(passed: int) -> None:
    with open(os.devnull) as file:
        os.dup2(file.fileno(), passed + 1)
    with pytest.raises(OSError, match=f"descriptor {passed + 1} .unknown., which is no socket"):
        take_sockets(announced("2"), passed)


@given(st.fixed_dictionaries({}, optional={
    name: st.one_of(st.text(max_size=12), st.sampled_from([ME, "1", "2", "a:b", ":"]))
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET")
}))  # fmt: skip
def test_whatever_the_variables_say_they_are_gone_and_only_told_errors_escape(
    environ: dict[str, str],
) -> None:
    """Descriptor 100,000 is not open."""
    assert "LISTEN_" in error_of(lambda: take_sockets(environ, 100_000), "LISTEN_")
    assert "NOTIFY_SOCKET" in error_of(lambda: take_notifier(environ), "NOTIFY_SOCKET")
    assert environ == {}


def error_of(call: Callable[[], object], fine: str) -> str:
    """Return the text of a documented error, ``fine`` without one."""
    try:
        call()
    except (OSError, ValueError) as error:
        return str(error)
    return fine


# -- reports --------------------------------------------------------------------------------------


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's socket."""
    address = str(tmp_path / "notify")
    if request.param == "abstract":
        if not os.path.exists("/proc/net/unix"):
            pytest.skip("this system has no abstract names for UNIX sockets")
        address = f"\0miniloop-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.settimeout(LONGEST)
        yield sock


def variable(manager: socket.socket) -> str:
    address = manager.getsockname()
    return f"@{address[1:].decode()}" if isinstance(address, bytes) else address


def test_the_phases_are_reported(manager: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": variable(manager), "HOME": "/root"}
    notifier = take_notifier(environ)
    assert environ == {"HOME": "/root"}
    notifier.ready()
    assert manager.recv(1000).decode() == f"READY=1\nMAINPID={os.getpid()}"
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    first, second = manager.recv(1000).decode().split("\n")
    assert first == "RELOADING=1"
    name, value = second.split("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(value) <= time.monotonic_ns() // 1000
    notifier.stopping()
    assert manager.recv(1000) == b"STOPPING=1"
    notifier.send("STATUS=a few words", "X=1")
    assert manager.recv(1000) == b"STATUS=a few words\nX=1"


def test_without_a_manager_reports_do_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for notifier in (Notifier(), take_notifier({})):
        notifier.ready()
        notifier.stopping()
    assert caplog.text == ""


@pytest.mark.needs("unix sockets")
@pytest.mark.parametrize(
    "text", ["", "/", "@", "notify", "./notify", "@\0x", "/a\0b", "vsock:2:1", "/" + 107 * "x"]
)
def test_a_malformed_address_is_refused(text: str) -> None:
    environ = {"NOTIFY_SOCKET": text}
    with pytest.raises(ValueError, match="NOTIFY_SOCKET is "):
        take_notifier(environ)
    assert environ == {}


@pytest.mark.needs("unix sockets")
def test_the_longest_address_is_taken() -> None:
    take_notifier({"NOTIFY_SOCKET": "/" + 106 * "x"})


@pytest.mark.needs("unix sockets")
def test_a_manager_that_is_gone_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier(str(tmp_path / "gone")).ready()
    assert "cannot report READY=1 to the service manager: [Errno 2]" in caplog.text


def test_a_manager_that_does_not_read_is_given_up(
    manager: socket.socket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "SEND_TIMEOUT", 0.01)
    notifier = take_notifier({"NOTIFY_SOCKET": variable(manager)})
    for _ in range(10_000):
        notifier.stopping()
        if caplog.text:
            break
    assert "cannot report STOPPING=1 to the service manager: timed out" in caplog.text


@pytest.mark.parametrize("text", ["READY", "STATUS=two\nlines"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NAME=value"):
        Notifier().send("READY=1", text)


def test_without_unix_sockets_the_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    with pytest.raises(OSError, match="there are no UNIX sockets here"):
        take_notifier({"NOTIFY_SOCKET": "/run/notify"})
