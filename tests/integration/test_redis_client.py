"""The Redis client and Debian's redis-server: streams, restarts, LOADING, SIGKILL, users, TLS."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop
from tests.certificates import certificates
from tests.driving import run_until
from tests.integration.redis_server import PATIENCE, RedisServer

pytest.importorskip("hiredis", reason="needs the extra [redis]")

from examples.redis_client import Address, Lost, RedisClient, error_code, parse_url

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.needs("localhost")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.wait()
    yield server
    server.kill()


class Notes:
    """A client and what it reported."""

    def __init__(self, loop: EventLoop, address: Address, **options: Any) -> None:
        self.loop = loop
        self.lost: list[Exception] = []
        self.pushes: list[list[Any]] = []
        self.client = RedisClient(
            loop, address, on_push=self.pushes.append, on_lost=self.lost.append, longest=0.2,
            **options,
        )  # fmt: skip

    def start(self, *words: Any, **options: Any) -> list[Any]:
        """Send a command; return the list that its outcome will be in."""
        outcome: list[Any] = []
        self.client.call(*words, on_reply=outcome.append, **options)
        return outcome

    def ask(self, *words: Any, **options: Any) -> Any:
        """Send a command and return its outcome."""
        outcome = self.start(*words, **options)
        run_until(self.loop, lambda: outcome)
        return outcome[0]


def at(server: RedisServer) -> Address:
    return Address("127.0.0.1", server.port)


@pytest.fixture
def notes(loop: EventLoop, redis: RedisServer) -> Notes:
    return Notes(loop, at(redis))


def test_kinds_of_replies(notes: Notes) -> None:
    assert notes.ask("SET", "a", b"\r\n\0") == b"OK"
    assert notes.ask("GET", "a") == b"\r\n\0"
    assert notes.ask("GET", "none") is None
    assert notes.ask("INCRBY", "n", 41) == 41
    assert notes.ask("HSET", "h", "f", 1.5) == 1
    assert notes.ask("HGETALL", "h") == {b"f": b"1.5"}
    assert error_code(notes.ask("INCR", "a")) == "ERR"
    assert error_code(notes.ask("EVALSHA", "0" * 40, 0)) == "NOSCRIPT"
    assert b"redis_version" in notes.ask("INFO", "server")
    assert notes.ask("ZADD", "z", 1.5, "m") == 1
    assert notes.ask("ZSCORE", "z", "m") == 1.5


def test_ten_thousand_in_one_pass(notes: Notes) -> None:
    replies: list[int] = []
    for _ in range(10_000):
        notes.client.call("INCR", "n", on_reply=replies.append, timeout=PATIENCE)
    run_until(notes.loop, lambda: len(replies) == 10_000)
    assert replies == [*range(1, 10_001)]


def test_a_large_value(notes: Notes) -> None:
    value = bytes(range(256)) * 30_000
    assert notes.ask("SET", "a", value, timeout=PATIENCE) == b"OK"
    assert notes.ask("GET", "a", timeout=PATIENCE) == value


def test_streams_with_a_connection_that_blocks(loop: EventLoop, redis: RedisServer) -> None:
    writer, reader = Notes(loop, at(redis)), Notes(loop, at(redis))
    number = reader.ask("CLIENT", "ID")
    first = reader.start("XREAD", "BLOCK", 20_000, "STREAMS", "{room:a}", "0", timeout=30.0)
    entry = writer.ask("XADD", "{room:a}", "*", "text", "hello")
    run_until(loop, lambda: first)
    assert first == [{b"{room:a}": [[entry, [b"text", b"hello"]]]}]
    second = reader.start("XREAD", "BLOCK", 20_000, "STREAMS", "{room:a}", entry, timeout=30.0)
    while not writer.ask("CLIENT", "UNBLOCK", number):
        loop.run_once(0)
    run_until(loop, lambda: second)
    assert second == [None]
    assert reader.lost == []


def test_publishing(loop: EventLoop, redis: RedisServer) -> None:
    writer, reader = Notes(loop, at(redis)), Notes(loop, at(redis))
    assert reader.ask("SUBSCRIBE", "a", "b") == [b"subscribe", b"b", 2]
    assert writer.ask("PUBLISH", "b", "hello") == 1
    run_until(loop, lambda: reader.pushes)
    assert reader.pushes == [[b"message", b"b", b"hello"]]
    assert reader.ask("GET", "a") is None  # RESP3: a subscriber may ask for other things
    assert reader.ask("UNSUBSCRIBE", "a", "b") == [b"unsubscribe", b"b", 0]


# -- failures -------------------------------------------------------------------------------------


def test_killed_and_started_again(redis: RedisServer, notes: Notes) -> None:
    assert notes.ask("SET", "a", 1) == b"OK"
    blocked = notes.start("BLPOP", "queue", 0, timeout=None)
    assert notes.client.connected
    redis.kill()
    run_until(notes.loop, lambda: blocked and not notes.client.connected)
    assert isinstance(blocked[0], Lost)
    later = notes.start("INCR", "a", timeout=PATIENCE)
    run_until(notes.loop, lambda: len(notes.lost) > 2)
    redis.start()
    run_until(notes.loop, lambda: later)
    assert later == [2]


def test_stopped_in_order(redis: RedisServer, notes: Notes) -> None:
    notes.ask("SET", "a", 1)
    redis.signal(signal.SIGTERM)
    redis.process.wait(PATIENCE)
    run_until(notes.loop, lambda: notes.lost)
    redis.start()
    assert notes.ask("GET", "a", timeout=PATIENCE) == b"1"


def test_loading_is_waited_for(loop: EventLoop, tmp_path: Path) -> None:
    """The server accepts and greets while it loads, and refuses everything else."""
    redis = RedisServer(tmp_path, appendonly="no")
    redis.wait()
    try:
        notes = Notes(loop, at(redis))
        for number in range(500):
            notes.client.call("SET", f"key{number}", "x" * 1000, timeout=PATIENCE)
        assert notes.ask("SAVE", timeout=PATIENCE) == b"OK"
        redis.kill()
        run_until(loop, lambda: notes.lost)
        slow = {"key-load-delay": "100000", "loading-process-events-interval-bytes": "1024"}
        redis.start(**slow)
        outcome = notes.start("DBSIZE", timeout=PATIENCE)
        run_until(loop, lambda: any("LOADING" in str(reason) for reason in notes.lost))
        assert outcome == []
        with socket.create_connection(("127.0.0.1", redis.port), PATIENCE) as admin:
            admin.sendall(b"CONFIG SET key-load-delay 0\r\n")
            assert admin.recv(100) == b"+OK\r\n"
        run_until(loop, lambda: outcome)
        assert outcome == [500]
    finally:
        redis.kill()


def test_a_server_that_hangs_is_left_and_found_again(loop: EventLoop, redis: RedisServer) -> None:
    notes = Notes(loop, at(redis), timeout=0.2)
    notes.ask("SET", "a", 1, timeout=PATIENCE)
    redis.signal(signal.SIGSTOP)
    assert isinstance(notes.ask("GET", "a"), TimeoutError)
    redis.signal(signal.SIGCONT)
    assert notes.ask("GET", "a", timeout=PATIENCE) == b"1"


# -- users and TLS --------------------------------------------------------------------------------


def test_a_user_with_a_few_commands(
    loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    users, password = tmp_path / "users", tmp_path / "password"
    users.write_text(
        "user default off\nuser ada on >se-cret ~room:* +xadd +ping +hello +client|setname\n"
    )
    password.write_text("wrong\n")
    redis = RedisServer(tmp_path, aclfile=str(users))
    redis.wait()
    try:
        address = replace(at(redis), user="ada", password_file=password, name="node1")
        notes = Notes(loop, address)
        run_until(loop, lambda: notes.lost)
        assert "WRONGPASS" in str(notes.lost[0])
        password.write_text("se-cret\n")
        assert b"-" in notes.ask("XADD", "room:a", "*", "text", "hello", timeout=PATIENCE)
        assert error_code(notes.ask("XADD", "other", "*", "text", "hello")) == "NOPERM"
        assert error_code(notes.ask("FLUSHALL")) == "NOPERM"
        assert "se-cret" not in caplog.text
    finally:
        redis.kill()


def test_tls(loop: EventLoop, tmp_path: Path) -> None:
    authority, localhost, _ = certificates().write(tmp_path)
    redis = RedisServer(
        tmp_path,
        **{"port": "0", "tls-port": "{port}", "tls-cert-file": localhost,
           "tls-key-file": localhost, "tls-ca-cert-file": authority, "tls-auth-clients": "no"},
    )  # fmt: skip
    redis.wait()
    try:
        url = f"rediss://localhost:{redis.port}"
        notes = Notes(loop, parse_url(url, ca=Path(authority)))
        assert notes.ask("ECHO", "x" * 100_000, timeout=PATIENCE) == b"x" * 100_000
        strict = Notes(loop, parse_url(url))
        run_until(loop, lambda: strict.lost)
        assert "certificate verify failed" in str(strict.lost[0])
        plain = Notes(loop, parse_url(f"redis://localhost:{redis.port}"))
        run_until(loop, lambda: plain.lost)
    finally:
        redis.kill()


# -- the page -------------------------------------------------------------------------------------


def test_the_program_of_the_page(redis: RedisServer) -> None:
    page = (ROOT / "docs" / "howto" / "talk-to-redis.md").read_text()
    sources = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "page"}
    for source in sources:
        exec(source, names)
    seen: list[dict[bytes, bytes]] = []

    def show(fields: dict[bytes, bytes]) -> None:
        seen.append(fields)
        signal.raise_signal(signal.SIGINT)

    names["follow"](f"redis://127.0.0.1:{redis.port}", show)
    assert seen == [{b"text": b"hello"}]
    shown: list[Any] = []
    with EventLoop() as loop:
        cluster = names["greet"](loop, f"redis://127.0.0.1:{redis.port}", shown.append)
        run_until(loop, lambda: shown)
        cluster.close()
    assert shown == [b"hello"]


# -- the command line -----------------------------------------------------------------------------


def run(redis: RedisServer, *words: str) -> subprocess.CompletedProcess[str]:
    url = f"redis://127.0.0.1:{redis.port}"
    command = [sys.executable, "-W", "error", "-m", "examples.redis_client", "--url", url, *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_command_line(redis: RedisServer) -> None:
    done = run(redis, "SET", "greeting", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "OK\n", "")
    assert run(redis, "GET", "greeting").stdout == "hello\n"
    assert run(redis, "GET", "none").stdout == "(nil)\n"
    failed = run(redis, "INCR", "greeting")
    assert (failed.returncode, failed.stdout[:12]) == (1, "(error) ERR ")
    refused = run(redis, "MONITOR")
    assert (refused.returncode, "is refused" in refused.stderr) == (2, True)
    redis.kill()
    away = run(redis, "--timeout", "0.3", "GET", "greeting")
    assert (away.returncode, "Connection refused" in away.stderr) == (1, True)


def test_command_line_with_a_subscription(redis: RedisServer, notes: Notes) -> None:
    url = f"redis://127.0.0.1:{redis.port}"
    command = [sys.executable, "-m", "examples.redis_client", "--url", url, "SUBSCRIBE", "news"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert [reader.stdout.readline() for _ in range(3)] == [
            "- subscribe\n",
            "- news\n",
            "- (1)\n",
        ]
        assert notes.ask("PUBLISH", "news", "hello\x1b[2J") == 1
        shown = ["- message\n", "- news\n", "- hello\\x1b[2J\n"]
        assert [reader.stdout.readline() for _ in range(3)] == shown
        reader.send_signal(signal.SIGINT)
        assert reader.wait(PATIENCE) == 0
