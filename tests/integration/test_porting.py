"""The ported program at each of its steps: a real process, a real client, the same answers."""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEPS = Path("examples/porting")
PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long when all is well
OLD = str(STEPS / "step0_asyncore.py")
OLD_MODULE = "examples.porting.step0_asyncore"
INSTALLED = f"""
import runpy, miniloop.compat
miniloop.compat.install()
runpy.run_path({OLD!r}, run_name="__main__")
"""
ORIGINAL = ["-W", "ignore:The asyn:DeprecationWarning", OLD]
"""On 3.11's own asyncore and asynchat, which announce their removal: the one thing expected."""

ON_ASYNCORE = {
    "step0 on asyncore": ORIGINAL,
    "step0 under -m miniloop.compat": ["-m", "miniloop.compat", OLD],
    "step0 under -m miniloop.compat -m": ["-m", "miniloop.compat", "-m", OLD_MODULE],
    "step0 after install()": ["-c", INSTALLED],
    "step1": [str(STEPS / "step1_import.py")],
}
STOPPED_BY_CTRL_C = {**ON_ASYNCORE, "step2": [str(STEPS / "step2_native.py")]}
STOPPED_BY_BOTH = {
    "step3": [str(STEPS / "step3_timer.py")],
    "step4": [str(STEPS / "step4_listener.py")],
    "step5": [str(STEPS / "step5_miniloop.py")],
}
PROGRAMS = {**STOPPED_BY_CTRL_C, **STOPPED_BY_BOTH}


