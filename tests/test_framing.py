"""Invariant: the messages depend on the bytes and the terminators, never on how they were cut."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from miniloop.framing import END, NEED_DATA, OVERFLOW, Framer, Signal, Terminator, check_terminator

Script = Callable[[int], Terminator]
"""The terminator of message number n, as a program sets it between two messages."""

TOO_LONG = "too long"


def use(framer: Framer, terminator: Terminator) -> None:
    """Set the terminator out of the type checker's sight, which would take ``idle`` as settled."""
    framer.set_terminator(terminator)


class Receiver:
    """Drives a framer as AsyncChat does and collects what a program would see."""

    def __init__(self, script: Script, limit: int = 1000, most: int = 16) -> None:
        self.framer = Framer(limit)
        self.messages: list[bytes | str] = []
        self.script = script
        self.most = most
        self._parts: list[bytes] = []
        self._count = 0
        use(self.framer, script(0))
        self._deliver()

    def feed(self, data: bytes) -> None:
        self.framer.feed(data)
        self._deliver()

    def _deliver(self) -> None:
        while not self.framer.idle:
            if not self._take_many():
                self._take_one()

    def _take_many(self) -> bool:
        messages = self.framer.take_messages(self.most)
        assert len(messages) <= self.most
        waiting = iter(messages)
        for message in waiting:
            if self._complete(message):
                self.framer.give_back(list(waiting))
        return bool(messages)

    def _take_one(self) -> None:
        event = self.framer.next_event()
        if event is END:
            message, self._parts = b"".join(self._parts), []
            self._complete(message)
        elif event is OVERFLOW:
            self.messages.append(TOO_LONG)
            self.messages.append(b"".join(self._parts))
            self._parts = []
        elif isinstance(event, bytes):
            assert event
            self._parts.append(event)
        else:
            assert event is NEED_DATA
            assert self.framer.idle

    def _complete(self, message: bytes) -> bool:
        """Note it; set the next terminator and return whether that was a change."""
        self.messages.append(message)
        self._count += 1
        terminator = self.script(self._count)
        if terminator == self.framer.terminator:
            return False
        use(self.framer, terminator)
        return True

    @property
    def rest(self) -> bytes:
        return b"".join(self._parts)


def received(
    chunks: Iterable[bytes], script: Script, limit: int = 1000, most: int = 16
) -> Receiver:
    receiver = Receiver(script, limit, most)
    for chunk in chunks:
        receiver.feed(chunk)
    return receiver


