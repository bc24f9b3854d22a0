"""The chat room whose standard output and standard error are not read, or are closed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT, Peer, Server
from tests.integration.conftest import Connect, Start

Launch = Callable[..., "Unread"]


class Unread(Server):
    """A chat room whose log goes to a given descriptor; only its opening is read."""

    def __init__(self, folder: Path, log: int, stdin: int = subprocess.DEVNULL) -> None:
        command = [sys.executable, "-m", "examples.chatroom", "--port", "0", "--web-port", "none"]
        self.process = subprocess.Popen(
            [*command, "--no-history", "--max-per-address", "100000"],
            cwd=ROOT,
            env={**ENVIRONMENT, "XDG_DATA_HOME": str(folder)},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self.opening = self._read_opening()
        found = re.search(r"telnet 127\.0\.0\.1 (\d+)", self.opening)
        assert found is not None
        self.port = int(found[1])


@pytest.fixture
def unread(tmp_path: Path) -> Iterator[Launch]:
    servers: list[Unread] = []

    def launch(log: int, stdin: int = subprocess.DEVNULL) -> Unread:
        servers.append(Unread(tmp_path, log, stdin))
        return servers[-1]

    yield launch
    for server in servers:
        server.kill()


def test_standard_error_that_nobody_reads_stops_nobody(unread: Launch, connect: Connect) -> None:
    reader, writer = os.pipe()
    os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)))  # the pipe is full
    server = unread(writer)
    os.close(writer)
    ann = connect(server, "ann")
    for _ in range(200):
        Peer(server).socket.close()
    ann.type("anybody?")
    ann.expect("ann: anybody?")
    server.process.terminate()
    assert server.process.wait(PATIENCE) == 0  # unread output does not delay the end
    os.close(reader)


def test_a_flood_of_resets_writes_little(unread: Launch, tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as log:
        server = unread(log.fileno())
    for _ in range(1000):
        Peer(server).reset()
    server.process.terminate()
    assert server.process.wait(PATIENCE) == 0
    text = file.read_text()
    assert len(text.splitlines()) < 500
    assert "Left out of the log, too many of one kind: " in text


def test_an_output_that_nobody_reads_any_more_is_no_error(start: Start, connect: Connect) -> None:
    server = start("--no-history")
    assert server.process.stdout is not None
    server.process.stdout.close()
    connect(server, "ann")
    server.process.terminate()
    assert server.process.stderr is not None
    assert "Traceback" not in server.process.stderr.read()
    assert server.process.wait(PATIENCE) == 0
    server.process.stdout = None


def test_a_terminal_that_was_closed_ends_the_room_in_order(
    unread: Launch, connect: Connect
) -> None:
    master, slave = pty.openpty()
    server = unread(slave, stdin=slave)
    os.close(slave)
    ann = connect(server, "ann")
    server.process.send_signal(signal.SIGHUP)  # the terminal is there: files are read again
    ann.type("still here")
    ann.expect("ann: still here")
    os.close(master)
    server.process.send_signal(signal.SIGHUP)
    assert ann.rest().endswith(b"-- The chat room is closing. Goodbye.\r\n")
    assert server.process.wait(PATIENCE) == 0
