"""Use an installed miniloop; run by a Python that has nothing else, from outside the tree."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import metadata
from importlib.resources import files
from pathlib import Path

import miniloop
from miniloop import AsyncChat, EventLoop, Listener


class Echo(AsyncChat):
    """The server of the README."""

    def __init__(self, loop: EventLoop, sock: object = None) -> None:
        super().__init__(loop, sock)  # type: ignore[arg-type]
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.line += data

    def found_terminator(self) -> None:
        self.push(self.line + b"\n")
        self.line = b""


class Asks(Echo):
    """Sends one line and keeps the answer."""

    answer = b""

    def handle_connect(self) -> None:
        self.push(b"hello\n")

    def found_terminator(self) -> None:
        self.answer = self.line
        self.loop.stop()


def installed() -> None:
    place = Path(miniloop.__file__).parent
    assert place.parent.name in ("site-packages", "dist-packages"), place
    assert Path(sys.prefix) in place.parents, place
    assert (files("miniloop") / "py.typed").is_file()
    print(f"{metadata('miniloop-sockets')['Name']} is installed in {place.parent.name}")


def echo() -> None:
    with EventLoop() as loop:
        server = Listener(loop, ("127.0.0.1", 0), Echo)
        client = Asks(loop)
        client.create_socket()
        client.connect(server.socket.getsockname())
        loop.call_later(60, loop.stop)
        loop.run()
        assert client.answer == b"hello", client.answer
    print("a line came back over loopback")


def compat() -> None:
    command = [sys.executable, "-I", "-m", "miniloop.compat", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "miniloop.compat" in said, said
    print("python3 -m miniloop.compat --help answers")


if __name__ == "__main__":
    installed()
    echo()
    compat()
