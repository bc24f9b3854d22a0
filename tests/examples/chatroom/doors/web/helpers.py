"""The browser's side as bytes, and a seat's environment without sockets."""

from __future__ import annotations

import email.parser
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from examples.chatroom.doors.web.frames import Frame, Framer
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.service import Service
from examples.chatroom.hall.gate import Gate, Place
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.members import Outlet
from examples.chatroom.hall.messages import Event, Kind, Message, Moment
from examples.chatroom.hall.order import NO_PROOF, Proof
from examples.chatroom.people.names import Refused

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3, gives this pair
TEXT, CONT, BINARY, CLOSE, PING, PONG = 1, 0, 2, 8, 9, 10


def handshake(host: str = "chat.example", *headers: str, path: str = "/chat") -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv1: bool = False, mask: bool = True
) -> bytes:
    """Return a frame as a browser sends it."""
    first = opcode | (0x80 if fin else 0) | (0x40 if rsv1 else 0)
    masked = 0x80 if mask else 0
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, masked | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first, masked | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def text(value: object) -> bytes:
    return frame(TEXT, json.dumps(value).encode())


@dataclass(frozen=True)
class Seen:
    """A frame as the server sent it."""

    opcode: int
    payload: bytes
    rsv1: bool = False

    @property
    def code(self) -> int:
        """Return the code of a close frame."""
        assert self.opcode == CLOSE, self
        return int(struct.unpack("!H", self.payload[:2])[0])

    @property
    def json(self) -> dict[str, Any]:
        assert self.opcode == TEXT, self
        found = json.loads(self.payload)
        assert isinstance(found, dict)
        return found


def parse(data: bytes) -> tuple[list[Seen], bytes]:
    """Return the complete frames in `data`, and the rest."""
    found = []
    while len(data) >= 2:
        size, start = data[1], 2
        assert size < 128, "a server masks nothing"
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size:
            break
        found.append(Seen(data[0] & 15, data[start : start + size], bool(data[0] & 0x40)))
        data = data[start + size :]
    return found, data


def headers(raw: bytes) -> dict[str, str]:
    """Return the headers of an HTTP answer."""
    return dict(email.parser.BytesHeaderParser().parsebytes(raw.partition(b"\r\n")[2]).items())


class Line:
    """A seat's connection that records what is sent."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.code = 0
        self.hurried = True

    def show(self, frame: Frame) -> None:
        if not self.code:
            self.frames.append(frame)

    def seated(self) -> None:
        self.hurried = False

    def end(self, code: int, reason: str) -> None:
        self.code = self.code or code

    @property
    def shown(self) -> list[dict[str, Any]]:
        return [parse(each.plain)[0][0].json for each in self.frames]

    @property
    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.shown]


class Session:
    """A session that only records calls; the test plays the hall."""

    def __init__(self, outlet: Outlet, place: Place) -> None:
        self.outlet = outlet
        self._place = place
        self.name = ""
        self.ended = False
        self.held = 0.0
        self.calls: list[tuple[object, ...]] = []
        self.refusal = ""
        self.proof = NO_PROOF
        self.refused: Callable[[Refused], None] = lambda refusal: None
        self.slow = False  # the answer comes later
        self.refuses_for_good = False
        self.on_views: Callable[[], None] = lambda: None

    @property
    def logged_in(self) -> bool:
        return bool(self.name)

    @property
    def place(self) -> Place:
        return self._place

    def hold(self, seconds: float, now: Moment) -> None:
        self.held = seconds

    def move(self, address: str, now: Moment) -> None:
        self._place.move(address)
        self.held = 0.0

    def log_in(
        self, raw: str, now: Moment, refused: Callable[[Refused], None], proof: Proof
    ) -> None:
        self.proof, self.refused = proof, refused
        if self.refuses_for_good:
            self.dismiss()
        if self.refusal:
            raise Refused(self.refusal)
        if not self.slow:
            self.grant(raw)

    def grant(self, raw: str) -> None:
        self.name = raw
        self.outlet.deliver(Message(Kind.NOTICE, f"Welcome, {raw}."))

    def prove(self, proof: str) -> None:
        self.proof = replace(self.proof, now=proof)

    def receive(self, line: str, now: Moment, room: str = "", nonce: str = "") -> None:
        self.calls.append(("receive", line, room, nonce))

    def join(self, room: str, key: str, now: Moment) -> None:
        self.calls.append(("join", room, key))

    def leave(self, room: str, now: Moment) -> None:
        self.calls.append(("leave", room))

    def whisper(self, to: str, text: str, now: Moment) -> None:
        self.calls.append(("whisper", to, text))

    def page(self, room: str, before: int, now: Moment) -> None:
        self.calls.append(("page", room, before))

    def search(self, room: str, query: str, now: Moment, before: int = 0) -> None:
        self.calls.append(("search", room, query))

    def rooms(self, now: Moment) -> None:
        self.calls.append(("rooms",))

    def receipt(self, number: int) -> None:
        self.calls.append(("receipt", number))

    def views(self) -> None:
        self.calls.append(("views",))
        self.on_views()

    def lost(self, reason: str, now: Moment) -> None:
        self.calls.append(("lost", reason))
        self.ended = True
        self.place.leave()

    def dismiss(self, kind: Kind = Kind.FAREWELL) -> None:
        self.ended = True
        self.outlet.deliver(Message(kind, "Goodbye."))


@dataclass
class Timer:
    seconds: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Surroundings:
    """The environment of seats; the test controls the time."""

    limits: WebLimits = field(default_factory=WebLimits)
    sessions: list[Session] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    refusal: str = ""
    refuse_name: str = ""
    refuse_for_good: bool = False
    gate: Gate = field(default_factory=lambda: Gate(Limits()))
    slow: bool = False
    shared: bool = False

    def __post_init__(self) -> None:
        self.service = Service(
            self.limits,
            lambda: Moment(1000.0, 1_700_000_000.0),
            self._call_later,
            self._open_session,
            Framer(self.limits.compress_from),
            self.shared,
        )

    @property
    def session(self) -> Session:
        return self.sessions[-1]

    def pass_time(self) -> None:
        """Run all calls that were scheduled for later."""
        due, self.timers = self.timers, []
        for timer in due:
            if not timer.cancelled:
                timer.callback()

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(seconds, callback))
        return self.timers[-1]

    def _open_session(self, outlet: Outlet, address: str, now: Moment) -> Session:
        if self.refusal:
            raise Refused(self.refusal)
        self.sessions.append(Session(outlet, self.gate.enter(address)))
        self.session.refusal = self.refuse_name
        self.session.refuses_for_good = self.refuse_for_good
        self.session.slow = self.slow
        return self.sessions[-1]


def said(number: int) -> Event:
    return Message(Kind.SAID, str(number), "Bob", room="lobby", at=1.0, id=number)
