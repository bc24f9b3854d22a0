"""Connections on socket pairs, with the time in the test's hands."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("websockets", reason="the web door needs the package websockets")

from examples.chatroom.gate import Gate, Place
from examples.chatroom.limits import Limits
from examples.chatroom.messages import Kind
from examples.chatroom.web.connection import Connection, House
from examples.chatroom.web.limits import WebLimits
from examples.chatroom.web.pages import Pages
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import receive, settle

from .helpers import (  # fmt: skip
    ACCEPT,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Seen,
    Surroundings,
    frame,
    handshake,
    parse,
    said,
    text,
)

GET = b"GET %b HTTP/1.1\r\nHost: chat.example\r\n\r\n"


class Peer:
    """A browser, as bytes, and the connection that serves it."""

    def __init__(self, stage: Stage, place: Place | None) -> None:
        ours, self.socket = socket.socketpair()
        self.socket.setblocking(False)
        self._stage = stage
        stage.sockets.append(self.socket)
        self.connection = Connection(stage.loop, ours, "192.0.2.1", place, stage.house)
        self._data = b""

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)
            settle(self._stage.loop)

    def wait(self, seconds: float) -> None:
        self._stage.clock.advance(seconds)
        settle(self._stage.loop)

    def received(self) -> bytes:
        settle(self._stage.loop)
        return receive(self.socket)

    def open(self, *headers: str) -> None:
        self.send(handshake("chat.example", *headers))
        head = self.received()
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert ACCEPT.encode() in head

    def enter(self, name: str = "Ada") -> str:
        self.open()
        self.send(text({"do": "enter", "name": name}))
        return str(self.frames()[0].json["token"])

    def is_cut(self) -> bool:
        settle(self._stage.loop)
        return self.connection.closed

    def frames(self) -> list[Seen]:
        found, self._data = parse(self._data + self.received())
        return found

    def kinds(self) -> list[object]:
        return [each.json["kind"] for each in self.frames()]


class Stage:
    def __init__(self, loop: EventLoop, clock: FakeClock, folder: Path) -> None:
        self.loop, self.clock = loop, clock
        self.gate = Gate(Limits())
        self.gone: list[Connection] = []
        self.sockets: list[socket.socket] = []
        self.around = Surroundings(WebLimits(frame_burst=20, max_problems=2))
        (folder / "index.html").write_text("<!doctype html>")
        self.house = House(
            self.around.service,
            Pages(lambda: {"well": True}, folder),
            frozenset({"https://proxy.example:443"}),
            max_output=10_000,
            login_timeout=60.0,
            gone=self.gone.append,
        )

    def peer(self, *, full: bool = False) -> Peer:
        return Peer(self, None if full else self.gate.enter("192.0.2.1"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop:
        stage = Stage(loop, clock, tmp_path)
        yield stage
        for sock in stage.sockets:
            sock.close()


# HTTP


def test_a_page_is_served_and_the_place_is_free_again(stage: Stage) -> None:
    peer = stage.peer()
    peer.send(*(bytes([byte]) for byte in GET % b"/?theme=dark"))
    answer = peer.received()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n<!doctype html>")
    assert stage.gate.taken == 1
    peer.socket.close()
    settle(stage.loop)
    assert peer.is_cut()
    assert stage.gate.taken == 0
    assert stage.gone == [peer.connection]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET % b"/nothing", 404),
        (GET % b"/chat", 426),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\n bad header\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\na: \x00\r\n\r\n", 400),
        (b"\x16\x03\x01", 400),
        (handshake("x", "Origin: http://y"), 403),
        (handshake("x", "Origin: null"), 403),
        (handshake("x", "Origin: http://x", "Origin: http://x"), 400),
        (handshake("x").replace(b"Version: 13", b"Version: 12"), 400),
        (handshake("x").replace(b"Key: ", b"Key: x"), 400),
        (handshake("x").replace(b"HTTP/1.1", b"HTTP/1.0"), 505),
    ],
)
def test_every_other_request_gets_an_answer(stage: Stage, request_: bytes, status: int) -> None:
    peer = stage.peer()
    peer.send(request_)
    answer = peer.received()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Content-Security-Policy: default-src 'none'" in answer
    peer.send(b"more of it")
    peer.wait(stage.around.limits.close_timeout + 1)
    assert peer.is_cut(), "waits for ever for the other side's end"
    assert stage.gate.taken == 0


def test_head_gets_the_headers_alone(stage: Stage) -> None:
    peer = stage.peer()
    peer.send((GET % b"/").replace(b"GET", b"HEAD"))
    answer = peer.received()
    assert b"\r\nContent-Length: 15\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET[:-2] % b"/"])
def test_half_a_request_is_not_held_for_ever(stage: Stage, begun: bytes) -> None:
    peer = stage.peer()
    if begun:
        peer.send(begun)
    peer.wait(stage.around.limits.request_timeout + 1)
    assert peer.received()[:12] == (b"HTTP/1.1 408" if begun else b"")
    peer.wait(stage.around.limits.close_timeout + 1)
    assert peer.is_cut()
    assert stage.gate.taken == 0


def test_a_request_byte_by_byte_gains_no_time(stage: Stage) -> None:
    peer = stage.peer()
    for byte in b"GET / HTTP":
        peer.send(bytes([byte]))
        peer.wait(stage.around.limits.request_timeout / 9)
    assert peer.received()[:12] == b"HTTP/1.1 408"


def test_a_full_room_says_so(stage: Stage) -> None:
    peer = stage.peer(full=True)
    peer.send(GET % b"/")
    answer = peer.received()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 30\r\n" in answer


# The WebSocket


def test_one_enters_in_the_packet_of_the_handshake(stage: Stage) -> None:
    peer = stage.peer()
    peer.send(handshake() + text({"do": "enter", "name": "Ada"}))
    _, _, data = peer.received().partition(b"\r\n\r\n")
    assert [each.json["kind"] for each in parse(data)[0]] == ["welcome", "notice"]


@pytest.mark.parametrize("origin", ["http://chat.example", "https://proxy.example"])
def test_pages_of_ours_may_come_in(stage: Stage, origin: str) -> None:
    stage.peer().open(f"Origin: {origin}")


def test_fragments_are_joined_and_pings_between_them_answered(stage: Stage) -> None:
    peer = stage.peer()
    peer.open()
    message = '{"do":"enter","name":"Žofie"}'.encode()
    cut = message.index(b"\xbd")  # in the middle of a character
    peer.send(frame(TEXT, message[:5], fin=False), frame(PING, b"still there?"))
    peer.send(frame(CONT, message[5:cut], fin=False), frame(CONT, b"", fin=False))
    peer.send(frame(CONT, message[cut:]))
    pong, welcome, *_ = peer.frames()
    assert (pong.opcode, pong.payload) == (PONG, b"still there?")
    assert welcome.json["name"] == "Žofie"


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([frame(TEXT, b"\xff")], 1007),
        ([frame(TEXT, b'"\xed\xa0\x80"')], 1007),
        ([frame(TEXT, b'"\xc5', fin=False), frame(CONT, b'"')], 1007),
        ([frame(2, b"binary")], 1003),
        ([frame(2, b"binary", fin=False), frame(CONT, b"")], 1003),
        ([frame(TEXT, b"{}", mask=False)], 1002),
        ([frame(CONT, b"{}")], 1002),
        ([frame(TEXT, b"{", fin=False), frame(TEXT, b"}")], 1002),
        ([frame(3, b"")], 1002),
        ([frame(PING, b"a" * 126)], 1002),
        ([frame(PING, b"", fin=False)], 1002),
        ([frame(TEXT, b"{}", rsv1=True)], 1002),
        ([frame(CLOSE, b"\x03")], 1002),
        ([frame(CLOSE, b"\x03\xed")], 1002),
        ([frame(TEXT, b" " * 8193)], 1009),
        ([frame(TEXT, b" " * 5000, fin=False), frame(CONT, b" " * 5000)], 1009),
        ([b"\x81\xff" + b"\x7f" * 8], 1009),
        ([frame(TEXT, b"x")] * 3, 4002),
        ([frame(PING, b"x")] * 21, 4002),
        ([frame(TEXT, b"", fin=False)] + [frame(CONT, b"", fin=False)] * 20, 4002),
    ],
)
def test_who_breaks_the_rules_is_told_which(stage: Stage, pieces: list[bytes], code: int) -> None:
    peer = stage.peer()
    peer.open()
    peer.send(b"".join(pieces))
    last = peer.frames()[-1]
    assert last.code == code
    peer.wait(stage.around.limits.close_timeout + 1)
    assert peer.is_cut()
    assert stage.gate.taken == 0


def test_a_close_is_answered(stage: Stage) -> None:
    peer = stage.peer()
    peer.enter()
    peer.frames()
    peer.send(frame(CLOSE, b"\x03\xe9"))
    (answer,) = peer.frames()
    assert answer.code == 1001
    peer.socket.close()
    settle(stage.loop)
    assert peer.is_cut()
    assert stage.around.session.calls == [], "the seat is kept for a while"
    peer.wait(1)
    stage.around.pass_time()
    assert stage.around.session.calls == [("lost", "connection closed")]


def test_the_last_word_is_sent_before_the_close(stage: Stage) -> None:
    peer = stage.peer()
    peer.enter()
    stage.around.session.dismiss(Kind.CLOSING)
    *words, close = peer.frames()
    assert [each.json["kind"] for each in words] == ["closing"]
    assert close.code == 1012
    peer.send(text({"do": "rooms", "n": 1}))
    assert stage.around.session.calls == []
    peer.send(frame(CLOSE, b"\x03\xf4"))
    assert peer.received() == b""
    peer.socket.close()
    settle(stage.loop)
    assert stage.around.session.calls == [("lost", "connection lost")]


def test_who_does_not_answer_a_close_is_cut(stage: Stage) -> None:
    peer = stage.peer()
    peer.enter()
    stage.around.session.dismiss()
    peer.wait(stage.around.limits.close_timeout / 2)
    assert not peer.is_cut()
    peer.wait(stage.around.limits.close_timeout)
    assert peer.is_cut()
    assert stage.gate.taken == 0


def test_a_name_is_to_be_given_in_time(stage: Stage) -> None:
    peer = stage.peer()
    peer.open()
    for _ in range(13):
        peer.wait(5)
        if not peer.is_cut():
            peer.send(frame(PONG))
    *_, refused, close = peer.frames()
    assert refused.json["kind"] == "refused"
    assert close.code == 4000


def test_a_member_is_in_no_hurry_but_must_answer_pings(stage: Stage) -> None:
    peer = stage.peer()
    peer.enter()
    for _ in range(4):
        peer.wait(stage.around.limits.ping_after + 1)
        assert [each.opcode for each in peer.frames()] == [PING]
        peer.wait(1)
        peer.send(frame(PONG))
    peer.wait(stage.around.limits.ping_after + 1)
    peer.send(frame(TEXT, b"half of a frame is no answer")[:10])
    peer.wait(stage.around.limits.pong_timeout / 2)
    assert not peer.is_cut()
    peer.wait(stage.around.limits.pong_timeout + 1)
    assert peer.is_cut()
    assert stage.around.session.calls == []


def test_a_slow_reader_loses_its_connection_and_not_its_seat(stage: Stage) -> None:
    peer = stage.peer()
    token = peer.enter()
    seat = stage.around.service.tokens.find(token)
    assert seat is not None
    sent = 0
    while not peer.is_cut():
        for _ in range(1000):
            sent += 1
            seat.deliver(said(sent))
        settle(stage.loop, 1)
        assert sent < 1_000_000
    assert seat.waiting
    assert stage.around.session.calls == []
    again = stage.peer()
    again.open()
    again.send(text({"do": "resume", "token": token, "seen": 1}))
    assert again.frames()[0].json == {"kind": "resumed", "name": "Ada", "done": 0, "fresh": True}


def test_a_failing_conversation_ends_the_connection_and_frees_the_place(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    peer = stage.peer()
    peer.enter()
    stage.around.session.rooms = None  # type: ignore[assignment,method-assign]  # a bug
    peer.send(text({"do": "rooms", "n": 1}))
    assert peer.is_cut()
    assert "uncaptured exception" in caplog.text


def test_a_full_room_is_open_to_those_who_have_a_seat(stage: Stage) -> None:
    peer = stage.peer()
    token = peer.enter()
    peer.socket.close()
    settle(stage.loop)
    again = stage.peer(full=True)
    again.open()
    again.send(text({"do": "resume", "token": token, "seen": 1}))
    assert again.kinds() == ["resumed"]
    stranger = stage.peer(full=True)
    stranger.open()
    stranger.send(text({"do": "enter", "name": "Eve"}))
    refused, close = stranger.frames()
    assert (refused.json["kind"], close.code) == ("refused", 1013)
