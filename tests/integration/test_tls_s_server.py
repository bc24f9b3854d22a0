"""Our TLS client with openssl s_server."""

import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.readiness import READ, WRITE
from miniloop.trace import inspection
from tests.certificates import certificates
from tests.driving import receive, run_until, settle
from tests.integration.tls_peers import (
    LONGEST,
    VERSIONS,
    Client,
    needs_openssl,
    openssl,
    read_until,
    tell,
)


@contextmanager
def s_server(files: tuple[str, str, str], *options: str) -> Iterator[
    tuple[subprocess.Popen[bytes], tuple[str, int]]
]:  # fmt: skip
    with openssl("s_server", "-accept", "127.0.0.1:0", "-cert", files[1], *options) as program:
        found = re.search(rb"ACCEPT \S+:(\d+)", read_until(program, b"ACCEPT"))
        assert found is not None
        yield program, ("127.0.0.1", int(found[1]))


class Between:
    """Stands between a client of ours and a server, and passes bytes on when it is told."""

    def __init__(self, stack: ExitStack, target: tuple[str, int]) -> None:
        self.server = stack.enter_context(socket.create_connection(target, timeout=LONGEST))
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.stack = stack

    def accept(self) -> None:
        self.client = self.stack.enter_context(self.listener.accept()[0])
        for end in (self.client, self.server):
            end.setblocking(False)

    def pump(self) -> int:
        """Pass on what is here; return how many bytes came from the server."""
        self.server.sendall(receive(self.client))
        data = receive(self.server)
        self.client.sendall(data)
        return len(data)


def pushing(client: Client) -> bool:
    client.push(b"more\n")
    return True


def read_through(
    loop: EventLoop, between: Between, program: subprocess.Popen[bytes], wanted: bytes
) -> None:
    """Pass bytes on until the program has printed this."""
    reader = threading.Thread(target=read_until, args=(program, wanted))
    reader.start()
    run_until(loop, lambda: between.pump() < 0 or not reader.is_alive())


@needs_openssl
@pytest.mark.parametrize("version", VERSIONS)
def test_s_server_turns_lines_around(
    loop: EventLoop, files: tuple[str, str, str], version: str
) -> None:
    with s_server(files, version, "-rev") as (_, address):
        client = Client(loop, address, certificates().client())
        run_until(loop, lambda: client.seen)
        for number in range(20):
            client.push(b"abc%02d\n" % number)
            run_until(loop, lambda: len(client.lines) > number)  # noqa: B023 - it ends in here
        client.close_when_done()
        run_until(loop, lambda: client.closed)
        assert client.lines == [b"%s" % (b"abc%02d" % n)[::-1] for n in range(20)]
        assert client.seen == ["secured", "close"]
        assert client.error is None


@needs_openssl
@pytest.mark.parametrize("command", [b"r\n", b"R\n"])
@pytest.mark.parametrize("paused", [False, True])
def test_s_server_renegotiates_while_we_write(
    loop: EventLoop, files: tuple[str, str, str], command: bytes, paused: bool
) -> None:
    """In TLS 1.2 writing may have to wait for reading; nothing is lost, and nothing spins."""
    with s_server(files, "-tls1_2") as (program, target), ExitStack() as stack:
        between = Between(stack, target)
        client = Client(loop, between.address, certificates().client())
        between.accept()
        run_until(loop, lambda: client.seen or between.pump() < 0)
        client.push(b"here we are\n")
        read_through(loop, between, program, b"here we are")
        tell(program, command)
        run_until(loop, between.pump)  # the server's request, and not yet its answer to ours
        tls: Any = client.socket
        run_until(loop, lambda: pushing(client) and tls.write_wants_read)
        if paused:
            client.pause_reading()
        client.push(b"the last line\n")
        settle(loop)
        assert tls.write_wants_read
        (registration,) = inspection.registrations(loop)
        assert registration.interest & (READ | WRITE) == READ
        read_through(loop, between, program, b"the last line")
        client.resume_reading()
        tell(program, b"and an answer\n")
        run_until(loop, lambda: client.lines or between.pump() < 0)
        assert client.lines == [b"and an answer"]
        assert client.error is None


@needs_openssl
def test_s_server_changes_its_keys(loop: EventLoop, files: tuple[str, str, str]) -> None:
    with s_server(files, "-tls1_3") as (program, target), ExitStack() as stack:
        between = Between(stack, target)
        client = Client(loop, between.address, certificates().client())
        between.accept()
        run_until(loop, lambda: client.seen or between.pump() < 0)
        client.push(b"here we are\n")
        read_through(loop, between, program, b"here we are")
        for number, command in enumerate((b"k\n", b"K\n", b"K\n")):
            tell(program, command)
            run_until(loop, between.pump)  # the new key is on its way
            settle(loop)
            assert client.lines == [b"new keys"] * number
            client.push(b"and mine %d\n" % number)
            read_through(loop, between, program, b"and mine %d" % number)
            tell(program, b"new keys\n")
            run_until(loop, lambda: between.pump() < 0 or len(client.lines) > number)  # noqa: B023
        assert client.seen == ["secured"]
        assert client.error is None


@needs_openssl
def test_a_server_that_is_not_trusted_is_refused_with_the_reason(
    loop: EventLoop, files: tuple[str, str, str]
) -> None:
    with s_server(files) as (_, address):
        client = Client(loop, address, ssl.create_default_context())
        run_until(loop, lambda: client.closed)
        assert client.seen == ["close"]
        assert isinstance(client.error, ssl.SSLCertVerificationError)
