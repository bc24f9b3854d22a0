"""The page's server: connections, and the stream of pictures to the browsers.

Rule of this file: bytes, time limits, and which browsers get the next picture.

The stream is Server-Sent Events.  A browser that reads slowly is sent nothing until it has read
the previous picture: at most one picture is queued for each, and its next one is the newest.
"""

from __future__ import annotations

import socket
import time
from http import HTTPStatus

from examples.chatroom.doors.web.answers import SECURITY
from miniloop import AsyncChat, EventLoop, Listener

from .http import LONGEST_HEAD, BadRequest, Request, parse_head
from .picture import Picture
from .seen import Seen
from .site import EVENTS, Site, error_answer, may_stream

MOST_CONNECTIONS = 64
MOST_STREAMS = 8  # browsers open six at most
REQUEST_TIME = 10.0  # seconds for a request, and to read its answer
EVERY = 0.1  # seconds between two pictures
AT_REST = 1.0  # seconds between two identical pictures: shows a browser that the server is alive
MOST_QUEUED = 1 << 20  # bytes

_STREAM_HEAD = "\r\n".join(
    [
        "HTTP/1.1 200 OK",
        "Content-Type: text/event-stream; charset=utf-8",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in SECURITY.items()),
        "\r\n",
    ]
).encode()


class PageServer:
    """Serves the page, and sends pictures.

    Args:
        loop: The page's loop.
        address: The address to listen on.
        seen: The source of pictures.
        site: Answers the requests.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(self, loop: EventLoop, address: tuple[str, int], seen: Seen, site: Site) -> None:
        self.site = site
        self._loop = loop
        self._seen = seen
        self._connections: set[Connection] = set()
        self._streams: set[Connection] = set()
        self._last = b""
        self._last_sent = 0.0
        self._listener = Listener(loop, address, self._open)
        self._tick()

    @property
    def address(self) -> tuple[str, int]:
        """Return the host and the port of the listener."""
        host, port = self._listener.address[:2]
        return host, port

    def _open(self, loop: EventLoop, sock: socket.socket) -> Connection | None:
        if len(self._connections) >= MOST_CONNECTIONS:
            sock.close()
            return None
        connection = Connection(loop, sock, self)
        self._connections.add(connection)
        connection.on_close(self._forget, connection)
        return connection

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._streams.discard(connection)

    def add_stream(self, connection: Connection) -> None:
        """Send pictures to `connection` from now on.

        Raises:
            BadRequest: The maximum number of streams is reached.
        """
        if len(self._streams) >= MOST_STREAMS:
            sentence = "Too many browsers look at this loop already."
            raise BadRequest(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        self._streams.add(connection)
        self._last = b""  # all streams get the next picture

    def _tick(self) -> None:
        """Send a picture if it differs from the last, or to show that the server is alive."""
        self._loop.call_later(EVERY, self._tick)
        if not self._streams:
            return
        picture = self._seen.look()
        if picture is None:
            return
        now, sign = self._loop.time(), signature(picture)
        if sign == self._last and now - self._last_sent < AT_REST:
            return
        self._last, self._last_sent = sign, now
        self._send(f"data: {picture.json()}\n\n".encode())

    def _send(self, data: bytes) -> None:
        for stream in self._streams:
            if not (stream.closed or stream.output_size):  # it may be closed, and not removed yet
                stream.push(data)


def signature(picture: Picture) -> bytes:
    """Return the part of a picture that decides whether it is sent: all but the time."""
    return repr(
        (picture.mode, picture.delay, picture.passes, picture.stage, picture.row, picture.doing,
         picture.logged, picture.channels)
    ).encode()  # fmt: skip


class Connection(AsyncChat):
    """One request, and its answer.

    Args:
        loop: The page's loop.
        sock: The accepted connection.
        server: The page's server.
    """

    max_input = LONGEST_HEAD
    max_output = MOST_QUEUED

    def __init__(self, loop: EventLoop, sock: socket.socket, server: PageServer) -> None:
        super().__init__(loop, sock)
        self._server = server
        self._received = b""
        self._request: Request | None = None
        self._streaming = False
        self._limit = loop.call_later(REQUEST_TIME, self.close)
        self.set_terminator(b"\r\n\r\n")

    def collect_incoming_data(self, data: bytes) -> None:
        """Collect the request; ignore what the browser of a stream sends."""
        if not self._streaming:
            self._received += data

    def found_terminator(self) -> None:
        """Handle the complete head, or the complete body."""
        received, self._received = self._received, b""
        try:
            if self._request is None:
                self._take_head(received)
            else:
                self._answer(self._request, received)
        except BadRequest as error:
            self._end_with(error_answer(error).serialize(time.time()))

    def _take_head(self, head: bytes) -> None:
        self._request = request = parse_head(head)
        self._server.site.check(request)
        if request.path == EVENTS:
            self._stream(request)
        elif request.length:
            self.set_terminator(request.length)
        else:
            self._answer(request, b"")

    def _answer(self, request: Request, body: bytes) -> None:
        answer = self._server.site.answer(request, body)
        self._end_with(answer.serialize(time.time(), head_only=request.method == "HEAD"))

    def _end_with(self, data: bytes) -> None:
        self.push(data)
        self.close_when_done()

    def _stream(self, request: Request) -> None:
        may_stream(request)
        self._server.add_stream(self)
        self._streaming = True
        self._limit.cancel()
        self.set_terminator(None)
        self.push(_STREAM_HEAD)

    def handle_input_overflow(self) -> None:
        """Close: a browser never sends that much."""
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        error = BadRequest(status, "That head is too long.")
        self._end_with(error_answer(error).serialize(time.time()))

    def close(self) -> None:
        """Close, from any state."""
        self._limit.cancel()
        super().close()
