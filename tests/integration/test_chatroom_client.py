"""The room's own client without its screen, and telnet in real terminals."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest

from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT, Server
from tests.integration.conftest import Connect, Start
from tests.integration.tmux import Tmux


def client_command(port: int, *options: str) -> list[str]:
    module = "examples.chatroom.client"
    return [sys.executable, "-W", "error", "-m", module, "--port", str(port), *options]


def test_the_client_reads_a_pipe(start: Start) -> None:
    done = subprocess.run(
        client_command(start().port, "--name", "ann"),
        cwd=ROOT,
        input="hello\nlast line without its end",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "] ann: hello\n" in done.stdout
    assert "] ann: last line without its end\n" in done.stdout
    assert done.stdout.endswith("-- Goodbye.\n")


@pytest.fixture
def bare_client() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """Run the client on pipes, logged in at our own silent server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = subprocess.Popen(
            client_command(listener.getsockname()[1], "--name", "ann"),
            cwd=ROOT,
            env={**ENVIRONMENT, "PYTHONIOENCODING": "ascii"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        connection = listener.accept()[0]
    with client, connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"-- Welcome.\r\n")
        assert client.stdout is not None
        assert client.stdout.readline() == b"-- Welcome.\n"
        received = b""
        while b"ann\n" not in received:
            received += connection.recv(100)
        yield client, connection
        client.kill()


def test_typing_on_while_the_server_goes_is_no_error(
    bare_client: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    client, connection = bare_client
    assert client.stdin is not None
    client.send_signal(signal.SIGSTOP)  # so that it will find both in one pass
    os.waitid(os.P_PID, client.pid, os.WSTOPPED)
    connection.close()
    client.stdin.write(b"hello\n")
    client.stdin.flush()
    client.send_signal(signal.SIGCONT)
    _, error = client.communicate(timeout=PATIENCE)
    assert (client.returncode, error) == (1, b"The server has closed the connection.\n")


def test_ctrl_c_after_the_end_of_input_is_no_error(
    bare_client: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    client, connection = bare_client
    assert client.stdin is not None
    client.stdin.close()
    received = b""
    while b"/quit\n" not in received:
        received += connection.recv(100)
    client.send_signal(signal.SIGINT)
    client.wait(PATIENCE)
    assert client.stderr is not None
    assert (client.returncode, client.stderr.read()) == (130, b"")


def test_what_the_terminal_cannot_show_ends_nothing(
    bare_client: tuple[subprocess.Popen[bytes], socket.socket],
) -> None:
    client, connection = bare_client
    connection.sendall("-- \N{SNOWMAN}\r\n-- on\r\n".encode())
    assert client.stdout is not None
    assert client.stdout.readline() == b"-- ?\n"
    assert client.stdout.readline() == b"-- on\n"


def test_one_socket_for_input_and_output_loses_no_line() -> None:
    """As under socat EXEC: and inetd: the screen is non-blocking because the keyboard is."""
    ours, theirs = socket.socketpair()
    lines = [b"-- %d %b" % (number, b"x" * 150) for number in range(6000)]  # 900 KB
    with socket.create_server(("127.0.0.1", 0)) as listener, ours:
        client = subprocess.Popen(
            client_command(listener.getsockname()[1], "--name", "ann"),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=theirs.fileno(),
        )
        theirs.close()
        connection = listener.accept()[0]
        with connection:
            connection.settimeout(PATIENCE)
            ours.settimeout(PATIENCE)
            assert ours.send(b"typed\n")
            received = b""
            while b"typed\n" not in received:  # the keyboard is watched
                received += connection.recv(100)
            connection.sendall(b"\r\n".join([*lines, b""]))
        shown = b""
        while data := ours.recv(65536):
            shown += data
        assert client.wait(PATIENCE) == 1
    assert shown.splitlines() == [*lines, b"The server has closed the connection."]


@pytest.mark.parametrize("typed", [None, subprocess.DEVNULL], ids=["at a keyboard", "no input"])
def test_a_server_that_says_nothing_is_told_so(typed: int | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = subprocess.Popen(
            client_command(port),
            cwd=ROOT,
            stdin=subprocess.PIPE if typed is None else typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with listener.accept()[0]:
            assert client.stderr is not None
            assert client.stderr.readline() == (
                f"127.0.0.1 port {port} says nothing; "
                "if it speaks TLS, leave and come again with --tls.\n"
            )
            if typed is None:
                assert client.poll() is None
                client.kill()
            else:
                assert client.wait(PATIENCE) == 1
        client.communicate(timeout=PATIENCE)


def test_a_server_that_closes_without_a_word_may_speak_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = subprocess.Popen(
            client_command(port),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        listener.accept()[0].close()
        _, error = client.communicate(timeout=PATIENCE)
    assert client.returncode == 1
    assert error == (
        f"127.0.0.1 port {port} has closed the connection without a word; "
        "if it speaks TLS, --tls.\n"
    )


def test_a_failed_connect_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    done = subprocess.run(
        client_command(port),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"Cannot connect to 127.0.0.1 port {port}: Connection refused.\n"


class Terminal:
    """The plain client in a pseudo-terminal of its own, which it shares with us as with a shell."""

    def __init__(self, port: int) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (24, 61))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            client_command(port, "--plain", "--name", "ann"),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
        )
        self.seen = b""

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    def expect(self, text: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert select.select([self.master], [], [], max(0, left))[0], self.seen
            self.seen += os.read(self.master, 65536)

    def check_sane(self) -> None:
        assert termios.tcgetattr(self.slave) == self.before
        assert os.get_blocking(self.slave)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal(start: Start) -> Iterator[tuple[Server, Terminal]]:
    server = start()
    screen = Terminal(server.port)
    try:
        screen.expect(b"-- ann came into lobby.")
        yield server, screen
    finally:
        screen.close()


@pytest.mark.parametrize(
    ("typed", "code"), [(b"\x04", 0), (b"/quit\n", 0)], ids=["Ctrl-D", "/quit"]
)
def test_the_client_leaves_the_terminal_as_it_was(
    terminal: tuple[Server, Terminal], typed: bytes, code: int
) -> None:
    _, screen = terminal
    screen.type(b"hello\n")
    screen.expect(b"] ann: hello\r\n")
    screen.check_sane()  # while it runs, too: it may be killed or suspended
    screen.type(typed)
    assert screen.process.wait(PATIENCE) == code
    screen.expect(b"-- Goodbye.")
    screen.check_sane()


def test_lines_are_cut_for_the_window_as_it_is_now(terminal: tuple[Server, Terminal]) -> None:
    _, screen = terminal
    words = " ".join(["word"] * 14)
    screen.type(words.encode() + b"\n")
    screen.expect(b"] ann:" + b" word" * 9 + b"\r\n    word word word word word\r\n")
    termios.tcsetwinsize(screen.slave, (24, 120))
    screen.process.send_signal(signal.SIGWINCH)  # as a controlling terminal would
    for number in range(10):  # the signal and the input arrive independently
        screen.type(f"{words} {number}\n".encode())
        screen.expect(f" {number}\r\n".encode())
    screen.expect(b"] ann:" + b" word" * 14 + b" 9\r\n")


def test_ctrl_c_ends_the_client_and_says_goodbye(
    terminal: tuple[Server, Terminal], connect: Connect
) -> None:
    server, screen = terminal
    watcher = connect(server, "watcher")
    screen.process.send_signal(signal.SIGINT)
    assert screen.process.wait(PATIENCE) == 130
    watcher.expect("-- ann left lobby: quit.")
    screen.check_sane()


def test_the_client_says_so_when_the_server_goes(terminal: tuple[Server, Terminal]) -> None:
    server, screen = terminal
    server.stop()
    assert screen.process.wait(PATIENCE) == 1
    screen.expect(b"-- The chat room is closing. Goodbye.")
    screen.expect(b"The server has closed the connection.")


@pytest.mark.parametrize("tmux", [("telnet", "nc")], indirect=True)
def test_two_telnets_and_an_nc_in_a_real_terminal(start: Start, tmux: Tmux) -> None:
    server = start()
    for window, command in (("ann", "telnet"), ("bob", "telnet"), ("carl", "nc")):
        tmux.open(window, f"{command} 127.0.0.1 {server.port}")
        tmux.expect(window, "What is your name?")
        tmux.type(window, window, "Enter")
        tmux.expect(window, f"-- {window} came into lobby.")
    tmux.type("ann", "hello grüße", "Enter")
    for window in ("ann", "bob", "carl"):
        tmux.expect(window, "] ann: hello grüße")
    tmux.type("ann", "half a line", "C-c")
    tmux.type("ann", "still here", "Enter")
    for window in ("ann", "bob", "carl"):
        assert "ann: half" not in tmux.expect(window, "] ann: still here")
    tmux.type("carl", "from nc", "Enter")
    tmux.expect("ann", "] carl: from nc")
    tmux.type("carl", "C-c")
    tmux.expect("bob", "-- carl left lobby")
    tmux.type("bob", "/quit", "Enter")
    tmux.expect("bob", "-- Goodbye.")
    tmux.expect("ann", "-- bob left lobby: quit.")
    server.stop()
    tmux.expect("ann", "-- The chat room is closing. Goodbye.")
