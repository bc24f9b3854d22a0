"""Browsers for the web door: one that keeps the rules, and one that sends what it is told."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import time
from typing import Any

import pytest

pytest.importorskip("websockets", reason="the web door needs the package websockets")

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.examples.chatroom.doors.web.helpers import Seen, handshake, parse, text
from tests.examples.chatroom.doors.web.serve import Running

PATIENCE = 20.0
FREELY: dict[str, Any] = {
    "flood_rate": 1e6, "flood_burst": 10**6, "address_rate": 1e6, "address_burst": 10**6,
    "look_rate": 1e6, "look_burst": 10**6,
}  # fmt: skip
EAGERLY: dict[str, Any] = {
    "frame_rate": 1e6,
    "frame_burst": 10**6,
    "resume_rate": 1e6,
    "resume_burst": 10**6,
}


class Browser:
    """A real WebSocket client that speaks JSON."""

    def __init__(self, running: Running, name: str = "", **options: Any) -> None:
        uri = f"ws://{running.host}/chat"
        self._stack = contextlib.ExitStack()
        self.socket: ClientConnection = self._stack.enter_context(
            connect(uri, close_timeout=1.0, **options)
        )
        self.n = 0
        self.token = ""
        if name:
            self.send(do="enter", name=name)
            welcome = self.expect("welcome")
            assert welcome["name"] == name
            self.token = welcome["token"]
            self.expect("joined")

    def send(self, **request: object) -> None:
        self.socket.send(json.dumps(request))

    def ask(self, do: str, **request: object) -> int:
        self.n += 1
        self.send(n=self.n, do=do, **request)
        return self.n

    def say(self, words: str, room: str = "lobby") -> None:
        self.ask("say", room=room, text=words)

    def receive(self) -> dict[str, Any]:
        found = json.loads(self.socket.recv(timeout=PATIENCE))
        assert isinstance(found, dict)
        return found

    def expect(self, kind: str, **fields: object) -> dict[str, Any]:
        """The next event of that kind with these fields; others are skipped."""
        while True:
            event = self.receive()
            if event["kind"] == kind and fields.items() <= event.items():
                return event

    def ended(self) -> int:
        """The code that the server closes with."""
        while True:
            try:
                self.receive()
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd is not None else 1006

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class Raw:
    """A peer that sends what it likes; over TLS with a context.

    Not the WebSocket client of the other tests: it reads and writes on two threads, which one TLS
    connection bears only from Python 3.13 on.
    """

    def __init__(
        self, running: Running, receive_buffer: int = 0, context: ssl.SSLContext | None = None
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", running.port))
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.host = running.host
        self.data = b""

    def send(self, *pieces: bytes) -> None:
        self.socket.sendall(b"".join(pieces))

    def rest(self) -> bytes:
        with contextlib.suppress(ConnectionResetError):
            while piece := self.socket.recv(65536):
                self.data += piece
        return self.data

    def open(self, *headers: str) -> bytes:
        """Shake hands; return the head of the answer."""
        self.send(handshake(self.host, *headers))
        while b"\r\n\r\n" not in self.data:
            piece = self.socket.recv(65536)
            assert piece, self.data
            self.data += piece
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return head

    def frames(self) -> list[Seen]:
        """All that come until the server ends the connection."""
        found, rest = parse(self.rest())
        assert rest == b""
        return found

    def next(self) -> Seen:
        while True:
            found, _ = parse(self.data)
            if found:
                size = len(self.data) - len(parse_rest(self.data))
                self.data = self.data[size:]
                return found[0]
            piece = self.socket.recv(65536)
            assert piece, "the connection ended"
            self.data += piece

    def enter(self, name: str) -> str:
        self.send(text({"do": "enter", "name": name}))
        token = self.next().json["token"]
        assert isinstance(token, str)
        return token

    def reset(self) -> None:
        """Go as a telephone in a tunnel does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def parse_rest(data: bytes) -> bytes:
    """What is behind the first frame in `data`."""
    size, start = data[1], 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    elif size == 127:
        size, start = int.from_bytes(data[2:10], "big"), 10
    return data[start + size :]


def until(question: Any) -> None:
    """Ask until the answer is yes: for what the server notices in its own time."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, "it did not happen in time"
