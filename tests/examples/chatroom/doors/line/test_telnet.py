from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.line.telnet import (
    AreYouThere,
    Event,
    Interrupt,
    Line,
    Reply,
    Status,
    StatusAsked,
    TelnetDecoder,
    TooLong,
    Welcomed,
    Window,
    status,
    window_size,
)

MAX_LINE, MAX_SUB = 10, 8


def decoder() -> TelnetDecoder:
    return TelnetDecoder(MAX_LINE, MAX_SUB)


def events(*chunks: bytes) -> list[Event]:
    telnet = decoder()
    return [event for chunk in chunks for event in telnet.receive(chunk)]


def check(stream: bytes, *expected: Event) -> None:
    """Check that the events are the same whole, byte by byte, and with more data after them."""
    assert events(stream) == list(expected)
    assert events(*(bytes((byte,)) for byte in stream)) == list(expected)
    assert events(stream, b"\xff\xfb\x2a") == [*expected, Reply(b"\xff\xfe\x2a")]


@pytest.mark.parametrize(
    "end", [b"\n", b"\r\n", b"\r\x00", b"\r"], ids=["LF", "CR LF", "CR NUL", "CR"]
)
def test_lines_end_in_four_ways(end: bytes) -> None:
    check(b"one" + end + b"two" + end, Line(b"one"), Line(b"two"))
    check(end + end, Line(b""), Line(b""))


def test_each_carriage_return_ends_a_line() -> None:
    check(b"a\rb\r\r\n", Line(b"a"), Line(b"b"), Line(b""))


def test_a_nul_or_a_line_feed_belongs_to_a_carriage_return_just_before_it_alone() -> None:
    check(b"a\r\0\0b\n\n", Line(b"a"), Line(b"\0b"), Line(b""))
    check(b"a\r\xff\xf1\nb\n", Line(b"a"), Line(b"b"))  # a command in between changes nothing


@pytest.mark.parametrize("key", [b"\x08", b"\x7f", b"\xff\xf7"], ids=["BS", "DEL", "EC"])
def test_a_character_is_taken_back(key: bytes) -> None:
    check(b"helq" + key + b"lo\n", Line(b"hello"))
    check(b"ab" + 5 * key + b"c\n", Line(b"c"))
    check(key + b"\n", Line(b""))
    check(b"one\n" + key + b"two\n", Line(b"one"), Line(b"two"))


@pytest.mark.parametrize("key", [b"\x08", b"\x7f", b"\xff\xf7"], ids=["BS", "DEL", "EC"])
@pytest.mark.parametrize("character", ["\xfc", "\u20ac", "\U0001f600"])
def test_a_character_of_several_bytes_is_taken_back_whole(key: bytes, character: str) -> None:
    check(b"a" + character.encode() + key + b"b\n", Line(b"ab"))


def test_bytes_that_are_no_utf_8_are_taken_back_too() -> None:
    check(b"\x80\x80\x80\x08b\n", Line(b"b"))
    check(b"a\xc3\x08b\n", Line(b"ab"))


def test_a_line_that_was_too_long_is_not_made_shorter() -> None:
    check(b"x" * 50 + b"\x7f" * 50 + b"y\nnext\n", TooLong(), Line(b"next"))


def test_erase_line_takes_back_the_half_typed_line() -> None:
    check(b"garbage\xff\xf8hello\n", Line(b"hello"))
    check(b"x" * 50 + b"\xff\xf8hello\n", TooLong(), Line(b"hello"))


def test_taking_back_counts_as_commands_do() -> None:
    telnet = decoder()
    telnet.receive(b"a\x08\x7f\xff\xf7")
    assert telnet.commands == 3


def test_a_half_line_is_no_line() -> None:
    check(b"half")


def test_a_line_may_be_as_long_as_allowed() -> None:
    check(b"x" * MAX_LINE + b"\r\n", Line(b"x" * MAX_LINE))


def test_a_longer_one_is_told_once_and_skipped_to_its_end() -> None:
    check(b"x" * 50 + b"\nnext\n", TooLong(), Line(b"next"))
    check(b"x" * 50 + b"\r\x00next\n", TooLong(), Line(b"next"))


