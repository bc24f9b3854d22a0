"""The web door as browsers and worse meet it: real sockets, and a real peer's WebSocket."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("websockets", reason="the web door needs the package websockets")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from examples.chatroom.limits import Limits
from examples.chatroom.web.limits import WebLimits
from tests.certificates import certificates
from tests.examples.chatroom.web.helpers import (
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Seen,
    frame,
    handshake,
    parse,
    text,
)
from tests.examples.chatroom.web.serve import CLOSING, Running, serving

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


@pytest.fixture(scope="module")
def door() -> Iterator[Running]:
    """A door for tests that leave it as it was."""
    with serving(Limits(**FREELY), WebLimits(**EAGERLY, close_timeout=0.5)) as running:
        yield running


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


# A room in the browser


def test_two_browsers_talk(door: Running) -> None:
    with Browser(door, "Ada") as ada, Browser(door, "Bob") as bob:
        ada.expect("joined", sender="Bob", room="lobby")
        ada.ask("say", room="lobby", text="hi <b>Bob</b>", nonce="0-1")
        said = bob.expect("said", sender="Ada", room="lobby")
        assert said["text"] == "hi <b>Bob</b>"
        assert said["id"] >= 1
        ada.expect("receipt", n=1)
        bob.ask("whisper", to="Ada", text="psst")
        assert ada.expect("whispered")["text"] == "psst"
        ada.ask("join", room="tea")
        assert ada.expect("room")["people"] == [{"name": "Ada", "operator": False}]
        ada.ask("rooms")
        rooms = {each["name"]: each["people"] for each in ada.expect("rooms")["rooms"]}
        assert rooms == {"lobby": 2, "tea": 1}
        ada.ask("leave", room="tea")
        ada.expect("parted", room="tea")
        ada.ask("page", room="lobby", before=0)
        assert said in ada.expect("page")["messages"]
        ada.ask("search", room="lobby", text="Bob")
        assert ada.expect("found")["query"] == "Bob"
        ada.say("/quit")
        ada.expect("farewell")
        assert ada.ended() == 4000
        bob.expect("left", sender="Ada")
        bob.say("/quit")
        assert bob.ended() == 4000


def test_a_taken_name_may_be_followed_by_another(door: Running) -> None:
    with Browser(door, "Ada") as ada, Browser(door) as other:
        other.send(do="enter", name="ADA")
        assert "taken" in other.expect("refused")["text"]
        other.send(do="enter", name="Bob")
        other.expect("welcome", name="Bob")
        for browser in (ada, other):
            browser.n = 10
            browser.say("/quit")
            assert browser.ended() == 4000


def test_five_names_in_vain_are_enough() -> None:
    with serving(Limits(login_attempts=3)) as running, Browser(running) as eve:
        for _ in range(3):
            eve.send(do="enter", name="!")
        texts = [eve.expect("refused")["text"] for _ in range(3)]
        assert "Goodbye" in texts[2]
        assert eve.ended() == 4000
        until(lambda: running.places() == 0)


def test_long_lists_are_compressed_and_broadcasts_are_not(door: Running) -> None:
    with Raw(door) as raw:
        head = raw.open("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        agreed = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        assert b"Sec-WebSocket-Extensions: " + agreed in head
        raw.enter("Zoe")
        for number in range(1, 5):
            words = f"{number} " + "x" * 1000
            raw.send(text({"n": number, "do": "say", "room": "lobby", "text": words}))
        raw.send(text({"n": 5, "do": "page", "room": "lobby"}))
        frames: list[Seen] = []
        while not frames or frames[-1].rsv1 is False:
            frames.append(raw.next())
        page = zlib.decompressobj(wbits=-15).decompress(frames[-1].payload + b"\0\0\xff\xff")
        assert json.loads(page)["kind"] == "page"
        assert len(frames[-1].payload) < 1000 < len(page)
        said = [each for each in frames[:-1] if each.json["kind"] == "said"]
        assert len(said) == 4
        raw.send(text({"n": 6, "do": "say", "room": "lobby", "text": "/quit"}))
        assert raw.frames()[-1].code == 4000


def test_a_peer_with_a_small_window_gets_nothing_compressed(door: Running) -> None:
    with Raw(door) as raw:
        head = raw.open("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9")
        assert b"server_max_window_bits=9" in head
        raw.enter("Wim")
        for number in range(1, 4):
            raw.send(text({"n": number, "do": "say", "room": "lobby", "text": "x" * 1000}))
        raw.send(text({"n": 4, "do": "page", "room": "lobby"}))
        raw.send(text({"n": 5, "do": "say", "room": "lobby", "text": "/quit"}))
        *frames, close = raw.frames()
        assert "page" in [each.json["kind"] for each in frames]
        assert not any(each.rsv1 for each in frames)
        assert close.code == 4000


def test_a_peer_that_compresses_is_understood(door: Running) -> None:
    # This client offers compression, and uses it for every message.
    with Browser(door, "Kim") as kim:
        assert "permessage-deflate" in str(kim.socket.response)
        kim.say("y" * 900)
        assert kim.expect("said")["text"] == "y" * 900
        kim.say("/quit")
        assert kim.ended() == 4000


# Coming back


def test_nothing_is_lost_or_doubled_wherever_the_connection_is_cut() -> None:
    """Somebody talks on while the other's connection is cut again and again, anywhere."""
    dice = random.Random(6)
    with serving(Limits(**FREELY), WebLimits(**EAGERLY)) as running, Browser(running, "Bob") as bob:
        raw = Raw(running)
        raw.open()
        token = raw.enter("Ada")
        heard: list[str] = []
        seen, data, told = 0, raw.data, 0
        while len(heard) < 400:
            if told < 400 and dice.random() < 0.7:
                for _ in range(min(dice.randrange(1, 8), 400 - told)):
                    bob.say(str(told))
                    told += 1
                bob.expect("receipt", n=bob.n)  # who does not read is cut as well
            raw.socket.settimeout(0.02)
            with contextlib.suppress(TimeoutError):
                data += raw.socket.recv(dice.choice([1, 7, 100, 5000]))
            found, data = parse(data)
            for each in found:
                event = each.json
                if event["kind"] != "resumed":
                    seen += 1
                    heard += [event["text"]] if event["kind"] == "said" else []
                else:
                    assert "fresh" not in event
            if dice.random() < 0.3:
                raw.reset()
                raw, data = Raw(running), b""
                raw.open()
                raw.send(text({"do": "resume", "token": token, "seen": seen}))
                data, raw.data = raw.data, b""
        assert heard == [str(number) for number in range(400)]
        assert running.figure("seats") == 2
        raw.socket.close()


