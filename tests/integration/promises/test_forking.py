"""A forked child harms nothing of its parent's, and can go on with kernel objects of its own."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop, FileDispatcher, Listener
from tests.driving import LONGEST, Lines, Recording, run_until
from tests.forked import Forked, in_child
from tests.integration.promises.driven import Driven

LOCAL = ("127.0.0.1", 0)


class Server:
    """An echo server on a driven loop, with TLS or without, and clients that are outside of it."""

    def __init__(self, driven: Driven, stack: ExitStack, secure: bool) -> None:
        self.driven = driven
        self.stack = stack
        self.secure = secure
        self.channels: list[Lines] = []
        self.listener = Listener(driven.loop, LOCAL, self.factory)

    def factory(self, loop: EventLoop, sock: socket.socket) -> None:
        channel = Echo(loop, sock)
        if self.secure:
            from tests.certificates import certificates

            channel.start_tls(certificates().server(), server_side=True)
        self.channels.append(channel)

    def client(self) -> socket.socket:
        """Connect; return when the server can answer."""
        plain = self.stack.enter_context(socket.create_connection(self.listener.address[:2]))
        plain.setblocking(False)
        count = len(self.channels)
        if not self.secure:
            self.driven.until(lambda: len(self.channels) > count)
            return plain
        from tests.certificates import certificates

        client = self.stack.enter_context(
            certificates().client().wrap_socket(
                plain, server_hostname="localhost", do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            )
        )  # fmt: skip
        self.driven.until(lambda: shaken(client))
        self.driven.until(lambda: len(self.channels) > count)
        assert self.answers(client, b"the handshake is over on both sides\n")
        return client

    def answers(self, client: socket.socket, line: bytes = b"hello\n") -> bool:
        """Return whether a line comes back, and nothing else."""
        client.send(line)
        got = b""

        def answered() -> bool:
            nonlocal got
            try:
                piece = client.recv(100)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            got += piece
            return not piece or got.endswith(b"\n")

        self.driven.until(answered)
        return got == line

    def hears_threads(self) -> bool:
        """Return whether another thread can wake the loop."""
        heard: list[int] = []
        loop = self.driven.loop
        thread = threading.Thread(target=loop.call_soon_threadsafe, args=(heard.append, 1))
        thread.start()
        thread.join()
        self.driven.until(lambda: heard)
        return True


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def shaken(client: ssl.SSLSocket) -> bool:
    try:
        client.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


@pytest.fixture
def server(driven: Driven, secure: bool) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(driven, stack, secure)


def passes(server: Server) -> None:
    for _ in range(5):
        server.driven.loop.run_once(0)


def just_exits(server: Server) -> None:
    """By os._exit(), as all of these children do in the end."""


def leaves_the_with_block(server: Server) -> None:
    server.driven.loop.close()


def closes_a_channel(server: Server) -> None:
    server.channels[0].close()


def ends_a_channel(server: Server) -> None:
    server.channels[0].end()


def closes_the_listener(server: Server) -> None:
    server.listener.close()


def pauses_and_resumes(server: Server) -> None:
    server.channels[0].pause_reading()
    passes(server)
    server.channels[0].resume_reading()
    passes(server)


def makes_passes_and_closes_all(server: Server) -> None:
    passes(server)
    server.driven.loop.close()


def closes_a_channel_and_makes_passes(server: Server) -> None:
    server.channels[0].close()
    passes(server)


def stops_in_order(server: Server) -> None:
    server.driven.loop.stop()
    server.driven.loop.run()


CHILDREN = [
    just_exits, leaves_the_with_block, closes_a_channel, ends_a_channel, closes_the_listener,
    pauses_and_resumes, passes, makes_passes_and_closes_all, closes_a_channel_and_makes_passes,
    stops_in_order,
]  # fmt: skip


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.__name__)
def test_the_parent_goes_on_whatever_the_child_does(
    server: Server, child: Callable[[Server], None]
) -> None:
    first = server.client()
    assert server.answers(first)
    in_child(partial(child, server))
    assert server.answers(first)
    assert server.answers(server.client())
    assert server.hears_threads()
    server.channels[0].pause_reading()
    server.driven.go_on()
    server.channels[0].resume_reading()
    assert server.answers(first)


def test_a_child_that_closes_says_nothing_to_the_peer(server: Server) -> None:
    """Under TLS neither: a close_notify would end the parent's connection."""
    client = server.client()
    assert server.answers(client)
    in_child(server.driven.loop.close)
    server.driven.go_on()
    with pytest.raises((BlockingIOError, ssl.SSLWantReadError)):
        client.recv(1)


