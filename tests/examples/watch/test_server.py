"""Connections to the page, and the stream of pictures, over pairs of sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from examples.watch import server as module
from examples.watch.pace import Pace
from examples.watch.picture import Entry, Picture
from examples.watch.seen import Seen
from examples.watch.server import MOST_CONNECTIONS, MOST_STREAMS, Connection, PageServer, signature
from examples.watch.site import Site
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import fill, receive, settle

HOST = b"Host: here:1\r\n"


class Showing(Seen):
    """A watched loop that is whatever the test says."""

    def __init__(self) -> None:
        super().__init__(Pace())
        self.looks = 0
        self.picture: Picture | None = picture()

    def look(self) -> Picture | None:
        self.looks += 1
        return self.picture


def picture(passes: int = 1, log: int = 0) -> Picture:
    return Picture("run", 0.6, passes, 0.1, "wait", None, "", {}, [], 0, 0, 0, 0, 0, [], [],
                   [Entry(1, "loop", "x" * 1000, "", 1)] * log, log)  # fmt: skip


class Stage:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.loop = EventLoop(clock=self.clock, debug=True)
        self.seen = Showing()
        self.site = Site(self.seen._pace, "")
        self.site.hosts = frozenset({"here:1"})
        self.server = PageServer(self.loop, ("127.0.0.1", 0), self.seen, self.site)

    @contextmanager
    def visitor(self) -> Iterator[socket.socket]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.server._open(self.loop, ours)
        with theirs:
            yield theirs

    def ask(self, theirs: socket.socket, request: bytes) -> bytes:
        theirs.send(request)
        settle(self.loop)
        return receive(theirs)

    def tick(self, seconds: float = module.EVERY) -> None:
        self.clock.advance(seconds)
        settle(self.loop)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage.loop:
        yield stage


def test_the_page(stage: Stage) -> None:
    with stage.visitor() as theirs:
        answer = stage.ask(theirs, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; " in head
    assert b"\r\nConnection: close\r\n" in head
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head
    assert stage.site.token.encode() in body


def test_a_head_has_no_body(stage: Stage) -> None:
    with stage.visitor() as theirs:
        answer = stage.ask(theirs, b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_a_switch_is_moved_however_its_bytes_come(stage: Stage, pieces: int) -> None:
    body = b'{"mode":"slow"}'
    request = b"POST /control HTTP/1.1\r\n%bX-Watch-Token: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        HOST, stage.site.token.encode(), len(body), body,
    )  # fmt: skip
    with stage.visitor() as theirs:
        for start in range(0, len(request), pieces):
            theirs.send(request[start : start + pieces])
            stage.loop.run_once(0)
        settle(stage.loop)
        assert receive(theirs).startswith(b"HTTP/1.1 204 No Content\r\n")
    assert stage.seen._pace.mode == "slow"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: there\r\n\r\n", b"421"),
        (b"GET /events HTTP/1.1\r\nHost: there\r\n\r\n", b"421"),
        (b"POST /events HTTP/1.1\r\nHost: here:1\r\n\r\n", b"405"),
        (b"GET /events HTTP/1.1\r\nHost: here:1\r\nSec-Fetch-Site: cross-site\r\n\r\n", b"403"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 10_000, b"431"),
    ],
)
def test_what_is_refused(stage: Stage, request_: bytes, status: bytes) -> None:
    with stage.visitor() as theirs:
        answer = stage.ask(theirs, request_)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert b"Content-Security-Policy" in answer
        assert not stage.server._connections
    assert not stage.server._streams


EVENTS = b"GET /events HTTP/1.1\r\n" + HOST + b"\r\n"


def events(data: bytes) -> list[Any]:
    texts = data.decode().split("\n\n")
    assert texts[-1] == ""
    return [json.loads(text.removeprefix("data: ")) for text in texts[:-1]]


def test_the_stream(stage: Stage) -> None:
    stage.tick()
    assert stage.seen.looks == 0  # nobody looks
    with stage.visitor() as theirs:
        head = stage.ask(theirs, EVENTS)
        assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream")
        assert head.endswith(b"\r\n\r\n")
        stage.tick()
        assert [each["passes"] for each in events(receive(theirs))] == [1]
        stage.tick()
        assert receive(theirs) == b""  # nothing new
        stage.seen.picture = picture(2)
        stage.tick()
        assert [each["passes"] for each in events(receive(theirs))] == [2]
        stage.tick(module.AT_REST)
        assert len(events(receive(theirs))) == 1  # we live
        stage.seen.picture = None
        stage.tick()
        assert receive(theirs) == b""
        theirs.send(b"what a browser never sends")
        stage.tick()
    settle(stage.loop)
    assert not stage.server._streams


def test_who_comes_later_gets_the_picture_too(stage: Stage) -> None:
    with stage.visitor() as first, stage.visitor() as second:
        stage.ask(first, EVENTS)
        stage.tick()
        receive(first)
        stage.ask(second, EVENTS)
        stage.tick()
        assert len(events(receive(second))) == 1


@pytest.mark.needs("unix sockets")
def test_a_slow_browser_gets_the_newest_picture_and_no_others(stage: Stage) -> None:
    with stage.visitor() as theirs:
        stage.ask(theirs, EVENTS)
        (connection,) = stage.server._streams
        blocked = fill(connection.socket)
        for passes in range(10, 1000):
            stage.seen.picture = picture(passes, log=40)
            stage.clock.advance(module.EVERY)
            stage.loop.run_once(0)
        assert connection.output_size < 50_000  # one picture
        data = b""
        while len(data) < blocked:
            data += receive(theirs)
            settle(stage.loop, 2)
        data = data[blocked:] + receive(theirs)
        stage.tick(module.AT_REST)
        shown = [each["passes"] for each in events(data + receive(theirs))]
        assert shown == [10, 999]


def test_who_leaves_in_the_very_pass_of_a_picture_harms_nobody(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    with stage.visitor() as leaving, stage.visitor() as staying:
        stage.ask(leaving, EVENTS)
        stage.ask(staying, EVENTS)
        leaving.close()
        stage.clock.advance(module.EVERY)
        stage.loop.run_once(0)  # the end is delivered, then the timer runs, and callbacks last
        settle(stage.loop)
        assert len(events(receive(staying))) == 1
    assert caplog.records == []


def test_streams_are_bounded(stage: Stage) -> None:
    stage.server._streams |= {object() for _ in range(MOST_STREAMS)}  # type: ignore[misc]  # a crowd
    with stage.visitor() as theirs:
        assert stage.ask(theirs, EVENTS).startswith(b"HTTP/1.1 503")
    stage.server._streams.clear()


def test_connections_are_bounded(stage: Stage) -> None:
    crowd = {object() for _ in range(MOST_CONNECTIONS)}
    stage.server._connections |= crowd  # type: ignore[arg-type]  # as many as there may be
    with stage.visitor() as theirs:
        assert theirs.recv(1) == b""
    stage.server._connections.clear()


def test_a_request_that_never_ends_is_not_waited_for(stage: Stage) -> None:
    with stage.visitor() as theirs:
        stage.ask(theirs, b"GET / HTT")
        stage.tick(module.REQUEST_TIME)
        assert theirs.recv(1) == b""


def test_a_stream_is_waited_for(stage: Stage) -> None:
    with stage.visitor() as theirs:
        stage.ask(theirs, EVENTS)
        stage.tick(10 * module.REQUEST_TIME)
        assert events(receive(theirs))


def test_half_a_connection_still_gets_its_answer(stage: Stage) -> None:
    with stage.visitor() as theirs:
        theirs.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        theirs.shutdown(socket.SHUT_WR)
        settle(stage.loop)
        assert receive(theirs).startswith(b"HTTP/1.1 200")


def test_what_is_new_in_a_picture() -> None:
    assert signature(picture()) == signature(picture())
    assert signature(picture(2)) != signature(picture())
    assert signature(picture(log=1)) != signature(picture())


def test_addresses(stage: Stage) -> None:
    host, port = stage.server.address
    assert host == "127.0.0.1"
    assert port > 0
    assert Connection.max_output == 1 << 20