def test_requests_sent_again_are_done_once(door: Running) -> None:
    with Browser(door, "Ada") as ada:
        with Browser(door) as again:
            ada.send(n=1, do="say", room="lobby", text="once")
            ada.expect("receipt", n=1)
            again.send(do="resume", token=ada.token, seen=None)
            resumed = again.expect("resumed")
            assert (resumed["name"], resumed["done"]) == ("Ada", 1)
            assert ada.ended() == 4001
            assert again.expect("room")["recent"][-1]["text"] == "once"
            again.send(n=1, do="say", room="lobby", text="once")
            again.send(n=2, do="say", room="lobby", text="twice")
            assert again.expect("said")["text"] == "twice"
            again.send(n=3, do="say", room="lobby", text="/quit")
            assert again.ended() == 4000
        with Browser(door) as late:
            late.send(do="resume", token=ada.token, seen=0)
            late.expect("expired")


def test_who_stays_away_leaves(door: Running) -> None:
    web = WebLimits(resume_grace=0.2)
    with serving(web=web) as running, Browser(running, "Bob") as bob:
        raw = Raw(running)
        raw.open()
        token = raw.enter("Ada")
        bob.expect("joined", sender="Ada")
        raw.reset()
        bob.expect("left", sender="Ada")
        assert running.places() == 1
        with Browser(running) as late:
            late.send(do="resume", token=token, seen=0)
            late.expect("expired")