def test_what_the_parent_has_queued_is_sent_once(server: Server) -> None:
    client = server.client()
    server.channels[0].push(b"once\n")
    in_child(server.driven.loop.close)
    got = b""

    def arrived() -> bool:
        nonlocal got
        try:
            got += client.recv(100)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        return True

    server.driven.until(arrived)
    server.driven.go_on()
    assert got == b"once\n"


def test_two_children_one_after_the_other(server: Server) -> None:
    client = server.client()
    for _ in range(2):
        in_child(partial(makes_passes_and_closes_all, server))
        assert server.answers(client)


def test_a_child_of_a_child(server: Server) -> None:
    client = server.client()

    def fork_again() -> None:
        passes(server)
        in_child(server.driven.loop.close)
        passes(server)

    in_child(fork_again)
    assert server.answers(client)


# -- a child that goes on serving ----------------------------------------------------------------


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def ask(address: tuple[str, int], stack: ExitStack) -> bytes:
    client = stack.enter_context(socket.create_connection(address, timeout=LONGEST))
    client.sendall(b"who?\n")
    return client.recv(100)


class Who(Lines):
    """Answers with the process that it is in."""

    def handle_line(self, line: bytes) -> None:
        self.push(b"%d\n" % os.getpid())


def test_a_child_serves_with_a_set_of_its_own_and_stops_in_order(
    driven: Driven, stack: ExitStack
) -> None:
    """As servers do that fork before they run: they share the listener, and nothing else."""
    listener = Listener(driven.loop, LOCAL, Who)
    driven.go_on()

    def serve() -> None:
        driven.loop.run()
        assert listener.closed

    child = Forked(serve)
    address = listener.address[:2]
    listener.close()
    driven.go_on()
    for _ in range(3):
        assert ask(address, stack) == b"%d\n" % child.pid
    assert child.terminate() == 0


def test_a_child_takes_a_connection_over(driven: Driven) -> None:
    loop = driven.loop
    ours, theirs = socket.socketpair()
    theirs.settimeout(LONGEST)
    with theirs:
        channel = Who(loop, ours)
        driven.go_on()

        def serve() -> None:
            theirs.close()  # this copy would keep the connection open
            loop.run()

        child = Forked(serve)
        channel.close()  # the parent's copy: the connection is the child's now
        driven.go_on()
        for _ in range(3):
            theirs.sendall(b"who?\n")
            assert theirs.recv(100) == b"%d\n" % child.pid
    assert child.wait() == 0  # run() returned: the peer has gone, and nothing is left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_has_its_usual_effect_in_a_child_of_a_running_loop(
    loop: EventLoop, number: signal.Signals
) -> None:
    """The parent's handler would take terminate() for a stop of a loop that never runs."""
    statuses: list[int] = []

    def fork() -> None:
        ready, written = os.pipe()

        def wait() -> None:
            os.write(written, b"!")
            signal.pause()

        child = Forked(wait)
        os.read(ready, 1)
        os.close(ready)
        os.close(written)
        os.kill(child.pid, number)
        try:
            statuses.append(child.wait())
        except AssertionError as error:
            statuses.append(-signal.SIGINT if "KeyboardInterrupt" in str(error) else 0)

    loop.call_soon(fork)
    loop.run()
    assert statuses == [-number]


FORKING = """
import os, sys
from miniloop import AsyncChat, EventLoop, Listener

class Job(AsyncChat):
    def __init__(self, loop, sock):
        super().__init__(loop, sock)
        self.set_terminator(b"\\n")
    def collect_incoming_data(self, data):
        pass
    def found_terminator(self):
        child = os.fork()
        if child == 0:
            {end}
        {wait}
        self.push(b"done\\n")

with EventLoop() as loop:
    listener = Listener(loop, ("127.0.0.1", 0), Job)
    print(listener.address[1], flush=True)
    loop.run()
print("ended", flush=True)
"""


@pytest.mark.parametrize(
    "end", ["sys.exit(0)", "os._exit(0)", "self.close(); sys.exit(0)", "raise KeyboardInterrupt"]
)
def test_a_job_in_a_child_of_a_handler(end: str) -> None:
    """The child leaves run() and the with block by its exception, or without any of them."""
    program = FORKING.format(end=end, wait="os.waitpid(child, 0)")
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=LONGEST) as client:
            for _ in range(3):
                client.sendall(b"job\n")
                assert client.recv(100) == b"done\n"
        server.terminate()
        said, _ = server.communicate(timeout=LONGEST)
        assert said.endswith("ended\n")
        assert server.returncode == 0


