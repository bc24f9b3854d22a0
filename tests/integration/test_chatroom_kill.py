"""Messages that were shown are never lost: the server killed, its file locked, its disk full.

The invariant: each message that was shown to a client, and not marked as not kept, is in the
history after a restart, once.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from examples.chatroom.storage.history_rows import MOST_ROWS
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, PATIENCE, WORDS, Peer, Server
from tests.integration.conftest import Connect, Start

ROUNDS = 6
TALKERS = 3
SAID = re.compile(rb"(?:ann|line\d|web\d)-\d+-\d+")
EVERYTHING = ("--history-page", "1000000", "--max-output", "100000000", *NO_FLOOD_LIMIT)


class Talker(threading.Thread):
    """Sends numbered messages until the connection breaks, and notes all that it sees."""

    def __init__(self, server: Server, name: str, number: int) -> None:
        super().__init__()
        self.label = f"{name}-{number}"
        self.seen: set[str] = set()
        self.start_talking(server, name)

    def start_talking(self, server: Server, name: str) -> None:
        """Log in."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Send one message."""
        raise NotImplementedError

    def hear(self) -> bytes:
        """Wait for input; EOFError is the end."""
        raise NotImplementedError

    def run(self) -> None:
        """Send a message whenever the last was seen, so that the disk sets the pace."""
        with suppress(OSError, EOFError):
            for count in range(1_000_000):
                text = f"{self.label}-{count}"
                self.say(text)
                while text not in self.seen:
                    self.note(self.hear())
        with suppress(OSError, EOFError):  # input that had left the server before it was killed
            while True:
                self.note(self.hear())

    def close(self) -> None:
        """Close the socket."""
        raise NotImplementedError

    def note(self, data: bytes) -> None:
        self.seen.update(found.decode() for found in SAID.findall(data))


class LineTalker(Talker):
    """A member by telnet."""

    def start_talking(self, server: Server, name: str) -> None:
        self.peer = Peer(server, name)
        self.rest = b""

    def say(self, text: str) -> None:
        self.peer.type(text)

    def hear(self) -> bytes:
        """Return whole lines only."""
        while b"\n" not in self.rest:
            data = self.peer.socket.recv(65536)
            if not data:
                raise EOFError
            self.rest += data
        lines, _, self.rest = self.rest.rpartition(b"\n")
        return lines

    def close(self) -> None:
        self.peer.socket.close()


class WebTalker(Talker):
    """A member by web, as far as the protocol is concerned."""

    def start_talking(self, server: Server, name: str) -> None:
        connect = pytest.importorskip("websockets.sync.client", reason="no websockets").connect
        self.context = connect(f"ws://127.0.0.1:{server.web_port}/chat")
        self.socket: Any = self.context.__enter__()
        self.socket.send(json.dumps({"do": "enter", "name": name}))
        self.requests = 0
        while b'"room"' not in self.hear():
            pass

    def say(self, text: str) -> None:
        self.requests += 1
        request = {"n": self.requests, "do": "say", "room": "lobby", "text": text, "nonce": text}
        self._guarded(lambda: self.socket.send(json.dumps(request)))

    def hear(self) -> bytes:
        frame = self._guarded(lambda: self.socket.recv(PATIENCE))
        return str(frame).encode()

    def close(self) -> None:
        self.context.__exit__(None, None, None)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        from websockets.exceptions import ConnectionClosed

        try:
            return action()
        except ConnectionClosed:
            raise EOFError from None


def test_what_anybody_saw_outlives_kill_9(launch: Start, connect: Connect) -> None:
    chance = random.Random(6)
    seen: set[str] = set()
    for number in range(ROUNDS):
        server = launch(*EVERYTHING)
        talkers: list[Talker] = [
            *(LineTalker(server, f"line{each}", number) for each in range(TALKERS)),
            *(WebTalker(server, f"web{each}", number) for each in range(TALKERS)),
        ]
        for talker in talkers:
            talker.start()
        time.sleep(chance.uniform(0.05, 0.6))  # the random moment is the point, not a wait for them
        with writing_held_up(server.history) if number % 2 else nullcontext():
            time.sleep(chance.uniform(0, 0.2))
            server.process.kill()
            server.process.wait(PATIENCE)
        for talker in talkers:
            talker.join(PATIENCE)
            assert not talker.is_alive()
            talker.close()
            seen |= talker.seen
    assert len(seen) > 100 * ROUNDS
    check_remembered(launch(*EVERYTHING), connect, seen)


