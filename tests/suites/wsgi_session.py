"""Requests to asyncore-wsgi over loopback: pages, uploads, and a WebSocket.

Run by unittest inside the suite's process.  The package has a copy of asyncore in itself; what this
process knows under that name is put in the copy's place, before the package is imported.
"""

import asyncore
import http.client
import os
import socket
import struct
import sys
import threading
import unittest
from collections.abc import Iterable
from typing import Any

sys.modules["asyncore_wsgi.asyncore"] = asyncore
from asyncore_wsgi import AsyncWebSocketHandler, make_server  # noqa: E402 - not before


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Return the upload, or many chunks."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["REQUEST_METHOD"] == "POST":
        return [environ["wsgi.input"].read()]
    return [b"chunk %d," % number for number in range(1000)]


class Reverse(AsyncWebSocketHandler):  # type: ignore[misc]  # a package without types
    """Says everything backwards."""

    def handleMessage(self) -> None:
        self.sendMessage(self.data[::-1])


class RequestTests(unittest.TestCase):
    def setUp(self) -> None:
        self.server = make_server("127.0.0.1", 0, application, ws_handler_class=Reverse)
        self.over = threading.Event()
        thread = threading.Thread(target=self.serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.over.set)

    def serve(self) -> None:
        while not self.over.is_set():
            self.server.poll_once(0.05)
        self.server.close()

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def test_pages_on_one_connection(self) -> None:
        connection = self.connect()
        for _ in range(3):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.read() == b"".join(b"chunk %d," % number for number in range(1000))
            assert answer.getheader("Transfer-Encoding") == "chunked"

    def test_uploads_of_several_clients(self) -> None:
        """Each in one piece with its head: the program does not wait for what comes later."""
        for _ in range(5):
            body = os.urandom(1000)
            with socket.create_connection(("127.0.0.1", self.server.server_port), 20) as sock:
                sock.sendall(
                    b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n" + body
                )
                with http.client.HTTPResponse(sock) as answer:
                    answer.begin()
                    assert answer.read() == body

    def test_a_request_that_is_none(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.server_port), 20) as sock:
            sock.sendall(b"what?\r\n\r\n")
            assert b"400" in sock.recv(1000)

    def test_a_websocket(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.server_port), 20) as sock:
            sock.sendall(
                b"GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += sock.recv(1)
            assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
            sock.sendall(frame(b"hello"))
            assert sock.recv(7, socket.MSG_WAITALL) == b"\x81\x05olleh"


def frame(text: bytes) -> bytes:
    """Return a masked text frame, as clients send it."""
    mask = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    return struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked
