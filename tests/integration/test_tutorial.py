"""The tutorial's transcripts, played against its programs as they stand in the pages."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.book.pages import ROOT, Block, blocks
from tests.book.sessions import Connection, Program, play

SESSIONS = blocks(kind="session")
SHELL = blocks(kind="shell")
COMMANDS = [block for block in blocks(language="console") if "examples.tutorial" in block.text]


def names(found: list[Block]) -> list[str]:
    return [block.name for block in found]


@contextmanager
def serving(file: str) -> Iterator[tuple[int, Callable[[], None]]]:
    """Run a program of the tutorial on a free port; it ends without a word when it is told to.

    Yields:
        The port, and what Ctrl-C does.
    """
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]
    program = (ROOT / file).read_text().replace("1234", str(port))
    command = [sys.executable, "-W", "error", "-c", program]
    told = False

    def stop() -> None:
        nonlocal told
        told = True
        server.send_signal(signal.SIGINT)

    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as server:
        try:
            wait_for(port, server)
            yield port, stop
        finally:
            if not told:  # one that is ending already would be killed by a second signal
                server.terminate()
        assert server.stderr is not None
        assert server.stderr.read() == b""
        assert server.wait(20) == 0


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until it listens, without a connection that the transcript knows nothing of."""
    listening = f"0100007F:{port:04X} 00000000:0000 0A"
    while server.poll() is None:
        with open("/proc/net/tcp") as table:
            if listening in table.read():
                return
    raise AssertionError("the server ended before it listened")


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
    with serving(block.args[0]) as (port, stop):
        play(block.text, port, kind, stop)


@needs_proc
@pytest.mark.skipif(shutil.which("nc") is None, reason="nc is not installed")
@pytest.mark.parametrize("block", SHELL, ids=names(SHELL))
def test_commands_of_a_shell(block: Block) -> None:
    """What a line with a dollar runs prints the lines below it."""
    command, _, output = block.text.partition("\n")
    with serving(block.args[0]) as (port, _):
        command = command.removeprefix("$ ").replace("1234", str(port))
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