def single_bytes(data: bytes) -> Iterator[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def check(data: bytes, script: Script, expected: Sequence[bytes | str], limit: int = 1000) -> None:
    """Whole, byte by byte, and with trailing data that completes nothing."""
    for most in (1, 2, 16):
        for chunks in ([data], single_bytes(data), [data, b"~"], [data + b"~"]):
            receiver = received(chunks, script, limit, most)
            assert receiver.messages == list(expected)


def always(terminator: Terminator) -> Script:
    return lambda number: terminator


def in_turn(*terminators: Terminator) -> Script:
    return lambda number: terminators[number % len(terminators)]


@pytest.mark.parametrize(
    ("terminator", "data", "messages"),
    [
        (b"\n", b"one\ntwo\n", [b"one", b"two"]),
        (b"\n", b"\n\n", [b"", b""]),
        (b"\r\n", b"a\rb\r\n\r\n\n\r\n", [b"a\rb", b"", b"\n"]),
        (b"\r\n.\r\n", b"text\r\n\r\n.\r\nmore\r\n.\r\n", [b"text\r\n", b"more"]),
        (b"aab", b"aaabaab", [b"a", b""]),
        (b"abcabd", b"abcabcabd", [b"abc"]),
        (b"x" * 600, b"y" * 700 + b"x" * 600 + b"z" + b"x" * 600, [b"y" * 700, b"z"]),
    ],
)
def test_bytes_terminator(terminator: bytes, data: bytes, messages: list[bytes]) -> None:
    check(data, always(terminator), messages)


def test_number_of_bytes() -> None:
    check(b"abcdef", always(3), [b"abc", b"def"])


def test_number_then_line_then_number() -> None:
    check(b"ab\ncdefg\nh", in_turn(2, b"\n", 4, b"\n", 1), [b"ab", b"", b"cdef", b"g", b"h"])


def test_header_then_body() -> None:
    check(b"5\r\nhello3\r\nbye", in_turn(b"\r\n", 5, b"\r\n", 3), [b"5", b"hello", b"3", b"bye"])


def test_different_terminators_in_turn() -> None:
    check(b"a,b;c,d;", in_turn(b",", b";"), [b"a", b"b", b"c", b"d"])


def test_without_terminator_everything_is_handed_out_as_it_comes() -> None:
    receiver = received([b"abc", b"def\n"], always(None))
    assert receiver.messages == []
    assert receiver.rest == b"abcdef\n"
    assert receiver.framer.idle


def test_number_counts_down_and_ends_as_none() -> None:
    framer = Framer(10)
    use(framer, 5)
    framer.feed(b"ab")
    assert framer.take_messages(9) == []
    seen: list[tuple[object, Terminator, bool]] = []
    seen.append((framer.next_event(), framer.terminator, framer.idle))
    framer.feed(b"cde")
    seen.append((framer.next_event(), framer.terminator, framer.idle))
    seen.append((framer.next_event(), framer.terminator, framer.idle))
    assert seen == [(b"ab", 3, True), (b"cde", 0, False), (END, None, True)]


def test_a_message_of_no_bytes_is_complete_at_once_and_once() -> None:
    framer = Framer(10)
    use(framer, 0)
    assert (framer.idle, whole(framer), framer.take_messages(9)) == (False, None, [])
    assert (framer.next_event(), framer.terminator, framer.idle) == (END, None, True)
    assert framer.next_event() is NEED_DATA
    framer.feed(b"ab")
    use(framer, 0)
    assert [framer.next_event(), framer.next_event()] == [END, b"ab"]


def test_empty_bodies_between_others() -> None:
    check(b"0\n2\nhi0\n3\nbye", in_turn(b"\n", 0, b"\n", 2, b"\n", 0, b"\n", 3),
          [b"0", b"", b"2", b"hi", b"0", b"", b"3", b"bye"])  # fmt: skip


def test_a_message_of_no_bytes_is_no_input_and_outlives_clear() -> None:
    framer = Framer(10)
    use(framer, b"\n")
    framer.feed(b"a\nb\n")
    messages = framer.take_messages(9)
    use(framer, 0)
    framer.give_back(messages[1:])
    assert not framer.idle
    framer.clear()
    assert [framer.next_event(), framer.next_event()] == [END, NEED_DATA]


def test_nothing_to_hand_out() -> None:
    framer = Framer(10)
    assert framer.idle
    assert framer.take_rest() == b""
    assert framer.next_event() is NEED_DATA
    use(framer, 3)
    assert framer.next_event() is NEED_DATA


def test_the_rest_is_what_is_not_handed_out() -> None:
    framer = Framer(10)
    use(framer, b"\n")
    framer.feed(b"a\nbc")
    assert framer.take_messages(9) == [b"a"]
    assert framer.take_rest() == b"bc"
    assert framer.take_rest() == b""
    assert framer.idle


def whole(framer: Framer) -> bytes | None:
    """Read it out of the type checker's sight."""
    return framer.whole


def test_a_message_is_whole_only_where_one_begins() -> None:
    framer = Framer(3)
    assert whole(framer) is None  # no terminator
    use(framer, b"\r\n")
    assert whole(framer) == b"\r\n"
    framer.feed(b"ab\r\nc")
    assert whole(framer) is None  # fed and not taken
    framer.take_messages(9)
    assert whole(framer) is None  # "c" waits
    assert framer.next_event() == b"c"
    assert whole(framer) is None  # in the middle of a message
    framer.feed(b"\r")
    assert framer.next_event() is NEED_DATA
    assert whole(framer) is None  # perhaps a terminator's beginning
    framer.feed(b"\n")
    assert framer.next_event() is END
    assert whole(framer) == b"\r\n"
    framer.feed(b"toolong")
    assert [framer.next_event(), framer.next_event()] == [b"too", OVERFLOW]
    assert whole(framer) is None
    framer.next_event()
    assert whole(framer) is None  # skipping
    framer.clear()
    use(framer, 4)
    assert whole(framer) is None  # not bytes


def test_whole_again_after_a_batch_and_not_when_some_is_given_back() -> None:
    framer = Framer(10)
    use(framer, b"\n")
    framer.feed(b"a\nb\n")
    assert framer.take_messages(9) == [b"a", b"b"]
    assert whole(framer) == b"\n"
    framer.give_back([b"b"])
    assert whole(framer) is None
    framer.give_back([])
    assert framer.take_messages(9) == [b"b"]


def test_batches_grow_while_the_terminator_stays_and_are_small_after_a_change() -> None:
    framer = Framer()
    for _ in range(2):
        use(framer, b"\n")
        framer.feed(b"x\n" * 4096)
        counts = [len(framer.take_messages(5000)) for _ in range(4)]
        assert counts == [256, 512, 1024, 2048]
        framer.clear()


def test_clear_forgets_input_and_what_was_taken() -> None:
    framer = Framer(10)
    use(framer, b"\n")
    framer.feed(b"a\nb\nc")
    messages = framer.take_messages(9)
    framer.clear()
    framer.give_back(messages)
    assert framer.take_rest() == b""
    assert framer.idle
    framer.feed(b"d\n")
    assert framer.take_messages(9) == [b"d"]


def test_given_back_is_cut_under_the_new_rule() -> None:
    framer = Framer(10)
    use(framer, b"\n")
    framer.feed(b"a\nb\nc\n")
    assert framer.take_messages(9) == [b"a", b"b", b"c"]
    use(framer, 3)
    framer.give_back([b"b", b"c"])
    assert not framer.idle
    assert framer.next_event() == b"b\nc"


def test_bytes_held_back_count_when_the_terminator_changes() -> None:
    framer = Framer(10)
    use(framer, b"\r\n")
    framer.feed(b"abc\r")
    assert framer.next_event() == b"abc"
    assert framer.next_event() is NEED_DATA
    use(framer, None)
    assert not framer.idle
    assert framer.next_event() == b"\r"


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (b"12345\n", [b"12345"]),
        (b"123456\n", [TOO_LONG, b"12345"]),
        (b"1234567890123\nab\n", [TOO_LONG, b"12345", b"ab"]),
        (b"ab\n1234567\ncd\n", [b"ab", TOO_LONG, b"12345", b"cd"]),
        (b"1234567\n1234567\n", [TOO_LONG, b"12345", TOO_LONG, b"12345"]),
    ],
)
def test_overflow_is_reported_once_and_the_rest_skipped(
    data: bytes, messages: list[bytes | str]
) -> None:
    check(data, always(b"\n"), messages, limit=5)


