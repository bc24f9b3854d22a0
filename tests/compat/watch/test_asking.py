"""Which objects are asked when: the picture in asyncore-watch.md, row by row."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import watch
from miniloop.compat.announcing import announce
from miniloop.testing import FakeClock
from tests.compat.conftest import Pair
from tests.compat.serving import serve
from tests.compat.watch.counting import Overriding, Passes, Stock, passes_in
from tests.driving import tcp_pair

Pairs = Callable[[], Pair]

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "asyncore-watch.md"


def picture() -> dict[str, str]:
    """Return the rows of the picture: an object's text, and a letter for each pass."""
    rows = re.findall(r"^(\w.*?)   +((?:[x.] +)+[x.])$", PAGE.read_text(), re.MULTILINE)
    return {text: re.sub(" ", "", letters) for text, letters in rows}


def fill(sock: socket.socket) -> None:
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        pass


def drain(sock: socket.socket) -> None:
    try:
        while sock.recv(1 << 20):
            pass
    except BlockingIOError:
        pass


def leave_output(member: Overriding) -> None:
    fill(member.socket)
    member.send(b"x")
    assert member.out_buffer


Step = Callable[[Overriding, socket.socket], object]
SCENARIOS: dict[str, tuple[type[Overriding], dict[int, Step]]] = {
    "overridden predicates, or no dispatcher": (Overriding, {}),
    "stock predicates, silent": (Stock, {}),
    "stock predicates, an event in pass 2": (Stock, {2: lambda member, peer: peer.send(b"x")}),
    "stock predicates, announces a change in pass 3": (
        Stock,
        {4: lambda member, _: announce(member)},
    ),
    "stock predicates, output waits in passes 2 to 4": (
        Stock,
        {2: lambda member, _: leave_output(member), 4: lambda _, peer: drain(peer)},
    ),
}
"""For each row a member, and what happens just before the passes of these numbers."""


@pytest.fixture
def passes() -> Iterator[Passes]:
    with passes_in(FakeClock()) as made:
        yield made


def test_each_row_is_tested() -> None:
    assert list(picture()) == list(SCENARIOS)


@pytest.mark.parametrize("row", SCENARIOS)
def test_an_object_is_asked_when_the_picture_says(passes: Passes, pair: Pairs, row: str) -> None:
    (ours, peer), (kind, steps) = pair(), SCENARIOS[row]
    member = kind(ours, passes.map)
    letters = ""
    for number in range(1, 8):
        if number == 7:
            passes.clock.advance(watch.AUDIT_PAUSE)
        before = member.asked
        if number in steps:
            steps[number](member, peer)
        passes.run()
        letters += ".x"[member.asked > before]
    assert letters == picture()[row]


def test_dispatchers_come_and_go_without_a_comparison(passes: Passes, pair: Pairs) -> None:
    """They report it; to compare costs as much as the map is large."""
    members = [Stock(pair()[0], passes.map) for _ in range(3)]
    passes.run()
    with mock.patch.object(passes.watch.registry, "compare") as compare:
        late = Stock(pair()[0], passes.map)
        members[1].close()
        passes.run()
    compare.assert_not_called()
    assert late.asked == 1


def test_output_that_was_discarded_causes_no_write_event(passes: Passes, pair: Pairs) -> None:
    """While it waits an object is asked on every pass, since nothing announces less output."""
    ours, peer = pair()
    member = Stock(ours, passes.map)
    passes.run()
    leave_output(member)
    passes.run()
    member.out_buffer = b""
    drain(peer)
    passes.run(3)
    assert member.written == 0


@pytest.mark.parametrize("kind", [Overriding, Stock])
@pytest.mark.parametrize("first", [1, 2])
def test_an_object_that_leaves_inside_its_predicate(
    passes: Passes, pair: Pairs, kind: type[Overriding], first: int
) -> None:
    """On the first question, when the kernel knows nothing of it yet, or later."""
    (ours, _), (other, peer) = pair(), pair()
    member, neighbour = kind(ours, passes.map), Overriding(other, passes.map)
    passes.run(first - 1)
    member.on_asked = member.close
    announce(member)
    peer.send(b"x")
    passes.run(3)
    assert member.asked == first
    assert list(passes.map.values()) == [neighbour]
    with pytest.raises(BlockingIOError):
        other.recv(1)  # the neighbour has read it


def test_a_failed_round_of_questions_is_repeated_whole(passes: Passes, pair: Pairs) -> None:
    members = [Stock(pair()[0], passes.map) for _ in range(3)]
    members[1].on_asked = lambda: 1 / 0
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            passes.run()
    members[1].on_asked = int
    passes.run(2)
    assert [member.asked for member in members] == [3, 3, 1]


def test_urgent_data_of_an_object_that_only_writes_is_seen_by_select(
    core: Any, map: dict[int, Any], use_poll: bool
) -> None:
    class Writer(core.dispatcher):  # type: ignore[misc]  # Any: one of two implementations
        writes = urgent = 0

        def readable(self) -> bool:
            return False

        def handle_write(self) -> None:
            self.writes += 1

        def handle_expt(self) -> None:
            self.urgent += 1

    ours, theirs = tcp_pair()
    with ours, theirs:
        writer = Writer(ours, map)
        theirs.send(b"!", socket.MSG_OOB)
        serve(core, map, lambda: writer.writes > 5, use_poll)
        assert bool(writer.urgent) == (not use_poll)
        writer.del_channel(map)
