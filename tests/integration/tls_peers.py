"""Ends of TLS connections whose other end is not ours: a server on a thread, OpenSSL's programs."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from miniloop import EventLoop, Listener
from tests.driving import Lines

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "use-tls.md"
VERSIONS = ["-tls1_2", "-tls1_3"]
LONGEST = 20.0
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the program openssl is not installed"
)


class Seen:
    """What the channels on the loop's thread have been told, for the test's."""

    def __init__(self) -> None:
        self.ends: list[BaseException | None] = []
        self.some = threading.Condition()

    def end(self, error: BaseException | None) -> None:
        with self.some:
            self.ends.append(error)
            self.some.notify_all()

    def wait(self, count: int) -> list[BaseException | None]:
        with self.some:
            assert self.some.wait_for(lambda: len(self.ends) >= count, LONGEST)
            return list(self.ends)


class Echo(Lines):
    """A server of lines."""

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        context: ssl.SSLContext,
        seen: Seen,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(loop, sock)
        self.told = seen
        self.start_tls(context, server_side=True, timeout=timeout)

    def handle_line(self, line: bytes) -> None:
        if line == b"quit":
            self.push(b"goodbye\n")
            self.close_when_done()
        else:
            self.push(line + b"\n")

    def handle_close(self) -> None:
        super().handle_close()
        assert self.seen.count("close") == 1
        self.told.end(self.error)


@contextmanager
def serving(factory: Callable[[EventLoop, socket.socket], object]) -> Iterator[tuple[str, int]]:
    """A loop with a listener on a thread of its own, stopped in order afterwards."""
    with EventLoop() as loop:
        listener = Listener(loop, ("127.0.0.1", 0), factory)
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            yield listener.address[:2]
        finally:
            loop.stop(grace=1)
            thread.join(LONGEST)
            assert not thread.is_alive()


@contextmanager
def openssl(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = ["openssl", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as program:
        killer = threading.Timer(LONGEST, program.kill)
        killer.start()
        try:
            yield program
        finally:
            killer.cancel()
            program.kill()


def tell(program: subprocess.Popen[bytes], text: bytes) -> None:
    assert program.stdin is not None
    program.stdin.write(text)
    program.stdin.flush()


def read_until(program: subprocess.Popen[bytes], wanted: bytes) -> bytes:
    """Read lines until one has ``wanted`` in it; return all of them."""
    assert program.stdout is not None
    output: IO[bytes] = program.stdout
    got = b""
    for line in output:
        got += line
        if wanted in line:
            return got
    raise AssertionError(f"{wanted!r} did not come: {got!r}")


class Client(Lines):
    def __init__(self, loop: EventLoop, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(loop)
        self.context = context
        self.create_socket()
        self.connect(address)

    def handle_connect(self) -> None:
        self.start_tls(self.context, server_hostname="localhost")

    def handle_secured(self) -> None:
        self.seen.append("secured")

    def handle_close(self) -> None:
        super().handle_close()
        assert self.seen.count("close") == 1


def howto() -> dict[str, Any]:
    """What the page's programs define."""
    names: dict[str, Any] = {"__name__": "howto"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    return names