def test_memory_is_bounded_whatever_comes() -> None:
    telnet = decoder()
    for _ in range(100):
        telnet.receive(b"x" * 10_000)
        telnet.receive(b"\xff\xfa" + b"x" * 10_000)
    assert len(telnet._line) <= MAX_LINE


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (b"\xff\xfd\x01", b"\xff\xfc\x01"),
        (b"\xff\xfb\x18", b"\xff\xfe\x18"),
        (b"\xff\xfd\x1f", b"\xff\xfc\x1f"),
    ],
    ids=["DO-WONT", "WILL-DONT", "DO-WONT for NAWS"],
)
def test_an_option_is_refused_once(asked: bytes, answer: bytes) -> None:
    check(b"he" + asked + b"llo" + asked + b"\n", Reply(answer), Line(b"hello"))


def test_what_is_refused_to_us_is_not_answered() -> None:
    check(b"\xff\xfc\x01\xff\xfe\x01hi\n", Line(b"hi"))


def test_the_timing_mark_is_answered_each_time() -> None:
    check(b"\xff\xfd\x06\xff\xfd\x06", Reply(b"\xff\xfb\x06"), Reply(b"\xff\xfb\x06"))


def test_the_answer_to_our_own_timing_mark_is_no_question() -> None:
    check(b"\xff\xfb\x06\xff\xfc\x06")


def test_ctrl_c_in_telnet_discards_the_half_typed_line() -> None:
    # As inetutils' telnet sends it: interrupt process, data mark, do timing mark.
    check(
        b"half\xff\xf4\xff\xf2\xff\xfd\x06next\n",
        Interrupt(),
        Reply(b"\xff\xfb\x06"),
        Line(b"next"),
    )
    check(b"half\xff\xf3\nnext\n", Interrupt(), Line(b""), Line(b"next"))


def test_ctrl_c_ends_the_skipping_of_a_long_line() -> None:
    check(b"x" * 50 + b"\xff\xf4next\n", TooLong(), Interrupt(), Line(b"next"))


def test_are_you_there() -> None:
    check(b"a\xff\xf6b\n", AreYouThere(), Line(b"ab"))


def test_a_doubled_255_is_a_byte() -> None:
    check(b"a\xff\xffb\n", Line(b"a\xffb"))


@pytest.mark.parametrize("command", [0xF1, 0xF2, 0xF5, 0xF9, 0xF0, 0x00, 0x41])
def test_other_commands_are_passed_over(command: int) -> None:
    check(b"a\xff" + bytes((command,)) + b"b\n", Line(b"ab"))


def test_a_subnegotiation_may_hold_newlines_and_255() -> None:
    check(b"a\xff\xfa\x1f\n\r\n\xff\xff\xff\xf0b\n", Line(b"ab"))


def test_an_endless_subnegotiation_is_given_up_with_its_line() -> None:
    check(b"a\xff\xfa" + b"x" * 50 + b"\nnext\n", TooLong(), Line(b"next"))
    check(b"a\xff\xfa" + b"\xff\xff" * 50 + b"\nnext\n", TooLong(), Line(b"next"))


def test_a_subnegotiation_without_its_end_ends_at_the_next_command() -> None:
    check(b"a\xff\xfax\xff\xfd\x01b\n", Reply(b"\xff\xfc\x01"), Line(b"ab"))


WILL_NAWS, DO_NAWS = b"\xff\xfb\x1f", b"\xff\xfd\x1f"


@pytest.mark.parametrize("columns", [0, 1, 80, 255, 0xFF00, 0xFFFF])
def test_who_offers_it_may_tell_the_width_of_its_window(columns: int) -> None:
    told = window_size(columns, 255)
    check(WILL_NAWS + WILL_NAWS + told + told, Reply(DO_NAWS), Window(columns), Window(columns))


def test_a_window_of_any_width_can_be_told() -> None:
    check(WILL_NAWS + window_size(10**6, 10**6), Reply(DO_NAWS), Window(0xFFFF))


