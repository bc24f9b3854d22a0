"""A map too large for the poll list: what the list would see, the epoll set sees.

Where the fixture ``core`` is used, CPython's asyncore is held to the same.
"""

# mypy: disallow-subclassing-any=False

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from miniloop.compat.interest_list import AS_POLL, InterestList
from miniloop.compat.tolerant_epoll import TolerantEpoll
from miniloop.readiness import READ, WRITE
from miniloop.selectors.poll import POLLIN, POLLNVAL, POLLOUT
from tests.compat.conftest import Many, Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_all_are_served_in_the_maps_order(core: Any, map: Map, many: Many, use_poll: bool) -> None:
    seen, _, peers = many
    for word in ("one", "two"):
        for peer in reversed(peers):
            peer.send(word.encode())
        seen.clear()
        core.loop(0, use_poll, map, 2)
        assert seen == [f"{at} read {word}" for at in range(12)]


def test_each_is_served_alone(core: Any, map: Map, many: Many, use_poll: bool) -> None:
    seen, members, peers = many
    order = [11, 0, 5, 3, 5, 2]
    left = iter(order[1:])

    def next_one() -> None:
        at = next(left, None)
        if at is not None:
            peers[at].send(b"x")

    for member in members:
        member.on["read"] = next_one
    peers[order[0]].send(b"x")
    serve(core, map, lambda: len(seen) == len(order), use_poll)
    assert seen == [f"{at} read x" for at in order]


def test_output_waits_for_room_and_goes_on(core: Any, map: Map, many: Many, use_poll: bool) -> None:
    _, members, peers = many
    base: Any = core.dispatcher_with_send
    for member in members:
        member.handle_write = member.initiate_send
        base.send(member, b"x" * 1_000_000)
    received = [0] * 12

    def done() -> bool:
        for at, peer in enumerate(peers):
            try:
                received[at] += len(peer.recv(1 << 20))
            except BlockingIOError:
                continue
        return received == [1_000_000] * 12

    serve(core, map, done, use_poll, timeout=0.01)
    core.loop(0, use_poll, map, 3)
    assert not any(member.out_buffer for member in members)


def test_members_come_and_go(core: Any, pair: Pairs, map: Map, many: Many, use_poll: bool) -> None:
    seen, members, peers = many
    late: list[Any] = []

    def change() -> None:
        for member in members[4:10]:
            member.close()
        for at in range(6):
            ours, theirs = pair()
            theirs.send(b"x")
            late.append(recorder(core)(ours, map, f"late{at}", seen))

    members[0].on["read"] = change
    for at in (0, 5, 11):
        peers[at].send(b"x")
    serve(core, map, lambda: len(seen) == 8, use_poll)
    assert seen == ["0 read x", "11 read x", *(f"late{at} read x" for at in range(6))]