WORKERS = """
import os
from miniloop import AsyncChat, EventLoop, Listener
from miniloop.trace import inspection

class Worker(AsyncChat):
    serving = False
    def __init__(self, loop, sock):
        super().__init__(loop, sock)
        self.set_terminator(b"\\n")
    def collect_incoming_data(self, data):
        pass
    def found_terminator(self):
        if not self.serving:
            self.serving = True
            if os.fork():
                self.close()
                return
            for each in inspection.registrations(loop):
                if each.channel is not self:
                    each.channel.close()
        self.push(b"%d\\n" % os.getpid())

with EventLoop() as loop:
    listener = Listener(loop, ("127.0.0.1", 0), Worker)
    print(listener.address[1], flush=True)
    loop.run()
os.write(1, b"ended %d\\n" % os.getpid())
"""


def test_a_child_of_a_handler_goes_on_with_its_connection() -> None:
    """A process for each connection; the parent accepts, the children serve and end by signals."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", WORKERS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as server,
        ExitStack() as stack,
    ):
        assert server.stdout is not None
        address = ("127.0.0.1", int(server.stdout.readline()))
        clients = [
            stack.enter_context(socket.create_connection(address, timeout=LONGEST))
            for _ in range(2)
        ]
        pids: list[int] = []
        for client in clients:
            client.sendall(b"who?\n")
            pids.append(int(client.recv(100)))
        assert len({*pids, server.pid}) == 3
        for _ in range(2):
            for client, pid in zip(clients, pids, strict=True):
                client.sendall(b"who?\n")
                assert client.recv(100) == b"%d\n" % pid
        os.kill(pids[0], signal.SIGTERM)
        assert clients[0].recv(100) == b""
        clients[1].close()  # its child has nothing left to serve, and run() returns
        server.terminate()
        said, errors = server.communicate(timeout=LONGEST)
        assert (server.returncode, errors) == (0, b"")
        assert {*said.splitlines()} == {b"ended %d" % pid for pid in (server.pid, pids[1])}


# -- what else is shared -------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["close the loop", "close the listener"])
def test_the_socket_file_of_a_listener_outlives_the_child(
    loop: EventLoop, tmp_path: Path, what: str
) -> None:
    path = str(tmp_path / "door")
    listener = Listener(loop, path, Who)
    in_child(loop.close if what == "close the loop" else listener.close)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.setblocking(False)
        client.send(b"who?\n")
        got: list[bytes] = []

        def answered() -> list[bytes]:
            with suppress(BlockingIOError):
                got.append(client.recv(100))
            return got

        run_until(loop, answered)
        assert got == [b"%d\n" % os.getpid()]
    listener.close()
    assert not os.path.exists(path)


@pytest.mark.parametrize("what", ["close", "close_when_done"])
def test_a_pipe_that_both_have_stays_non_blocking(driven: Driven, what: str) -> None:
    class Reads(FileDispatcher):
        data = b""

        def handle_read(self) -> None:
            self.data += self.recv(100)

    reader, writer = os.pipe()
    channel = Reads(driven.loop, reader)
    driven.go_on()
    in_child(channel.close if what == "close" else driven.loop.close)
    assert not os.get_blocking(reader)
    os.write(writer, b"still there")
    driven.go_on()
    assert channel.data == b"still there"
    channel.close()
    assert os.get_blocking(reader)
    os.close(reader)
    os.close(writer)


def test_a_look_up_goes_on_in_the_child(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, real = os.getpid(), socket.getaddrinfo
    answer = threading.Event()

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> Any:
        if options["flags"] & socket.AI_NUMERICHOST:
            return real(host, port, *args, **options)
        if os.getpid() == parent:
            assert answer.wait(LONGEST)
        return real("127.0.0.1", port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with socket.create_server(LOCAL) as server:
        client = Recording(loop)
        client.connect_to("some.example", server.getsockname()[1], timeout=None)
        loop.run_once(0)

        def go_on() -> None:
            run_until(loop, lambda: client.connected)
            assert client.seen == ["connect"]

        in_child(go_on)
        answer.set()
        run_until(loop, lambda: client.connected)
        assert client.seen == ["connect"]