def test_overflow_with_a_long_terminator() -> None:
    check(b"1234567\r\n", always(b"\r\n"), [TOO_LONG, b"12345"], limit=5)
    check(b"12345\r\r\n", always(b"\r\n"), [TOO_LONG, b"12345"], limit=5)
    check(b"12345\r\n", always(b"\r\n"), [b"12345"], limit=5)


def test_new_terminator_ends_the_skipping() -> None:
    framer = Framer(2)
    use(framer, b"\n")
    framer.feed(b"abcd")
    assert [framer.next_event(), framer.next_event()] == [b"ab", OVERFLOW]
    use(framer, b";")
    assert framer.next_event() == b"cd"


def test_new_terminator_after_all_was_skipped_begins_a_message() -> None:
    framer = Framer(2)
    use(framer, b"\n")
    framer.feed(b"abcd")
    assert [framer.next_event() for _ in range(3)] == [b"ab", OVERFLOW, NEED_DATA]
    use(framer, b";")
    assert (framer.idle, whole(framer)) == (True, b";")


def test_limit_does_not_concern_other_terminators() -> None:
    check(b"x" * 50, always(50), [b"x" * 50], limit=5)


TERMINATORS = st.one_of(
    st.text("ab\n", min_size=1, max_size=4).map(str.encode), st.integers(0, 5), st.none()
)