def test_regular_files_and_the_null_device_are_always_ready(
    core: Any, map: Map, many: Many, use_poll: bool, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    base: Any = core.file_dispatcher
    reads: dict[str, list[bytes]] = {"file": [], "null": []}
    writes: list[str] = []

    class Reading(base):
        name = ""

        def writable(self) -> bool:
            return False

        def handle_read(self) -> None:
            reads[self.name].append(self.socket.recv(4))

    class Stock(base):
        """Its predicates are stock, so it is in the epoll set."""

        def handle_read(self) -> None:
            reads["null"].append(self.socket.recv(4))

        def handle_write(self) -> None:
            writes.append("write")

    with path.open("rb") as file, open(os.devnull, "r+b", buffering=0) as null:
        Reading(file, map).name = "file"
        Stock(null, map)
        core.loop(0, use_poll, map, 4)
    assert reads == {"file": [b"cont", b"ent", b"", b""], "null": [b""] * 4}
    assert writes == ["write"] * 4


def test_a_predicate_that_changes_its_answer(
    core: Any, map: Map, many: Many, use_poll: bool
) -> None:
    seen, members, peers = many
    answers = iter([False] * 3 + [True] * 50)
    members[9].readable = lambda: next(answers)
    peers[9].send(b"x")
    core.loop(0, use_poll, map, 3)
    assert seen == []
    core.loop(0, use_poll, map, 2)
    assert seen == ["9 read x"]


@pytest.mark.usefixtures("short_poll_list")
def test_the_epoll_set_is_closed_with_the_loop(pair: Pairs, map: Map, use_poll: bool) -> None:
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    before = lowest_free_descriptor()
    for _ in range(3):
        asyncore.loop(0, use_poll, map, 3)
    assert lowest_free_descriptor() == before


def lowest_free_descriptor() -> int:
    """Return the number that the next open file gets."""
    number = os.open(os.devnull, os.O_RDONLY)
    os.close(number)
    return number


@pytest.mark.usefixtures("short_poll_list")
def test_a_pass_over_silent_members_lasts_the_timeout(
    pair: Pairs, map: Map, use_poll: bool
) -> None:
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    started = time.monotonic()
    asyncore.loop(0.02, use_poll, map, 4)
    assert 0.078 <= time.monotonic() - started < 10


# -- the list itself -------------------------------------------------------------------------------


@pytest.fixture
def interests(short_poll_list: None) -> Iterator[InterestList]:
    made = InterestList(AS_POLL)
    yield made
    made.close()


def test_it_counts_what_is_waited_for(interests: InterestList, pair: Pairs) -> None:
    numbers = [pair()[0].fileno() for _ in range(6)]
    for count, fd in enumerate(numbers, 1):
        interests.update(fd, READ, polled=False)
        assert len(interests) == count
    for fd in numbers:
        interests.update(fd, READ | WRITE, polled=False)
    assert len(interests) == 6
    for count, fd in enumerate(numbers, 1):
        interests.update(fd, 0, polled=False)
        assert len(interests) == 6 - count


def test_a_changed_interest_is_the_one_reported(interests: InterestList, pair: Pairs) -> None:
    pairs = [pair() for _ in range(6)]
    numbers = [ours.fileno() for ours, _ in pairs]
    for fd in numbers:
        interests.update(fd, READ, polled=False)
    assert interests.wait(0) == []
    for fd in numbers:
        interests.update(fd, WRITE, polled=False)
    assert sorted(interests.wait(0)) == sorted((fd, POLLOUT) for fd in numbers)
    for fd in numbers:
        interests.update(fd, 0, polled=False)
    assert interests.wait(0) == []


def test_a_list_that_was_emptied_takes_as_many_again(
    interests: InterestList, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniloop.compat.interest_list.TolerantEpoll", None)
    for _ in range(3):
        numbers = [pair()[0].fileno() for _ in range(3)]
        for fd in numbers:
            interests.update(fd, READ, polled=False)
        for fd in numbers:
            interests.update(fd, 0, polled=False)


def test_objects_asked_on_every_pass_need_no_epoll_set(
    interests: InterestList, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, each change of an interest would be a system call."""
    monkeypatch.setattr("miniloop.compat.interest_list.TolerantEpoll", None)
    for _ in range(9):
        interests.update(pair()[0].fileno(), READ, polled=True)
    assert len(interests) == 9


def test_without_epoll_the_poll_list_takes_all(
    interests: InterestList, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("select.epoll", raising=False)
    numbers = [pair()[0].fileno() for _ in range(9)]
    for fd in numbers:
        interests.update(fd, WRITE, polled=False)
    assert interests.wait(0) == [(fd, POLLOUT) for fd in numbers]


@pytest.mark.parametrize("timeout", [0.0, 0.0004, 0.001])
def test_only_less_than_a_millisecond_is_slept(
    interests: InterestList, pair: Pairs, monkeypatch: pytest.MonkeyPatch, timeout: float
) -> None:
    """poll(2) counts whole milliseconds; select(2), in whose place it stands, microseconds."""
    slept: list[float] = []
    monkeypatch.setattr("miniloop.compat.interest_list.time", SimpleNamespace(sleep=slept.append))
    ours, theirs = pair()
    interests.update(ours.fileno(), READ, polled=False)
    assert interests.wait(timeout) == []
    assert slept == [timeout] * (timeout == 0.0004)
    theirs.send(b"x")
    assert interests.wait(timeout) == [(ours.fileno(), POLLIN)]
    assert slept == [timeout] * (timeout == 0.0004)  # it was ready before


def test_what_happens_in_that_sleep_is_reported(
    interests: InterestList, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair()
    monkeypatch.setattr(
        "miniloop.compat.interest_list.time",
        SimpleNamespace(sleep=lambda seconds: theirs.send(b"x")),
    )
    interests.update(ours.fileno(), READ, polled=False)
    assert interests.wait(0.0004) == [(ours.fileno(), POLLIN)]


def test_a_closed_descriptor_in_the_poll_list_is_reported(
    interests: InterestList, pair: Pairs
) -> None:
    ours, _ = pair()
    number = ours.fileno()
    interests.update(number, READ, polled=False)
    ours.close()
    assert interests.wait(None) == [(number, POLLNVAL)]


def test_the_epoll_set_is_read_only_when_the_poll_list_reports_it(
    interests: InterestList, pair: Pairs
) -> None:
    pairs = [pair() for _ in range(5)]
    for ours, _ in pairs:
        interests.update(ours.fileno(), READ, polled=False)
    pairs[1][1].send(b"x")
    with mock.patch.object(TolerantEpoll, "poll_now") as poll_now:
        assert interests.wait(None) == [(pairs[1][0].fileno(), POLLIN)]
    poll_now.assert_not_called()
    pairs[4][1].send(b"x")
    assert interests.wait(None) == [(pairs[at][0].fileno(), POLLIN) for at in (1, 4)]


def test_a_regular_file_in_the_epoll_set_ends_each_wait_at_once(
    short_poll_list: None, pair: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And does not hide what is ready in the poll list."""
    limits: list[float | None] = []

    class Poll:
        """poll(2), with its time limits in milliseconds noted and none of them waited for."""

        def __init__(self) -> None:
            self.register, self.unregister = poll.register, poll.unregister

        def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
            limits.append(timeout)
            return poll.poll(0)

    poll = select.poll()
    monkeypatch.setattr(select, "poll", Poll)
    interests = InterestList(AS_POLL)
    listed = [pair() for _ in range(3)]
    for ours, _ in listed:
        interests.update(ours.fileno(), READ, polled=False)
    with (tmp_path / "file").open("wb") as file:
        interests.update(file.fileno(), WRITE, polled=False)
        assert interests.wait(None) == [(file.fileno(), POLLOUT)]
        listed[1][1].send(b"x")
        both = [(listed[1][0].fileno(), POLLIN), (file.fileno(), POLLOUT)]
        assert interests.wait(5.0) == both
        interests.update(file.fileno(), 0, polled=False)
        assert interests.wait(5.0) == both[:1]
    assert limits == [0, 0, 5000.0]
    interests.close()
