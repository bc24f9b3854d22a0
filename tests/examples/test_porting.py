"""The page on porting shows what the files say and names all there was; the last step works."""

from __future__ import annotations

import difflib
import itertools
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import miniloop
from examples.porting.step5_miniloop import Cache, Client, Entry, cost, sweep
from miniloop import AsyncChat, EventLoop
from miniloop.testing import FakeClock
from tests.compat import recorded
from tests.doubles import scripted
from tests.driving import fill, pair, receive, run_until, settle

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/howto/port-from-asyncore.md").read_text()
STEPS = sorted((ROOT / "examples/porting").glob("step*.py"))
BLOCK = re.compile(r"^```(py|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[A-Za-z_]\w*")


# -- the page ------------------------------------------------------------------------------------


def difference(before: Path, after: Path) -> str:
    old, new = before.read_text().splitlines(True), after.read_text().splitlines(True)
    return "".join(difflib.unified_diff(old, new, before.name, after.name, n=1))


def test_the_first_and_the_last_step_are_shown_whole() -> None:
    shown = [text for kind, text in BLOCK.findall(PAGE) if kind == "py"]
    assert [STEPS[0].read_text(), STEPS[-1].read_text()] == shown[-2:]


def test_the_steps_between_are_shown_by_what_they_change() -> None:
    shown = [text for kind, text in BLOCK.findall(PAGE) if kind == "diff"]
    assert shown == [difference(*two) for two in itertools.pairwise(STEPS[:-1])]
    assert len(shown) == 4


def test_the_import_is_all_that_route_2_changes() -> None:
    changed = re.findall(r"(?m)^[-+]\w.*", difference(*STEPS[:2]))
    assert changed == [
        "-import asynchat",
        "-import asyncore",
        "+from miniloop.compat import asynchat, asyncore",
    ]


# -- the table -----------------------------------------------------------------------------------


def rows() -> Iterator[tuple[str, str]]:
    """Old and new of each row, without the heads of the tables."""
    tables = PAGE[PAGE.index("### Old names and new ones") : PAGE.index("New, with no old name")]
    for line in tables.splitlines():
        cells = line.strip("|").split(" | ")
        if line.startswith("|") and len(cells) == 2:
            yield cells[0], cells[1]


def words(cell: str) -> set[str]:
    return {word for code in CODE.findall(cell) for word in WORD.findall(code)}


def old_names() -> set[str]:
    """What the two modules of CPython 3.11 had on top."""
    names = {name for of_module in recorded.NAMES.values() for name in of_module}
    names |= {name for of_module in recorded.FUNCTIONS.values() for name in of_module}
    return names | {name.split(".")[1] for name in recorded.BASES}


def old_members() -> set[str]:
    """What their classes had, and what their constructors made."""
    made = {"socket", "out_buffer", "fd", "terminator", "incoming", "producer_fifo", "ac_in_buffer"}
    made.update(*recorded.METHODS.values(), *recorded.ATTRIBUTES.values())
    return made


def test_every_old_name_has_a_row() -> None:
    named = {word for old, _ in rows() for word in words(old)}
    missing = (old_names() | old_members()) - named
    assert {name for name in missing if not name.startswith("_")} == set()


def known(loop: EventLoop) -> set[str]:
    """Names of the package, of its objects, and what a new name may come with."""
    objects = loop, AsyncChat(loop), miniloop.SimpleProducer(b"")
    names = {*miniloop.__all__}.union(*map(dir, objects))
    parameters = {"loop", "sock", "family", "type", "addr", "address", "backlog", "timeout", "t"}
    parameters |= {"size", "data", "seconds", "factory", "chunk", "fd", "error", "producer"}
    parameters |= {"clock", "selector", "debug", "True", "None"}
    return names | parameters


def test_every_new_name_exists(loop: EventLoop) -> None:
    new = {word for _, cell in rows() for word in words(cell)}
    assert new - known(loop) == {"Exception", "errno", "logging", "miniloop", "with"}


def test_the_names_not_to_use_are_those_that_the_native_classes_added(loop: EventLoop) -> None:
    start = PAGE.index("**Names.**")
    warned = words(PAGE[start : PAGE.index("**Ownership of the loop.**")])
    old = {*recorded.METHODS["asyncore.dispatcher"], *recorded.METHODS["asynchat.async_chat"]}
    added = {*dir(AsyncChat(loop))} - old - {*recorded.ATTRIBUTES["asyncore.dispatcher"], "socket"}
    assert warned == {name for name in added if not name.startswith(("_", "handle_"))}