class Program:
    """One step as a process, on a free port."""

    def __init__(self, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", *arguments, "0"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        found = re.search(r"serving on port (\d+)$", first)
        assert found, first or self.process.communicate()[1]
        self.port = int(found[1])

    def stop(self, number: signal.Signals) -> int:
        """Stop it; return the exit code.  It may have logged who came, and nothing else."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=PATIENCE)
        assert re.sub(r"(?m)^INFO:.*\n", "", log) == ""
        return self.process.returncode


class Client:
    """A bare TCP connection."""

    def __init__(self, program: Program) -> None:
        self.socket = socket.create_connection(("127.0.0.1", program.port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, request: bytes, end: bytes = b"\r\n") -> bytes:
        """Send a request and return its answer, up to the line that is `end`."""
        self.send(request + b"\r\n")
        return self.answer(end)

    def answer(self, end: bytes = b"\r\n") -> bytes:
        answer = b""
        while not answer.endswith(end):
            line = self.file.readline()
            assert line, f"the connection ended after {answer!r}"
            answer += line
        return answer

    def get(self, key: bytes) -> bytes:
        return self.ask(b"get " + key, b"END\r\n")

    def stats(self) -> bytes:
        return self.ask(b"stats", b"END\r\n")

    def reset(self) -> None:
        """Go away as a crashed machine does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@contextmanager
def started(name: str) -> Iterator[Program]:
    """Start a program that does not outlive the block."""
    if PROGRAMS[name] is ORIGINAL and sys.version_info >= (3, 12):
        pytest.skip("Python 3.12 removed asyncore and asynchat")
    program = Program(PROGRAMS[name])
    with program.process:
        try:
            yield program
        finally:
            program.process.kill()


@pytest.fixture(params=PROGRAMS, scope="module")
def program(request: pytest.FixtureRequest) -> Iterator[Program]:
    """Each of the programs in turn, for all tests; Ctrl-C must end it without a word."""
    with started(request.param) as program:
        yield program
        assert program.stop(signal.SIGINT) == 0


@pytest.fixture
def client(program: Program) -> Iterator[Client]:
    client = Client(program)
    yield client
    client.close()


VALUES = {
    "a word": b"hello",
    "nothing": b"",
    "line ends and the end of an answer": b"\r\nEND\r\n\r",
    "every byte": bytes(range(256)),
    "as much as a receive brings": b"v" * 65536,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_was_set_is_got(client: Client, value: bytes) -> None:
    client.send(b"set key 5 0 %d\r\n%b\r\n" % (len(value), value))
    assert client.answer() == b"STORED\r\n"
    wanted = b"VALUE key 5 %d\r\n%b\r\nEND\r\n" % (len(value), value)
    client.send(b"get key\r\n")
    assert client.file.read(len(wanted)) == wanted


def test_a_missing_key_has_no_value(client: Client) -> None:
    assert client.get(b"missing") == b"END\r\n"


def test_pieces_of_any_size_are_the_same_requests(client: Client) -> None:
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"set bytes 0 0 3\r\na\rb\r\nget bytes\r\n":
        client.send(bytes([byte]))
    assert client.answer() == b"STORED\r\n"
    assert client.answer(b"END\r\n") == b"VALUE bytes 0 3\r\na\rb\r\nEND\r\n"


def test_requests_sent_at_once_are_answered_in_order(client: Client) -> None:
    count = 300
    client.send(b"".join(b"set n 0 0 3\r\n%03d\r\nget n\r\n" % n for n in range(count)))
    for n in range(count):
        wanted = b"STORED\r\nVALUE n 0 3\r\n%03d\r\nEND\r\n" % n
        assert client.answer(b"END\r\n") == wanted


@pytest.mark.parametrize(
    "wrong",
    [b"unknown", b"", b"get", b"set key", b"set key 0 0 many", b"set key 0 0 -5", b"\xff\x00"],
)
def test_an_error_is_answered_and_the_client_goes_on(client: Client, wrong: bytes) -> None:
    assert client.ask(wrong) == b"ERROR\r\n"
    assert client.get(b"missing") == b"END\r\n"


def test_what_has_expired_is_swept(client: Client) -> None:
    kept, swept = (
        client.ask(b"set kept 0 1000 1\r\n1"),
        client.ask(b"set swept 0 -1 1\r\n1"),
    )
    assert kept == swept == b"STORED\r\n"
    deadline = time.monotonic() + PATIENCE
    while client.get(b"swept") != b"END\r\n":
        assert time.monotonic() < deadline, "nobody swept"
    assert client.get(b"kept") == b"VALUE kept 0 1\r\n1\r\nEND\r\n"


@pytest.mark.parametrize("way", ["quit", "close", "reset"])
def test_the_clients_are_counted(program: Program, client: Client, way: str) -> None:
    wait_for_connections(client, 1)
    other = Client(program)
    assert other.get(b"missing") == b"END\r\n"
    wait_for_connections(client, 2)
    if way == "quit":
        other.send(b"get missing\r\nquit\r\n")
        assert other.file.read() == b"END\r\n"
    if way == "reset":
        other.reset()
    else:
        other.close()
    wait_for_connections(client, 1)


def wait_for_connections(client: Client, number: int) -> None:
    """Ask until so many are counted: those that tests left behind need a moment to go."""
    deadline = time.monotonic() + PATIENCE
    while not client.stats().startswith(b"STAT curr_connections %d\r\n" % number):
        assert time.monotonic() < deadline, f"never {number} connections: {client.stats()!r}"


def test_who_half_closes_gets_its_answers(client: Client) -> None:
    client.send(b"set half 0 0 2\r\nab\r\nget half\r\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.file.read() == b"STORED\r\nVALUE half 0 2\r\nab\r\nEND\r\n"


@pytest.mark.parametrize("name", STOPPED_BY_CTRL_C)
def test_sigterm_kills_whoever_runs_its_own_passes(name: str) -> None:
    with started(name) as program:
        assert program.stop(signal.SIGTERM) == -signal.SIGTERM


@pytest.mark.parametrize("name", STOPPED_BY_BOTH)
def test_sigterm_ends_run_in_order(name: str) -> None:
    with started(name) as program:
        client = Client(program)
        client.send(b"get missing\r\n")
        assert client.answer() == b"END\r\n"
        assert program.stop(signal.SIGTERM) == 0
        assert client.file.read() == b""
        client.close()
