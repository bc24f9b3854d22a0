"""Requests and deadlines, on socket pairs; the test controls the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.driving import settle

from .helpers import PING, PONG, TEXT, frame, handshake, said, text

if TYPE_CHECKING:
    from .stage import Stage

GET = b"GET %b HTTP/1.1\r\nHost: chat.example\r\n\r\n"


def test_a_page_is_served_and_takes_no_place(stage: Stage) -> None:
    peer = stage.peer()
    peer.send(*(bytes([byte]) for byte in GET % b"/?theme=dark"))
    answer = peer.received()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n<!doctype html>")
    assert stage.gate.taken == 0
    peer.socket.close()
    settle(stage.loop)
    assert peer.is_cut()
    assert stage.seated == []
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
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"cookie: %b\r\n" % (b"x" * 7000) * 3, 431),
        (handshake("x", "Origin: http://y"), 403),
        (handshake("x", "Origin: null"), 403),
        (handshake("x", "Origin: http://x", "Origin: http://x"), 400),
        (handshake("x").replace(b"Version: 13", b"Version: 12"), 400),
        (handshake("x").replace(b"Key: ", b"Key: x"), 400),
        (GET.replace(b"HTTP/1.1", b"HTTP/2.0") % b"/", 505),
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


def test_who_speaks_tls_where_there_is_none_is_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    peer = stage.peer()
    peer.send(b"\x16\x03\x01\x02\x00")
    assert "192.0.2.1 speaks TLS, which this port does not (--tls-cert)." in caplog.text


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


def test_a_place_is_taken_with_a_seat(stage: Stage) -> None:
    peer = stage.peer()
    peer.open()
    assert (stage.gate.taken, stage.seated) == (0, [])
    peer.send(text({"do": "enter", "name": "Ada"}))
    assert (stage.gate.taken, stage.seated) == (1, [peer.connection])


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


def test_what_others_say_is_no_sign_of_life(stage: Stage) -> None:
    peer = stage.peer()
    seat = stage.around.service.tokens.find(peer.enter())
    assert seat is not None
    wait = stage.around.limits.ping_after / 4 + 1
    for number in range(4):
        seat.deliver(said(number))
        peer.wait(wait)
    assert PING in [each.opcode for each in peer.frames()]


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
    told = again.frames()[0].json
    assert (told["kind"], told["seen"], told["fresh"]) == ("resumed", sent + 1, True)


def test_a_failing_conversation_ends_the_connection_and_frees_the_place(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    peer = stage.peer()
    peer.enter()
    stage.around.session.rooms = None  # type: ignore[assignment,method-assign]  # a bug
    peer.send(text({"do": "rooms", "n": 1}))
    assert peer.is_cut()
    assert "uncaptured exception" in caplog.text