# -- the last step: the cache --------------------------------------------------------------------


def entry(value: bytes, expires: float = 1e9) -> Entry:
    return Entry(expires, b"0", value)


def test_an_entry_is_gone_when_its_time_is_over() -> None:
    clock = FakeClock()
    cache = Cache(clock)
    cache.set(b"k", entry(b"v", clock() + 10))
    clock.advance(9)
    assert cache.get(b"k") == entry(b"v", clock() + 1)
    clock.advance(1)
    assert cache.get(b"k") is None


def test_the_oldest_entries_make_room() -> None:
    room = 2 * cost(b"a", entry(b"value"))
    cache = Cache(FakeClock(), room)
    for key in (b"a", b"b", b"a", b"c"):
        cache.set(key, entry(b"value"))
    assert [*cache.entries] == [b"a", b"c"]
    cache.set(b"d", entry(b"v" * room))
    assert (cache.entries, cache.room) == ({}, room)


def test_a_timer_sweeps_once_a_second() -> None:
    with scripted() as (loop, selector, clock):
        cache = Cache(clock)
        room = cache.room
        cache.set(b"short", entry(b"v", clock() + 1.5))
        cache.set(b"long", entry(b"v"))
        sweep(loop, cache)
        loop.run_once()
        assert {*cache.entries} == {b"short", b"long"}
        loop.run_once()
        assert {*cache.entries} == {b"long"}
        assert cache.room == room - cost(b"long", entry(b"v"))
        assert selector.timeouts == [1, 1]


# -- the last step: a client ---------------------------------------------------------------------


@pytest.fixture
def theirs(loop: EventLoop) -> Iterator[socket.socket]:
    """The other end of a client's connection."""
    with pair() as (ours, theirs):
        Client(loop, ours, Cache(loop.time), set())
        yield theirs


def ask(loop: EventLoop, theirs: socket.socket, data: bytes) -> bytes:
    theirs.send(data)
    settle(loop)
    return receive(theirs)


@pytest.mark.parametrize(
    "request_line", [b"set k 0 x 1", b"set k -1 0 1", b"set k 0 0 +1", b"get a b", b"set k 0 0 1 x"]
)
def test_a_wrong_request_is_refused_before_its_value(
    loop: EventLoop, theirs: socket.socket, request_line: bytes
) -> None:
    assert ask(loop, theirs, request_line + b"\r\nget k\r\n") == b"ERROR\r\nEND\r\n"


def test_lives_without_end_are_cut(loop: EventLoop, theirs: socket.socket) -> None:
    for seconds in (b"9" * 400, b"-" + b"9" * 400):
        answer = ask(loop, theirs, b"set k 0 %b 1\r\nv\r\n" % seconds)
        assert answer == b"STORED\r\n"
    assert ask(loop, theirs, b"get k\r\n") == b"END\r\n"


def test_a_line_too_long_is_answered_and_skipped(loop: EventLoop, theirs: socket.socket) -> None:
    answer = ask(loop, theirs, b"x" * 5000 + b"\r\nget k\r\n")
    assert answer == b"CLIENT_ERROR line too long\r\nEND\r\n"


def test_a_value_too_large_ends_the_connection(loop: EventLoop, theirs: socket.socket) -> None:
    answer = ask(loop, theirs, b"set k 0 0 65537\r\n")
    assert answer == b"SERVER_ERROR object too large for cache\r\n"
    assert theirs.recv(1) == b""


def test_who_does_not_read_is_not_listened_to(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        cache = Cache(loop.time)
        cache.set(b"k", entry(b"v" * 50_000))
        client = Client(loop, ours, cache, set())
        for _ in range(8):
            theirs.send(b"get k\r\n")
            settle(loop, 2)
        assert client.output_size > client.high_water
        assert fill(theirs) > 0
        settle(loop)
        assert fill(theirs) == 0, "it took more requests"
        answers: list[bytes] = []
        while b"".join(answers).count(b"END") < 8:
            run_until(loop, lambda: select.select([theirs], [], [], 0)[0])
            answers.append(receive(theirs))


def test_who_is_silent_is_sent_away() -> None:
    with scripted() as (loop, _, clock), pair() as (ours, theirs):
        clients: set[Client] = set()
        Client(loop, ours, Cache(clock), clients)
        assert len(clients) == 1
        loop.run_once()
        assert clock() == 1600
        assert clients == set()
        assert theirs.recv(1) == b""
