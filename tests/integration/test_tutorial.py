"""The tutorial's transcripts, played against its programs as they stand in the pages."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.book.pages import ROOT, Block, blocks
from tests.book.sessions import Connection, Program, Reader, play

SESSIONS = blocks(kind="session")
SHELL = blocks(kind="shell")
COMMANDS = [block for block in blocks(language="console") if "examples.tutorial" in block.text]

FAULT = re.compile("Traceback|Exception|Error|Warning")


def names(found: list[Block]) -> list[str]:
    return [block.name for block in found]


class Server:
    """A program of the tutorial that runs on a free port.

    Attributes:
        port: the port.
    """

    def __init__(self, file: str, port: int) -> None:
        self.port = port
        program = (ROOT / file).read_text().replace("1234", str(port))
        command = [sys.executable, "-W", "error", "-c", program]
        self._told = False
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        self._log = Reader(self._process.stderr)

    def wait(self) -> None:
        """Wait until it listens, without a connection that the transcript does not show."""
        listening = f"0100007F:{self.port:04X} 00000000:0000 0A"
        while self._process.poll() is None:
            with open("/proc/net/tcp") as table:
                if listening in table.read():
                    return
        raise AssertionError("the server ended before it listened")

    def stop(self) -> None:
        self._told = True
        self._process.send_signal(signal.SIGINT)

    def next_line(self) -> str | None:
        return self._log.next_line()

    def end(self) -> list[str]:
        """End it; return the lines that it logged and that were not read."""
        if not self._told:  # one that is ending already would be killed by a second signal
            self._process.terminate()
        assert self._process.wait(20) == 0
        rest = [*iter(self._log.next_line, None)]
        self._log.thread.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
        return rest


@contextmanager
def serving(file: str, *, all_shown: bool = False) -> Iterator[Server]:
    """Run a program of the tutorial; it logs no fault, and with `all_shown` nothing unread."""
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]
    server = Server(file, port)
    try:
        server.wait()
        yield server
    finally:
        rest = server.end()
    assert not (rest if all_shown else [line for line in rest if FAULT.search(line)])


needs_proc = pytest.mark.skipif(
    not os.path.exists("/proc/net/tcp"), reason="sees in /proc/net/tcp when a server listens"
)


@needs_proc
@pytest.mark.parametrize("kind", [Program, Connection])
@pytest.mark.parametrize("block", SESSIONS, ids=names(SESSIONS))
def test_transcript(block: Block, kind: type[Program] | type[Connection]) -> None:
    if kind is Program:
        for program in ("nc", "telnet"):
            if f"$ {program} " in block.text and shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
    with serving(block.args[0], all_shown="\nserver < " in block.text) as server:
        play(block.text, server.port, kind, server)


@needs_proc
@pytest.mark.skipif(shutil.which("nc") is None, reason="nc is not installed")
@pytest.mark.parametrize("block", SHELL, ids=names(SHELL))
def test_commands_of_a_shell(block: Block) -> None:
    """What a line with a dollar runs prints the lines below it."""
    command, _, output = block.text.partition("\n")
    with serving(block.args[0]) as server:
        command = command.removeprefix("$ ").replace("1234", str(server.port))
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stdout.replace("\r\n", "\n") == output


@pytest.mark.parametrize("block", COMMANDS, ids=names(COMMANDS))
def test_the_command_that_starts_a_step_starts_it(block: Block) -> None:
    """With a port that is taken, so that it ends; the transcripts above talk to the same file."""
    command = block.text.removeprefix("$ python3 ").split()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 1234))
        except OSError:
            pytest.skip("somebody else has port 1234 at the moment")
        taken.listen()
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
    assert "Address already in use" in done.stderr


def test_there_are_five_steps_and_a_transcript_for_each() -> None:
    steps = sorted((ROOT / "examples" / "tutorial").glob("step*.py"))
    assert len(steps) == 5
    assert {block.args[0] for block in SESSIONS} == {str(step.relative_to(ROOT)) for step in steps}