def test_a_slow_reader_loses_its_connection_and_not_its_seat() -> None:
    limits = Limits(**FREELY, max_output=20_000)
    with serving(limits, WebLimits(**EAGERLY)) as running, Browser(running, "Bob") as bob:
        with Raw(running, receive_buffer=4096) as slow:
            slow.open()
            token = slow.enter("Ada")
            while not running.figure("seats_waiting"):
                bob.say("z" * 1000)
                bob.expect("receipt", n=bob.n)
        with Browser(running) as again:
            again.send(do="resume", token=token, seen=0)
            again.expect("resumed", name="Ada")


def test_at_the_end_of_the_server_browsers_are_told_to_come_back() -> None:
    with serving() as running, Browser(running, "Ada") as ada, Browser(running) as stranger:
        stranger.send(do="enter", name="!")
        stranger.expect("refused")
        running.stop()
        assert ada.expect("closing")["text"] == CLOSING
        assert (ada.ended(), stranger.ended()) == (1012, 1012)


# Hostile HTTP


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /static/../door.py HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /status HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", 200),
        (b"HEAD /status HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000, 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000, 413),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 400),
        (b"NICK ada\r\n\r\n", 400),
        (b"GET /" + b"a" * 100_000, 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, 431),
        (b"GET / HTTP/1.1\r\na: " + b"b" * 1_000_000, 431),
        (handshake("x", "Origin: http://evil.example"), 403),
        (handshake("x").replace(b"GET", b"HEAD"), 404),
    ],
)
def test_every_request_gets_its_answer(door: Running, request_: bytes, status: int) -> None:
    with Raw(door) as raw:
        with contextlib.suppress(ConnectionError):  # the server need not read all of it
            raw.send(request_)
        answer = raw.rest()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Security-Policy: default-src 'none';" in answer
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer
    if request_.startswith(b"HEAD"):
        assert answer.endswith(b"\r\n\r\n")


def test_a_page_of_another_origin_may_not_come_in(door: Running) -> None:
    with pytest.raises(InvalidStatus) as caught:
        Browser(door, origin=Origin("http://evil.example"))
    assert caught.value.response.status_code == 403
    with Browser(door, origin=Origin(f"http://{door.host}")) as own:
        own.send(do="resume", token="", seen=0)
        own.expect("expired")


def test_another_origin_may_come_in_where_it_was_said() -> None:
    with (
        serving(origins=["https://chat.example"]) as running,
        Browser(running, "Ada", origin=Origin("https://chat.example")),
    ):
        pass


def test_two_hundred_half_requests_are_cut() -> None:
    limits = Limits(max_per_address=300)
    with serving(limits, WebLimits(request_timeout=0.5, close_timeout=0.2)) as running:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(Raw(running)) for _ in range(200)]
            for number, raw in enumerate(idle):
                raw.send(handshake(running.host)[: number % 3 * 20])
            assert running.places() > 0
            for number, raw in enumerate(idle):
                assert raw.rest()[:12] == (b"HTTP/1.1 408" if number % 3 else b"")
            until(lambda: running.places() == 0)
        assert running.figure("connections") == 0


def test_a_full_room_is_told_and_floods_are_cut() -> None:
    limits = Limits(max_members=2)
    web = WebLimits(max_turned_away=3)
    with serving(limits, web) as running, Browser(running, "Ada"), Browser(running, "Bob"):
        with Raw(running) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.rest().startswith(b"HTTP/1.1 503 ")
        until(lambda: running.figure("turned_away") == 0)
        with Browser(running) as eve:
            eve.send(do="enter", name="Eve")
            eve.expect("refused")
            assert eve.ended() == 1013
        until(lambda: running.figure("turned_away") == 0)
        with contextlib.ExitStack() as stack:
            many = [stack.enter_context(Raw(running)) for _ in range(10)]
            assert [raw.rest() for raw in many[3:]] == [b""] * 7
            assert running.figure("turned_away") == 3


