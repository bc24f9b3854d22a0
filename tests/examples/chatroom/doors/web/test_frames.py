from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.frames import Frame, Framer, frame_of
from examples.chatroom.hall.messages import Kind, Message, Page

from .helpers import TEXT, parse

LONG = Message(Kind.SAID, "x" * 3000, "Ada", room="lobby", at=1.0)


def inflate(data: bytes) -> bytes:
    # Not decompress(), which requires the end of a stream: a message ends with a flush.
    return zlib.decompressobj(wbits=-15).decompress(data + b"\x00\x00\xff\xff")


@given(st.binary(max_size=300) | st.sampled_from([b"a" * 65535, b"a" * 65536, b"a" * 70000]))
def test_a_frame_holds_its_payload(payload: bytes) -> None:
    (seen,), rest = parse(Frame(payload).plain)
    assert (seen.opcode, seen.payload, seen.rsv1, rest) == (TEXT, payload, False, b"")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
def test_a_compressed_frame_holds_the_same(size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + b"q" * (size % 256)
    frame = Frame(payload, worth=True)
    (seen,), rest = parse(frame.compressed())
    assert seen.rsv1
    assert (inflate(seen.payload), rest) == (payload, b"")


def test_what_is_not_worth_it_stays_plain() -> None:
    frame = Frame(b"a" * 5000)
    assert frame.compressed() is frame.plain
    assert len(frame) == len(frame.plain)


def test_an_event_is_framed_once_for_all() -> None:
    framer = Framer(100)
    assert framer.event(LONG) is framer.event(LONG)
    other = Message(Kind.SAID, "x" * 3000, "Ada", room="lobby", at=1.0)
    assert framer.event(other) is not framer.event(LONG), "equal, but not the same"


def test_only_long_lists_are_compressed() -> None:
    framer = Framer(1000)
    assert framer.event(LONG).compressed() == framer.event(LONG).plain
    short = Page("lobby", 0, (), False)
    assert framer.event(short).compressed() == framer.event(short).plain
    page = framer.event(Page("lobby", 0, (LONG,), False))
    assert len(page.compressed()) < len(page.plain) / 10


def test_an_answer_to_one_alone() -> None:
    (seen,), _ = parse(frame_of({"kind": "expired"}).plain)
    assert json.loads(seen.payload) == {"kind": "expired"}
