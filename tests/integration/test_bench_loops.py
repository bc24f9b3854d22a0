"""The tight loops of the load, compiled and in Python: they do the same, and notice the same."""

import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.bench import compiled_loops
from examples.bench.load import LINE, connect, line
from examples.bench.loops import Loops, choose
from examples.bench.process import Address, ServerProcess
from examples.bench.servers import why_missing

pytestmark = pytest.mark.skipif(
    why_missing("handwritten") is not None, reason="this system has no epoll"
)


@pytest.fixture(params=["compiled", "python"])
def loops(request: pytest.FixtureRequest) -> Loops:
    if request.param == "compiled" and (reason := compiled_loops.why_missing()):
        pytest.skip(reason)
    return choose(spin=True, wanted=request.param)[0]


@contextmanager
def connected(address: Address, count: int) -> Iterator[list[socket.socket]]:
    socks = [connect(address) for _ in range(count)]
    try:
        yield socks
    finally:
        for sock in socks:
            sock.close()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_messages_are_counted_and_one_stays_under_way(loops: Loops, count: int) -> None:
    message = line(1) * 300
    with ServerProcess("handwritten", "echo") as server, connected(server.address, count) as socks:
        for sock in socks:
            sock.sendall(message)
        sample = loops.echoes(socks, message, 0.01)
        assert sample.messages > 0
        assert 0 <= sample.waited <= sample.seconds
        for sock in socks:
            assert sock.recv(len(message), socket.MSG_WAITALL) == message
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)
        assert received(socks) == len(message) * (sample.messages + count)


def test_all_members_hear_each_text_once(loops: Loops) -> None:
    text = line(1) + line(2)
    with ServerProcess("handwritten", "fanout") as server, connected(server.address, 4) as socks:
        socks[-1].sendall(text)
        sample = loops.room(socks, text, 0.01)
        assert sample.messages > 0
        for sock in socks:
            assert sock.recv(len(text), socket.MSG_WAITALL) == text
        assert received(socks) == len(text) * (sample.messages + 4)


def test_visits_leave_no_connection_open(loops: Loops) -> None:
    with ServerProcess("handwritten", "lines") as server:
        before = len(os.listdir("/proc/self/fd"))
        assert loops.visits(server.address, 5, line(1), 0.01).messages >= 5
        assert len(os.listdir("/proc/self/fd")) == before


def test_each_answer_of_a_closed_loop_is_timed(loops: Loops) -> None:
    with ServerProcess("handwritten", "lines") as server, connected(server.address, 3) as socks:
        epoll, sent = under_way(socks)
        with epoll:
            sample, latencies = loops.closed_loop(epoll, line(1), sent, 0.01, least=3)
        assert len(latencies) == sample.messages >= 3
        assert all(latency > 0 for latency in latencies)
        for sock in socks:
            assert sock.recv(LINE, socket.MSG_WAITALL) == line(1)
        assert received(socks) == LINE * (sample.messages + 3)


def received(socks: list[socket.socket]) -> int:
    """Return how many bytes the kernel has received on these connections so far."""
    return sum(
        struct.unpack_from("Q", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 128)[0]
        for sock in socks
    )


def under_way(socks: list[socket.socket]) -> tuple[select.epoll, "array[float]"]:
    """Send a line on each connection and return what a closed loop needs."""
    epoll, sent = watched(socks)
    for sock in socks:
        sent[sock.fileno()] = time.perf_counter()
        sock.sendall(line(1))
    return epoll, sent


def watched(socks: list[socket.socket]) -> tuple[select.epoll, "array[float]"]:
    """Return the connections' epoll set, and room for a time for each."""
    epoll = select.epoll()
    for sock in socks:
        epoll.register(sock.fileno(), select.EPOLLIN)
    return epoll, array("d", bytes(8 * (1 + max(sock.fileno() for sock in socks))))


class Interrupted(Exception):
    pass


def test_a_signal_ends_a_long_run(loops: Loops) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with ServerProcess("handwritten", "echo") as server, connected(server.address, 2) as socks:
            socks[0].sendall(line(1))
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            with pytest.raises(Interrupted):
                loops.echoes(socks[:1], line(1), 1e6)
            epoll, sent = under_way(socks[1:])
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            with epoll, pytest.raises(Interrupted):
                loops.closed_loop(epoll, line(1), sent, 1e6)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# -- servers that fail ----------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_a_connection_that_the_server_closed_ends_the_loop(
    loops: Loops, listener: socket.socket
) -> None:
    with connected(listener.getsockname(), 2) as socks:
        for _ in socks:
            listener.accept()[0].close()
        with pytest.raises(ConnectionResetError, match="the server closed a connection"):
            loops.echoes(socks, line(1), 1.0)
        with pytest.raises(ConnectionResetError, match="the server closed a connection"):
            loops.room(socks, line(1), 1.0)
        epoll, sent = watched(socks)
        with epoll, pytest.raises(ConnectionResetError, match="the server closed a connection"):
            loops.closed_loop(epoll, line(1), sent, 1.0)


def test_a_visitor_who_is_shown_out_ends_the_loop(loops: Loops, listener: socket.socket) -> None:
    def show_out() -> None:
        sock, _ = listener.accept()
        sock.recv(LINE)
        sock.close()

    server = threading.Thread(target=show_out)
    server.start()
    with pytest.raises(ConnectionResetError, match="the server closed a connection"):
        loops.visits(listener.getsockname(), 1, line(1), 1.0)
    server.join()


def test_a_visit_to_a_closed_port_is_refused(loops: Loops, listener: socket.socket) -> None:
    address = listener.getsockname()
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        loops.visits(address, 1, line(1), 1.0)


def test_a_silent_server_ends_the_loop(loops: Loops, listener: socket.socket) -> None:
    with connected(listener.getsockname(), 1) as socks:
        epoll, sent = under_way(socks)
        with epoll, pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
            loops.closed_loop(epoll, line(1), sent, 0.01, patience=0.01)


# -- the compiler ---------------------------------------------------------------------------------


def test_what_the_compiler_complains_of_is_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho 'loops.c:1: fatal error: no headers' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(
        compiled_loops.Unavailable, match=r"`cc` fails: loops\.c:1: fatal error: no"
    ):
        compiled_loops.build()


def test_the_source_compiles_without_a_warning() -> None:
    if reason := compiled_loops.why_missing():
        pytest.skip(reason)
    command = ["cc", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", str(compiled_loops.SOURCE)]
    subprocess.run(command, check=True)