@given(
    data=st.text("ab\n", max_size=60).map(str.encode),
    terminators=st.lists(TERMINATORS, min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 60)),
    limit=st.integers(1, 8),
    most=st.integers(1, 5),
)
def test_any_chunking_gives_the_same_messages(
    data: bytes, terminators: list[Terminator], cuts: list[int], limit: int, most: int
) -> None:
    script = in_turn(*terminators)
    assume(any(terminators))  # empty messages alone would have no end
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:stop] for start, stop in pairwise(places)]
    whole = received([data], script, limit)
    pieces = received(chunks, script, limit, most)
    one_by_one = received(single_bytes(data), script, limit, 1)
    assert whole.messages == pieces.messages == one_by_one.messages
    assert whole.rest == pieces.rest == one_by_one.rest


@given(
    lines=st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), max_size=30),
    ends=st.sampled_from([b"\n", b"\r\n", b"\n--\n"]),
)
def test_lines_come_out_as_they_were_joined(lines: list[bytes], ends: bytes) -> None:
    data = b"".join(line + ends for line in lines)
    assert received([data], always(ends)).messages == data.split(ends)[:-1]


def seconds(data: bytes, script: Script, chunk: int = 65536, limit: int = 65536) -> float:
    chunks = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    start = time.process_time()
    received(chunks, script, limit, most=256)
    return time.process_time() - start


@pytest.mark.parametrize(
    ("data", "script", "chunk", "limit"),
    [
        pytest.param(b"\n" * (1 << 20), always(b"\n"), 65536, 65536, id="newlines"),
        pytest.param(b"\n" * (1 << 20), always(b"\n"), 1 << 20, 65536, id="newlines at once"),
        pytest.param(b"a\nb" * 40_000, in_turn(b"\n", 1), 1 << 20, 65536, id="alternating"),
        pytest.param(b"a\nb;" * 30_000, in_turn(b"\n", b";"), 65536, 65536, id="two in turn"),
        pytest.param(b"\r" * (1 << 20), always(b"\r\n"), 100, 1 << 30, id="nearly terminators"),
        pytest.param(b"x" * (1 << 23), always(b"\n"), 65536, 1 << 30, id="endless line"),
        pytest.param(b"\n" * 255 + b"x" * 200 + b"\n", always(b"\n"), 65536, 100, id="too long"),
        pytest.param((b"\n" * 255 + b"xxx\n") * 400, always(b"\n"), 65536, 2, id="many too long"),
    ],
)
def test_time_is_linear_in_the_input(data: bytes, script: Script, chunk: int, limit: int) -> None:
    """asynchat needs 16 s for the first; a quadratic algorithm minutes for each."""
    assert seconds(data, script, chunk, limit) < 6


@pytest.mark.parametrize(
    ("given_as", "plain"),
    [
        (b"\n", b"\n"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (7, 7),
        (True, 1),
        (0, 0),
        (False, 0),
        (b"", None),
        (None, None),
    ],
)
def test_plain_form_of_a_terminator(given_as: object, plain: Terminator) -> None:
    result = check_terminator(given_as)
    assert result == plain
    assert type(result) is type(plain)


@pytest.mark.parametrize(
    ("wrong", "error", "advice"),
    [
        ("\n", TypeError, "write b'"),
        (-1, ValueError, "give how many are to come"),
        (1.5, TypeError, "not 1.5"),
        ([b"\n"], TypeError, "bytes, an int or None"),
    ],
)
def test_wrong_terminators(wrong: object, error: type[Exception], advice: str) -> None:
    with pytest.raises(error, match=advice):
        check_terminator(wrong)


def test_signals_explain_themselves() -> None:
    assert {signal.name for signal in Signal} == {"NEED_DATA", "END", "OVERFLOW"}


def test_after_clear_nothing_is_whole_until_something_is_fed() -> None:
    framer = Framer()
    framer.set_terminator(b"\n")
    framer.clear()
    framer.set_terminator(b";")
    assert (framer.cleared, framer.whole) == (True, None)
    framer.feed(b"a;")
    assert framer.take_messages(9) == [b"a"]
    assert (framer.cleared, framer.whole) == (False, b";")
