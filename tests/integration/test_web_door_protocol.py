"""The web door and the rules of HTTP and WebSocket."""

from __future__ import annotations

import contextlib
import json
import zlib

import pytest

pytest.importorskip("websockets", reason="the web door needs the package websockets")

from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from examples.chatroom.doors.web.limits import WebLimits
from tests.examples.chatroom.doors.web.helpers import (
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Seen,
    frame,
    handshake,
    text,
)
from tests.examples.chatroom.doors.web.serve import Running, serving
from tests.integration.web_peers import Browser, Raw, until


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
        frames: list[Seen] = []
        while not frames or frames[-1].json["kind"] != "page":
            frames.append(raw.next())
        raw.send(text({"n": 5, "do": "say", "room": "lobby", "text": "/quit"}))
        *rest, close = raw.frames()
        assert not any(each.rsv1 for each in (*frames, *rest))
        assert close.code == 4000


def test_a_peer_that_compresses_is_understood(door: Running) -> None:
    # This client offers compression, and uses it for every message.
    with Browser(door, "Kim") as kim:
        assert "permessage-deflate" in str(kim.socket.response)
        kim.say("y" * 900)
        assert kim.expect("said")["text"] == "y" * 900
        kim.say("/quit")
        assert kim.ended() == 4000


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /static/../door.py HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n", 200),
        (b"HEAD /status HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"
            + b"x" * 200_000,
            405,
        ),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000,
            413,
        ),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), 400),
        (b"NICK ada\r\n\r\n", 400),
        (b"GET /" + b"a" * 100_000, 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, 431),
        (b"GET / HTTP/1.1\r\na: " + b"b" * 1_000_000, 431),
        (handshake("localhost", "Origin: http://evil.example"), 403),
        (handshake("localhost").replace(b"GET", b"HEAD"), 404),
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
    with serving(web=WebLimits(request_timeout=0.5, close_timeout=0.2)) as running:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(Raw(running)) for _ in range(200)]
            for number, raw in enumerate(idle):
                raw.send(handshake(running.host)[: number % 3 * 20])
            assert running.figure("visitors") > 0
            assert running.places() == 0
            for number, raw in enumerate(idle):
                assert raw.rest()[:12] == (b"HTTP/1.1 408" if number % 3 else b"")
            until(lambda: running.figure("visitors") == 0)
        assert running.figure("connections") == 0


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


def test_a_close_without_a_word_is_noticed(door: Running) -> None:
    before = door.figure("connections")
    for how in ("close", "reset"):
        with Raw(door) as raw:
            raw.open()
            until(lambda: door.figure("connections") == before + 1)
            raw.reset() if how == "reset" else raw.socket.close()
        until(lambda: door.figure("connections") == before)
