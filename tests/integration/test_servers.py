"""One test for all of the article's servers, as real processes: whatever the method, one conduct.

Most tests talk to the same process of a server, one after the other: it has to survive them all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.servers import common

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long when all is well
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
LONGEST_LINE = 65536
ONE_EACH = ["forking", "threading"]
ALL = [*ONE_EACH, "select", "poll", "epoll", "dispatcher", "chat", "compat", "prefork"]
ALL += ["asyncio", "uvloop", "streams", "twisted"]
OPTIONS = {"uvloop": ["asyncio", "--uvloop"]}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="they are compared on Linux")


def command(name: str, *options: str) -> list[str]:
    module, *own = OPTIONS.get(name, [name])
    strict = [] if name == "twisted" else ["-W", "error"]  # it leaves a file of its own open
    return [sys.executable, *strict, "-m", f"examples.servers.{module}", *own, *options]


class Server:
    """`python3 -m examples.servers.NAME` on a free port, in a process group of its own."""

    def __init__(self, name: str, *options: str, descriptors: int | None = None) -> None:
        if name in ("twisted", "uvloop") and importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed ({common.IN_THE_LAB})")
        self.name = name
        limit = [] if descriptors is None else ["prlimit", f"--nofile={descriptors}"]
        # a pipe that nobody reads could hold it up
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in kill()
        self.process = subprocess.Popen(
            [*limit, *command(name, "--port", "0", *options)],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        found = re.fullmatch(r"Serving on 127\.0\.0\.1 port (\d+)\n", self.output.readline())
        assert found, self.complaints()
        self.port = int(found[1])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def resident(self) -> int:
        """Return the memory of the process in bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    def end(self, number: signal.Signals) -> str:
        """Interrupt it, check that it ends as it should, and return what else it had printed."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=PATIENCE)
        assert (self.process.returncode, self.complaints()) == (0, "")
        return output

    def complaints(self) -> str:
        """Return what it wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        self.errors.close()


@contextlib.contextmanager
def running(name: str, *options: str, descriptors: int | None = None) -> Iterator[Server]:
    server = Server(name, *options, descriptors=descriptors)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module", params=ALL)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server for all tests of this module; it must not have complained by the end of them."""
    with running(request.param, "--quiet") as server:
        yield server
        assert server.end(signal.SIGTERM) == ""


@pytest.fixture
def client(server: Server) -> Iterator[socket.socket]:
    with server.connect() as client:
        yield client


def receive(client: socket.socket, size: int) -> bytes:
    """Receive exactly so many bytes, fewer at the end of the connection."""
    data = bytearray()
    while len(data) < size and (piece := client.recv(size - len(data))):
        data += piece
    return bytes(data)


def check_served(client: socket.socket, line: bytes = b"are you there?\n") -> None:
    client.sendall(line)
    assert receive(client, len(line)) == line