@contextmanager
def writing_held_up(history: Path) -> Iterator[sqlite3.Connection]:
    """Simulate a disk so slow that writes from now on are not yet stored."""
    with closing(sqlite3.connect(history, isolation_level=None, timeout=PATIENCE)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def check_remembered(server: Server, connect: Connect, seen: set[str]) -> None:
    """Check both the server, as any client can, and the file itself."""
    stored = texts(server.history)
    asker = connect(server, "asker")
    asker.type("/history 999999")
    told = [found.decode() for found in SAID.findall(asker.expect(f": {stored[-1]}\r\n"))]
    assert server.stop()[0] == 0
    assert len(stored) == len(set(stored)), "something was stored twice"
    assert not seen - set(stored), "something was seen and is not stored"
    assert told == stored[-MOST_ROWS:], "one question is not answered with the newest, each once"


def texts(history: Path) -> list[str]:
    with closing(sqlite3.connect(history)) as connection:
        rows = connection.execute("SELECT text FROM messages ORDER BY id").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return [row[0] for row in rows]


def test_what_was_said_before_an_orderly_end_is_stored_and_shown(
    start: Start, connect: Connect
) -> None:
    server = start(*EVERYTHING)
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.type("ann-0-0")
    ann.expect("ann-0-0\r\n")
    with writing_held_up(server.history):
        ann.type(*(f"ann-0-{number}" for number in range(1, 100)))
        ann.send(b"\xff\xfd\x06")  # telnet's own request, whose answer waits for no disk
        ann.expect(b"\xff\xfb\x06")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)  # it waits for the disk, which a fast disk would not show
    heard = bob.rest()
    assert server.process.wait(PATIENCE) == 0
    stored = texts(server.history)
    assert stored == [f"ann-0-{number}" for number in range(100)]
    assert [found.decode() for found in SAID.findall(heard)] == stored
    assert heard.endswith(b"-- The chat room is closing. Goodbye.\r\n")


# Failures of the file


def state(server: Server) -> dict[str, Any]:
    url = f"http://127.0.0.1:{server.web_port}/status.json"
    try:
        with urllib.request.urlopen(url) as answer:
            code, found = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            code, found = error.code, json.load(error)
    assert code == (200 if found["healthy"] else 503)
    return dict(found)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_trouble_and_recovery(
    server: Server, ann: Peer, words: str, mend: Callable[[], Any]
) -> None:
    """Check that during a failure messages are shown, members are notified, and all is stored."""
    said = list(say_until_trouble(ann))
    ann.expect(f"-- The history cannot be written: {words}.")
    wait_for(lambda: not state(server)["healthy"])
    found = state(server)
    assert found["problems"] == [f"The history cannot be written: {words}."]
    assert not found["history"]["kept"]
    ann.type("in trouble")
    ann.expect("not kept] ann: in trouble")
    mend()
    ann.expect("-- The history can be written again; nothing is lost.\r\n")
    wait_for(lambda: bool(state(server)["healthy"]))
    ann.type("well again")
    assert b"not kept" not in ann.expect("ann: well again")
    assert texts(server.history) == [*said, "in trouble", "well again"]


def say_until_trouble(ann: Peer) -> Iterator[str]:
    """Send so many messages that the reserved space of the file is used up."""
    for number in range(1000):
        text = f"{number} {WORDS}"
        ann.type(text)
        yield text
        if b"not kept" in ann.expect(f"ann: {text}"):
            return
    raise AssertionError("there was no trouble")


def test_a_locked_file_is_told_and_the_room_goes_on(launch: Start, connect: Connect) -> None:
    server = launch(*EVERYTHING)
    ann = connect(server, "ann")
    with writing_held_up(server.history) as other:
        words = "another program has it locked"
        check_trouble_and_recovery(server, ann, words, lambda: other.execute("ROLLBACK"))


def test_a_file_that_may_not_grow_is_told_and_the_room_goes_on(
    launch: Start, connect: Connect
) -> None:
    server = launch(*EVERYTHING)
    ann = connect(server, "ann")
    process = server.process.pid
    size = Path(f"{server.history}-wal").stat().st_size
    _, most = resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def mend() -> None:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))

    check_trouble_and_recovery(server, ann, "the disk reports an error", mend)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of a megabyte, in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_is_told_and_the_room_goes_on(
    small_disk: Path, launch: Start, connect: Connect
) -> None:
    server = launch(*EVERYTHING, folder=small_disk)
    ann = connect(server, "ann")
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    check_trouble_and_recovery(server, ann, "the disk is full", ballast.unlink)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE) == 0


def test_a_history_that_cannot_be_opened_is_told_and_the_room_opens(
    launch: Start, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "data" / "miniloop-chatroom" / "history.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"This is no database, however one looks at it. " * 100)
    server = launch()
    ann = connect(server, "ann")
    ann.type("hello")
    ann.expect("ann: hello")
    assert state(server)["problems"] == ["The history could not be opened; it is kept in memory."]
    assert "What is said is kept in memory, and forgotten when the server ends." in server.opening
    code, _, log = server.stop()
    assert code == 0
    assert str(file) in log


def test_two_servers_do_not_share_a_history(launch: Start) -> None:
    first, second = launch(), launch()
    assert str(first.history) in first.opening
    assert "in memory" in second.opening
    assert str(first.history) in second.stop()[2]
    assert first.stop()[0] == 0