@pytest.mark.parametrize(
    "stream",
    [
        window_size(80, 24),
        WILL_NAWS.replace(b"\x1f", b"\x18") + window_size(80, 24),
        b"\xff\xfa\x1f\x00P\xff\xf0",
        b"\xff\xfa\x1f\x00P\x00\x18\x00\xff\xf0",
        b"\xff\xfa\x18\x00P\x00\x18\xff\xf0",
        b"\xff\xfa\xff\xf0",
    ],
    ids=["not offered", "another offered", "short", "long", "of another option", "empty"],
)
def test_what_is_no_window_is_passed_over(stream: bytes) -> None:
    assert not any(isinstance(event, Window) for event in events(stream))
    if not stream.startswith((WILL_NAWS[:2], window_size(80, 24))):
        check(WILL_NAWS + stream, Reply(DO_NAWS))


def test_our_own_window_is_told_where_it_is_welcome_and_no_other_heard() -> None:
    client = TelnetDecoder(MAX_LINE, MAX_SUB, has_window=True)
    assert client.receive(DO_NAWS + DO_NAWS) == [Welcomed()]
    assert client.receive(WILL_NAWS + window_size(80, 24)) == [Reply(b"\xff\xfe\x1f")]
    assert client.receive(b"\xff\xfd\x18") == [Reply(b"\xff\xfc\x18")]


def test_it_is_known_who_speaks_telnet() -> None:
    telnet = decoder()
    telnet.receive(b"hello\xff\xff\n")
    assert not telnet.spoke_telnet
    telnet.receive(b"\xff\xf1")
    assert telnet.spoke_telnet


INTERESTING = [
    0xFF,
    0xFF,
    0xFD,
    0xFB,
    0xFA,
    0xF0,
    0xF4,
    0xF6,
    0xF7,
    6,
    0x0D,
    0x0A,
    0,
    8,
    0x61,
    0xC3,
]
streams = st.lists(st.sampled_from(INTERESTING), max_size=120).map(bytes) | st.binary(max_size=120)


@given(stream=streams, cuts=st.lists(st.integers(0, 120)))
def test_any_chunking_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    borders = [0, *sorted(cut for cut in cuts if cut <= len(stream)), len(stream)]
    chunks = [stream[a:b] for a, b in itertools.pairwise(borders)]
    assert events(*chunks) == events(stream)


@given(streams)
def test_no_line_is_too_long_and_none_has_an_end_in_it(stream: bytes) -> None:
    for event in events(stream):
        if isinstance(event, Line):
            assert len(event.data) <= MAX_LINE
            assert not set(event.data) & set(b"\r\n\x08\x7f")


def test_the_status_is_told_to_those_who_ask_once() -> None:
    check(b"\xff\xfd\x46a\n\xff\xfd\x46", StatusAsked(), Line(b"a"))


def test_facts_go_to_the_other_side_and_come_back() -> None:
    facts = {"HTTP PORT": "8080", "FLOOD RATE": "2.0"}
    told = status(facts)
    assert told.startswith(b"\xff\xfb\x46\xff\xfa\x46\x01")
    for size in (1, 7, len(told)):
        asker = TelnetDecoder(MAX_LINE, 64, has_window=True)
        found = [
            event
            for start in range(0, len(told), size)
            for event in asker.receive(told[start : start + size])
        ]
        assert found == [Status(facts)]
    # The server offers facts, and requests none.
    assert TelnetDecoder(MAX_LINE, 64).receive(told) == [Reply(b"\xff\xfe\x46")]


@given(st.binary(max_size=40))
def test_facts_are_text_whatever_comes(data: bytes) -> None:
    asker = TelnetDecoder(MAX_LINE, 64, has_window=True)
    found = asker.receive(b"\xff\xfa\x46" + data.replace(b"\xff", b"\xff\xff") + b"\xff\xf0")
    assert len(found) == 1
    assert isinstance(found[0], Status)
    assert all(name.isascii() or "\ufffd" in name for name in found[0].facts)