def reset(client: socket.socket) -> None:
    """Go away as a crashed program does: no FIN, but a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def check_ended(client: socket.socket) -> None:
    """The connection is over, by FIN or by reset."""
    with contextlib.suppress(ConnectionResetError):
        while client.recv(65536):
            pass


def fill(stuck: socket.socket, other: socket.socket, line: bytes) -> int:
    """Send a line over and over and read nothing, until the server stops reading too.

    Meanwhile the other client is served.  Returns how many bytes were sent.
    """
    stuck.setblocking(False)
    sent = patience = 0
    while patience < 50:
        try:
            sent += stuck.send((line * 65)[sent % len(line) :])
            patience = 0
        except BlockingIOError:
            patience += 1
            check_served(other)
        except (ConnectionResetError, BrokenPipeError):
            break  # shown out
        assert sent < 64 << 20, "the server takes everything in, and never stops"
    stuck.settimeout(PATIENCE)
    return sent


# -- what all of them do --------------------------------------------------------------------------


def test_many_clients_at_once(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(100)]
        for number, client in enumerate(clients):
            client.sendall(b"I am %d\n" % number)
        for number, client in enumerate(clients):
            line = b"I am %d\n" % number
            assert receive(client, len(line)) == line


def test_a_line_in_pieces(server: Server, client: socket.socket) -> None:
    with server.connect() as other:
        for piece in (b"h", b"el", "l\N{SNOWMAN}".encode()[:2], "\N{SNOWMAN}".encode()[1:], b"\r"):
            client.sendall(piece)
            check_served(other)  # the server had its turn: the next piece comes by itself
    client.sendall(b"\nthe ne")
    assert receive(client, 9) == "hell\N{SNOWMAN}\r\n".encode()
    client.sendall(b"xt\n")
    assert receive(client, 9) == b"the next\n"


def test_several_lines_in_one_packet(client: socket.socket) -> None:
    check_served(client, b"one\n\ntwo\r\n" + bytes(range(11, 256)) + b"\n" + b"x" * 5000 + b"\n")


def test_an_abrupt_reset(server: Server, client: socket.socket) -> None:
    for last_words in (b"", b"half a line", b"a line\n" * 1000):
        leaving = server.connect()
        leaving.sendall(last_words)
        reset(leaving)
        check_served(client)


def test_a_client_that_never_reads(server: Server, client: socket.socket) -> None:
    line = b"x" * 999 + b"\n"
    before = server.resident()
    with server.connect() as stuck:
        sent = fill(stuck, client, line)
        assert server.resident() - before < 32 << 20
        if server.name == "compat":  # it ends the connection of who does not read
            check_ended(stuck)
            return
        stuck.shutdown(socket.SHUT_WR)
        answer = receive(stuck, sent + 1)  # one more, to see the end
    assert len(answer) == sent - sent % len(line)
    assert answer == line * (sent // len(line))


def test_a_line_without_end(server: Server, client: socket.socket) -> None:
    with server.connect() as endless:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            endless.sendall(b"x" * 4 * LONGEST_LINE)
        check_ended(endless)
    check_served(client)


def test_beyond_descriptor_1023(server: Server) -> None:
    if server.name in ("forking", "select"):
        return  # one has no number in common with another; the other has a test of its own
    check_limit()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(1100)]
        for client in reversed(clients):
            check_served(client)


@pytest.mark.parametrize("name", ALL)
def test_what_it_prints_and_ctrl_c(name: str) -> None:
    with running(name) as server:
        with server.connect() as idle, server.connect() as client:
            assert "Got connection from ('127.0.0.1', " in server.output.readline()
            assert "Got connection from ('127.0.0.1', " in server.output.readline()
            check_served(client, "\N{SNOWMAN}\x1b[2J\xff\t\r\n".encode() + b"\xff\n")
            me = str(client.getsockname())
            assert server.output.readline() == f"{me} sent '\N{SNOWMAN}\\x1b[2J\xff\\t'\n"
            assert server.output.readline() == f"{me} sent '\N{REPLACEMENT CHARACTER}'\n"
            client.close()
            assert server.output.readline() == f"{me} disconnected\n"
            server.end(signal.SIGINT)
            check_ended(idle)
        socket.create_server(("127.0.0.1", server.port)).close()


@pytest.mark.parametrize("name", ALL)
def test_a_taken_port_is_told_in_a_sentence(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = ended(command(name, "--port", str(taken.getsockname()[1])))
    if "is not installed" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert re.fullmatch(r"Cannot listen on 127\.0\.0\.1 port \d+: .+\.\n", done.stderr)
    assert done.returncode == 1


def ended(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program that ends by itself."""
    return subprocess.run(
        arguments,
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# -- what some of them cannot do ------------------------------------------------------------------


def check_limit() -> None:
    """Skip where this process itself may not have 1,200 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1200 <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1200, hard))
    elif soft < 1200:
        pytest.skip(f"a process may have only {soft} descriptors here; this needs 1,200")


def test_select_ends_at_descriptor_1023_and_says_so() -> None:
    check_limit()
    with running("select") as server, contextlib.ExitStack() as stack:
        served, refused = 0, 0
        for _ in range(1100):
            client = stack.enter_context(server.connect())
            assert "Got connection from" in server.output.readline()
            client.sendall(b"hello\n")
            answer = server.output.readline()
            if "sent 'hello'" in answer:
                served += 1
                assert receive(client, 6) == b"hello\n"
            else:
                refused += 1
                assert "refused: select() ends at descriptor 1,023" in answer
                assert "disconnected" in server.output.readline()
                check_ended(client)
        assert 1000 < served < 1024
        assert refused == 1100 - served
        server.end(signal.SIGINT)


@pytest.mark.parametrize("name", ALL)
def test_out_of_descriptors_it_serves_those_it_has(name: str) -> None:
    if name == "forking":
        pytest.skip("each process has descriptors of its own: there is nothing to run out of")
    with running(name, "--quiet", descriptors=50) as server, contextlib.ExitStack() as stack:
        first, *others = [stack.enter_context(server.connect()) for _ in range(60)]
        check_served(first)
        if name in ("select", "poll", "epoll", "compat"):
            check_ended(others[-1])  # refused; with the rest it waits in the backlog
        for other in others:
            other.close()
        for _ in range(3):
            check_served(first)
        with server.connect() as newcomer:
            check_served(newcomer)


MISSING = {
    "forking": "import os; del os.fork",
    "prefork": "import os; del os.fork",
    "poll": "import select; del select.poll",
    "epoll": "import select; del select.epoll",
    "twisted": "import sys; sys.modules['twisted'] = None",
    "asyncio": "import sys; sys.modules['uvloop'] = None; sys.argv.append('--uvloop')",
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_method_is_told_in_a_sentence(name: str) -> None:
    module = f"examples.servers.{name}"
    program = f"{MISSING[name]}\nimport runpy\nrunpy.run_module({module!r}, None, '__main__')"
    done = ended([sys.executable, "-c", program])
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"[^\n]*(has no|not installed)[^\n]*\n", done.stderr)
