"""A listener survives everything between accept() and registration."""

import errno
import logging
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop, Listener
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.driving import deliveries, reset, settle
from tests.integration.promises.serving import Echo, answers


class FailingSocket(socket.socket):
    """A listening socket whose next accepts fail."""

    failures: list[int]

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            code = self.failures.pop(0)
            raise OSError(code, os.strerror(code))
        return super().accept()


def failing_listener(*codes: int) -> FailingSocket:
    sock = FailingSocket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.failures = list(codes)
    return sock


class EchoServer(Dispatcher):
    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        Echo(self.loop, sock)


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_a_listener_survives_exhaustion_rests_and_says_so_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        server = EchoServer(loop, failing_listener(*[getattr(errno, name)] * 3))
        address = server.socket.getsockname()
        with socket.create_connection(address):
            assert deliveries(loop) == 1  # it does not look again and again
            for _ in range(3):
                clock.advance(1)
                settle(loop)
            assert answers(loop, address)
        assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


@pytest.mark.parametrize("name", ["ECONNABORTED", "EPROTO", "EPERM", "EINTR", "EAGAIN"])
def test_a_listener_survives_a_connection_that_died_in_the_queue(
    loop: EventLoop, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = EchoServer(loop, failing_listener(getattr(errno, name)))
    assert answers(loop, server.socket.getsockname())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_listener_survives_having_no_descriptors_left() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "b'hello\\n'\n", done.stderr
    # once for each time that it works in between, and not once for each attempt
    assert 1 <= done.stderr.count("Too many open files") <= 5


def test_a_listener_survives_a_connection_reset_before_it_is_accepted(loop: EventLoop) -> None:
    listener = Listener(loop, ("127.0.0.1", 0), Echo)
    for _ in range(5):
        reset(socket.create_connection(listener.address[:2]))
    assert answers(loop, listener.address[:2])
    settle(loop)
    assert len(inspection.registrations(loop)) == 1


OUT_OF_DESCRIPTORS = """
import resource, socket, sys
from miniloop import EventLoop, Listener
from tests.driving import Lines, run_until

class Echo(Lines):
    def handle_line(self, line):
        self.push(line + b"\\n")

with EventLoop(debug=True) as loop:
    made = []
    listener = Listener(loop, ("127.0.0.1", 0), lambda loop, sock: made.append(Echo(loop, sock)))
    clients = [socket.socket() for _ in range(8)]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (clients[-1].fileno() + 4, hard))
    for client in clients:
        client.setblocking(False)
        client.connect_ex(listener.address)
        loop.run_once(0.01)
    run_until(loop, lambda: not listener.readable())
    assert len(made) == 3, made
    while len(made) < 8:
        for channel in made:
            channel.close()
        run_until(loop, lambda: not made[-1].closed or len(made) == 8)
    clients[-1].send(b"hello\\n")
    run_until(loop, lambda: made[-1].lines)
    run_until(loop, lambda: not made[-1].output_size)
    loop.run_once(0)
    print(clients[-1].recv(100))
"""