# Hostile WebSockets


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([frame(TEXT, b'{"do":"\xff"}')], 1007),
        ([frame(TEXT, b'"\xf0\x9f', fin=False), frame(CONT, b'\x98"')], 1007),
        ([frame(2, b"{}")], 1003),
        ([frame(TEXT, b"{}", mask=False)], 1002),
        ([frame(TEXT, b"x" * 10_000)], 1009),
        ([frame(TEXT, b"x" * 10, fin=False)] + [frame(CONT, b"x" * 1000, fin=False)] * 10, 1009),
        ([frame(TEXT, b"x")] * 20, 4002),
    ],
)
def test_who_breaks_the_rules_is_told_which(door: Running, pieces: list[bytes], code: int) -> None:
    before = door.places()
    with Raw(door) as raw:
        raw.open()
        raw.send(*pieces)
        assert raw.frames()[-1].code == code
    until(lambda: door.places() == before)


def test_fragments_are_joined_and_pings_between_them_answered(door: Running) -> None:
    message = json.dumps({"do": "resume", "token": "ž" * 9, "seen": None}, ensure_ascii=False)
    data = message.encode()
    with Raw(door) as raw:
        raw.open()
        raw.send(frame(TEXT, data[:1], fin=False))
        for number in range(1, len(data)):
            raw.send(frame(PING, b"%d" % number))
            last = number == len(data) - 1
            raw.send(frame(CONT, data[number : number + 1], fin=last))
        raw.send(frame(CLOSE, b"\x03\xe8"))
        *found, close = raw.frames()
    assert [each.payload for each in found if each.opcode == PONG] == [
        b"%d" % number for number in range(1, len(data))
    ]
    assert [each.json for each in found if each.opcode == TEXT] == [{"kind": "expired"}]
    assert close.code == 1000


def test_a_decompression_bomb_does_not_go_off(door: Running) -> None:
    compressor = zlib.compressobj(9, wbits=-15)
    bomb = compressor.compress(bytes(7_000_000)) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 8192
    for pieces in (
        [frame(TEXT, bomb[:-4], rsv1=True)],
        [frame(TEXT, bomb[:100], rsv1=True, fin=False), frame(CONT, bomb[100:-4])],
        [frame(TEXT, b"\xff\xff\xff", rsv1=True)],
    ):
        with Raw(door) as raw:
            raw.open("Sec-WebSocket-Extensions: permessage-deflate")
            raw.send(*pieces)
            assert raw.frames()[-1].code in (1009, 1002)


def test_a_close_without_a_word_frees_the_place(door: Running) -> None:
    before = door.places()
    for how in ("close", "reset"):
        with Raw(door) as raw:
            raw.open()
            until(lambda: door.places() == before + 1)
            raw.reset() if how == "reset" else raw.socket.close()
        until(lambda: door.places() == before)


# TLS


def test_over_tls_with_the_certificate_of_the_moment(tmp_path: Path) -> None:
    contexts = [certificates().server(), certificates().server()]
    current = contexts[:1]
    (tmp_path / "index.html").write_text("<!doctype html>")
    asked: list[ssl.SSLContext] = []

    def tls() -> ssl.SSLContext:
        asked.append(current[0])
        return current[0]

    with serving(tls=tls, folder=tmp_path) as running:
        for context in contexts:
            current[0] = context
            with Raw(running, context=certificates().client()) as raw:
                raw.open(f"Origin: https://{running.host}")
                raw.send(text({"do": "resume", "token": "", "seen": 0}))
                assert raw.next().json == {"kind": "expired"}
        assert asked == contexts
        with Raw(running, context=certificates().client()) as raw:
            raw.send(handshake(running.host, f"Origin: http://{running.host}"))
            assert raw.rest().startswith(b"HTTP/1.1 403 ")
        with Raw(running, context=certificates().client()) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.rest().endswith(b"<!doctype html>")
        with Raw(running) as plain:
            plain.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert not plain.rest().startswith(b"HTTP")
        until(lambda: running.places() == 0)
