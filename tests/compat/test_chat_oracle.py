"""async_chat against CPython's: the same program of events on both, through fake sockets.

Invariant: whatever arrives, in whatever pieces, whatever is pushed, and whatever the handlers do to
terminators, buffers and the queue, every call and every visible attribute is the same.
"""

# mypy: disallow-subclassing-any=False

import errno
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.compat.originals import MISSING, ORIGINAL, OURS, Modules

Step = tuple[str, Any]
Plan = list[Step]


class FakeSocket:
    """Gives out the next piece of input, and takes as many bytes as it is told."""

    def __init__(self) -> None:
        self.input: Any = b""
        self.room: int | OSError = 1 << 20
        self.sent: list[bytes] = []

    def setblocking(self, flag: bool) -> None:
        pass

    def fileno(self) -> int:
        return 77

    def getpeername(self) -> str:
        return "peer"

    def close(self) -> None:
        self.sent.append(b"<closed>")

    def getsockopt(self, *args: int) -> int:
        return 0

    def recv(self, size: int) -> Any:
        if isinstance(self.input, OSError):
            raise self.input
        piece, self.input = self.input[:size], self.input[size:]
        return piece

    def send(self, data: Any) -> int:
        if isinstance(self.room, OSError):
            raise self.room
        self.sent.append(bytes(data[: self.room]))
        return min(len(data), self.room)


class Pieces:
    """A producer that hands out a list."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = list(pieces)

    def more(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def visible(item: Any) -> object:
    """Show an item of the queue so that the two programs' can be compared."""
    if isinstance(item, Pieces):
        return list(item.pieces)
    if hasattr(item, "more"):
        return (item.data, item.buffer_size)
    return item if item is None or isinstance(item, str) else (type(item), bytes(item))


def chat_class(modules: Modules) -> Any:
    base: Any = modules.asynchat.async_chat

    class Chat(base):
        """Notes each call with what is visible then, and follows a plan inside the handlers."""

        def __init__(self, plan: Plan, map: dict[int, Any]) -> None:
            self.calls: list[object] = []
            self.plan = list(plan)
            base.__init__(self, FakeSocket(), map)

        def state(self) -> tuple[object, ...]:
            return (
                self.ac_in_buffer,
                getattr(self, "terminator", "none"),
                list(self.incoming),
                [visible(item) for item in self.producer_fifo],
                self.connected,
                bool(self.readable()),
                bool(self.writable()),
                list(self.socket.sent),
            )

        def note(self, *what: object) -> None:
            self.calls.append((what, self.state()))

        def follow_plan(self) -> None:
            if self.plan:
                do(modules, self, *self.plan.pop(0))

        def collect_incoming_data(self, data: bytes) -> None:
            self.note("collect", data)
            self._collect_incoming_data(data)
            self.follow_plan()

        def found_terminator(self) -> None:
            self.note("found", self._get_data())
            self.follow_plan()

        def handle_close(self) -> None:
            self.note("close")
            base.handle_close(self)

        def handle_error(self) -> None:
            kind, error = modules.asyncore.compact_traceback()[1:3]
            text = "byte-ish" if "byte-ish" in str(error) else str(error)  # see test_asynchat.py
            self.note("error", kind, error.errno if isinstance(error, OSError) else text)

    return Chat


def do(modules: Modules, chat: Any, what: str, value: Any) -> None:
    """Do one step to ``chat``, from outside or from inside a handler."""
    if what == "terminate":
        chat.set_terminator(value)
    elif what == "push":
        chat.push(value)
    elif what == "produce":
        chat.push_with_producer(Pieces(value))
    elif what == "produce simply":
        chat.push_with_producer(modules.asynchat.simple_producer(*value))
    elif what == "queue":
        getattr(chat.producer_fifo, value[0])(*value[1:])
    elif what == "set":
        setattr(chat, *value)
    elif what == "room":
        chat.socket.room = value
    elif what == "raise":
        raise ValueError(value)
    else:
        getattr(chat, what)()


def run(modules: Modules, plan: Plan, program: list[Step]) -> list[object]:
    """Return all that could be seen of one program of steps."""
    map: dict[int, Any] = {}
    chat = chat_class(modules)(plan, map)
    for what, value in program:
        try:
            if what == "receive":
                chat.socket.input = value
                modules.asyncore.read(chat)
            elif what == "write":
                modules.asyncore.write(chat)
            else:
                do(modules, chat, what, value)
        except (ValueError, TypeError, AttributeError, IndexError, OSError) as error:
            chat.note("raised", type(error), *(error.args if isinstance(error, ValueError) else ()))
        chat.note(what, list(map))
    return list(chat.calls)


# -- random programs -------------------------------------------------------------------------------

