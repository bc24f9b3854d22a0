"""Frames and the closing handshake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websockets.server import ServerProtocol

from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind
from tests.driving import fill, settle

from .helpers import CLOSE, CONT, PING, PONG, TEXT, frame, handshake, parse, text

if TYPE_CHECKING:
    from .stage import Stage

GET = b"GET %b HTTP/1.1\r\nHost: chat.example\r\n\r\n"


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


def test_one_seat_is_not_returned_to_without_end(stage: Stage) -> None:
    first = stage.peer()
    token = first.enter()
    peers = [stage.peer() for _ in range(stage.around.limits.resume_burst + 1)]
    for peer in peers:
        peer.open()
        peer.send(text({"do": "resume", "token": token, "seen": None}))
    *_, last, refused = peers
    assert refused.frames()[-1].code == 1013
    assert last.frames()[0].json["kind"] == "resumed"


def test_a_flood_of_pings_is_not_answered_to_the_end(stage: Stage) -> None:
    peer = stage.peer()
    peer.open()
    peer.send(frame(PING, b"") * 9000)
    *pongs, close = peer.frames()
    assert close.code == 4002
    assert len(pongs) < 500


def test_a_flood_after_the_end_is_not_even_counted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    receive = ServerProtocol.receive_data

    def count(protocol: ServerProtocol, data: bytes) -> None:
        parsed.append(len(data))
        receive(protocol, data)

    peer = stage.peer()
    peer.open()
    peer.send(*[frame(TEXT, b"x")] * 3)
    assert peer.frames()[-1].code == 4002
    monkeypatch.setattr(ServerProtocol, "receive_data", count)
    peer.send(frame(PING, b"") * 9000)
    assert 0 < sum(parsed) < 5000


def test_nothing_follows_a_close(stage: Stage) -> None:
    stage.around.refuse_name, stage.around.refuse_for_good = "The name is taken.", True
    peer = stage.peer()
    peer.open()
    peer.send(text({"do": "enter", "name": "Ada"}))
    refused, close = peer.frames()
    assert (refused.json, close.code) == ({"kind": "refused", "text": "Goodbye."}, 4000)


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


def crowd(stage: Stage) -> None:
    """Use all free places."""
    for number in range(Limits().max_members - stage.gate.taken):
        stage.gate.enter(f"198.51.100.{number}" if number < 250 else f"203.0.113.{number - 250}")


def test_a_full_room_is_open_to_those_who_have_a_seat(stage: Stage) -> None:
    peer = stage.peer()
    token = peer.enter()
    peer.socket.close()
    settle(stage.loop)
    crowd(stage)
    again = stage.peer()
    again.open()
    again.send(text({"do": "resume", "token": token, "seen": 1}))
    assert again.kinds() == ["resumed"]
    stranger = stage.peer()
    stranger.open()
    stranger.send(text({"do": "enter", "name": "Eve"}))
    refused, close = stranger.frames()
    assert (refused.json["kind"], close.code) == ("refused", 1013)


def test_whose_session_is_over_is_heard_and_read_no_more(stage: Stage) -> None:
    """The farewell may wait for the disk for long; nothing is read until then either."""
    peer = stage.peer()
    peer.enter()
    peer.frames()
    session = stage.around.session
    session.ended = True
    request = text({"n": 1, "do": "say", "room": "lobby", "text": "x"})
    peer.send(request + frame(TEXT, b"nonsense, about which nobody complains") + request)
    fill(peer.socket)
    settle(stage.loop)
    assert fill(peer.socket) == 0
    assert session.calls == []
    assert not peer.is_cut()
    session.dismiss()
    *said, close = peer.frames()
    assert [each.json["kind"] for each in said] == ["farewell"]
    assert close.code == 4000
    assert session.calls == []