letters = st.lists(st.sampled_from([b"a", b"b", b"\r", b"\n", b"."]), max_size=12).map(b"".join)
streams = st.one_of(letters, st.binary(max_size=20), st.just(b"ab\r\n" * 200))
terminators = st.one_of(
    st.sampled_from([b"\n", b"\r\n", b"\r\n.\r\n", b"aab", b"aa", b"aba", b"", "\n", "", None]),
    st.integers(-2, 12),
    st.sampled_from([bytearray(b"\r\n"), True, 1 << 40]),
)
errors = st.sampled_from([errno.EWOULDBLOCK, errno.ECONNRESET, errno.EINTR, errno.EPIPE]).map(
    lambda number: OSError(number, "on purpose")
)
views = letters.map(lambda data: memoryview(data))
payloads = st.one_of(
    letters, letters.map(bytearray), letters.map(lambda data: memoryview(data)), st.just("text")
)
queue_changes = st.one_of(
    st.tuples(st.sampled_from(["append", "appendleft"]), st.one_of(payloads, st.none())),
    st.tuples(st.just("extend"), st.lists(letters, max_size=3)),
    st.tuples(st.just("insert"), st.integers(-2, 3), letters),
    st.sampled_from([("clear",), ("rotate", 1), ("reverse",), ("pop",), ("popleft",)]),
)
attributes = st.one_of(
    st.tuples(st.just("ac_in_buffer"), letters),
    st.tuples(st.sampled_from(["ac_in_buffer_size", "ac_out_buffer_size"]), st.integers(1, 9)),
    st.tuples(st.just("use_encoding"), st.sampled_from([0, 1])),
    st.tuples(st.just("encoding"), st.sampled_from(["latin-1", "utf-16"])),
    st.tuples(st.just("connected"), st.booleans()),
    st.tuples(st.just("terminator"), terminators),
)


def steps(*more: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    return st.one_of(
        st.tuples(st.just("terminate"), terminators),
        st.tuples(st.just("push"), payloads),
        st.tuples(st.just("produce"), st.lists(letters, max_size=4)),
        st.tuples(st.just("produce simply"), st.tuples(letters, st.integers(1, 5))),
        st.tuples(st.just("queue"), queue_changes),
        st.tuples(st.just("set"), attributes),
        st.tuples(st.just("room"), st.one_of(st.integers(0, 6), errors)),
        st.tuples(st.sampled_from(["close_when_done", "discard_buffers"]), st.none()),
        *more,
    )


INSIDE = steps(
    st.tuples(st.just("raise"), st.just("on purpose")),
    st.tuples(st.sampled_from(["close", "get_terminator"]), st.none()),
    st.tuples(st.just("get_terminator"), st.none()),  # mostly nothing happens
)
OUTSIDE = steps(
    st.tuples(st.just("receive"), st.one_of(streams, streams, streams, errors)),
    st.tuples(st.just("receive"), streams),
    st.tuples(st.just("write"), st.none()),
)


def compare(plan: Plan, program: list[Step]) -> None:
    if ORIGINAL is None:
        pytest.skip(MISSING)
    assert run(OURS, plan, program) == run(ORIGINAL, plan, program)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(INSIDE, max_size=8), terminators, st.lists(OUTSIDE, max_size=16))
@example([("set", ("ac_in_buffer", b"other\n"))], b"\n", [("receive", b"one\ntwo\nthree")])
@example([("terminate", 3)], b"\n", [("receive", b"one\ntwothree"), ("receive", b"\nx")])
def test_random_programs(plan: Plan, first: Any, program: list[Step]) -> None:
    compare(plan, [("terminate", first), *program])


@settings(max_examples=200)
@given(
    st.lists(letters, max_size=5).map(b"".join),
    st.lists(st.integers(1, 7), min_size=1),
    st.lists(terminators, min_size=1, max_size=6),
)
def test_any_chunking_under_changing_terminators(
    stream: bytes, sizes: list[int], changes: list[Any]
) -> None:
    program: list[Step] = [("terminate", changes[0])]
    at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        program.append(("receive", stream[at : at + size]))
        at, turn = at + size, turn + 1
    compare([("terminate", each) for each in changes[1:]], program)


@settings(max_examples=100)
@given(st.lists(INSIDE, max_size=3), st.lists(INSIDE, max_size=3), st.lists(OUTSIDE, max_size=6))
def test_before_any_terminator_was_set(plan: Plan, before: Plan, program: list[Step]) -> None:
    compare(plan, [*before, *program])


@given(st.binary(max_size=30), st.binary(min_size=1, max_size=6))
def test_find_prefix_at_end(haystack: bytes, needle: bytes) -> None:
    expected = max(
        (size for size in range(len(needle)) if haystack.endswith(needle[:size])), default=0
    )
    assert OURS.asynchat.find_prefix_at_end(haystack, needle) == expected
    if ORIGINAL is not None:
        assert ORIGINAL.asynchat.find_prefix_at_end(haystack, needle) == expected


def test_the_program_runs_at_all() -> None:
    """Were the steps to do nothing, the comparisons above would prove nothing."""
    check: Callable[[str], bool] = lambda what: any(call[0][0] == what for call in calls)  # noqa: E731
    calls: list[Any] = run(
        OURS,
        [],
        [
            ("terminate", b"\n"),
            ("receive", b"one\ntwo"),
            ("push", b"answer"),
            ("receive", OSError(errno.EINTR, "")),
            ("push", "text"),
            ("receive", b""),
        ],
    )
    assert all(check(what) for what in ("collect", "found", "error", "raised", "close"))
    assert calls[-1][1][-1] == [b"answer", b"<closed>"]
