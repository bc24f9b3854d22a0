"""Audits: what they find, how often they are made, and what they cost, in fake time."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from miniloop.compat.interest_list import InterestList
from miniloop.compat.watch import AUDIT_PAUSE
from miniloop.selectors.poll import POLLNVAL, POLLOUT
from miniloop.testing import FakeClock
from tests.compat.conftest import Pair
from tests.compat.watch.counting import Passes, Stock, passes_in

Pairs = Callable[[], Pair]


@pytest.fixture
def passes() -> Iterator[Passes]:
    with passes_in(FakeClock()) as made:
        yield made


@pytest.fixture
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniloop.compat.watch.SLICE", 2)


# -- what they find --------------------------------------------------------------------------------


def test_each_audit_finds_a_new_change(passes: Passes, pair: Pairs) -> None:
    member = Stock(pair()[0], passes.map)
    passes.run()
    for round in range(1, 5):
        member.connected = False
        passes.run()
        assert member.written == round - 1
        passes.run(seconds=AUDIT_PAUSE)
        assert member.written == round
        member.connected = True
        passes.run(seconds=AUDIT_PAUSE)


@pytest.mark.usefixtures("slices_of_two")
def test_predicates_are_checked_slice_by_slice_again_and_again(passes: Passes, pair: Pairs) -> None:
    members: list[Any] = [Stock(pair()[0], passes.map) for _ in range(5)]
    passes.run()
    for late in (members[1], members[4], members[0]):
        asked: list[int] = []
        late.writable = lambda asked=asked: asked.append(1)
        passes.run(3, seconds=AUDIT_PAUSE)
        asked.clear()
        passes.run(4)
        assert len(asked) == 4


@pytest.mark.usefixtures("slices_of_two")
def test_no_audit_checks_nothing(passes: Passes, pair: Pairs) -> None:
    """After the last slice comes the first, also where the slices come out even."""
    members: list[Any] = [Stock(pair()[0], passes.map) for _ in range(4)]
    passes.run()
    for late in (members[0], members[2], members[1], members[3]):  # of this audit's slice
        asked: list[int] = []
        late.writable = lambda asked=asked: asked.append(1)
        passes.run(1, seconds=AUDIT_PAUSE)
        passes.run(4)
        assert len(asked) == 5


@pytest.mark.usefixtures("slices_of_two", "short_poll_list")
def test_descriptors_are_checked_slice_by_slice_again_and_again(
    passes: Passes, pair: Pairs
) -> None:
    """All of these are in the epoll set, which forgets a closed one in silence."""
    for _ in range(3):
        Stock(pair()[0], passes.map)
    members = [Stock(pair()[0], passes.map) for _ in range(5)]
    passes.run()
    for member in members[::2]:
        closed: list[str] = []
        member.handle_close = lambda closed=closed: closed.append("close")  # type: ignore[method-assign, misc]  # for this test
        member.socket.close()
        passes.run()
        assert closed == []
        passes.run(4, seconds=AUDIT_PAUSE)
        assert closed
        member.del_channel()


def test_the_whole_map_is_compared_too(passes: Passes, pair: Pairs) -> None:
    """Whatever ``==`` says of a replaced object."""

    class Equal(Stock):
        __hash__ = Stock.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    ours, _ = pair()
    first, second = Equal(ours, passes.map), Equal(ours, {})
    passes.run()
    passes.map[ours.fileno()] = second
    passes.run()
    assert second.asked == 0
    passes.run(seconds=AUDIT_PAUSE)
    assert (first.asked, second.asked) == (1, 1)


# -- how often they are made -----------------------------------------------------------------------


def test_a_silent_member_is_asked_twenty_times_a_second(passes: Passes, pair: Pairs) -> None:
    """Counted in questions, whatever else is busy."""
    (ours, _), (other, peer) = pair(), pair()
    silent = Stock(ours, passes.map)
    Stock(other, passes.map)
    passes.run()
    for _ in range(1000):
        peer.send(b"x")
        passes.run(seconds=0.001)
    assert 18 <= silent.asked - 1 <= 20


def test_an_audit_that_takes_long_is_made_seldom(pair: Pairs) -> None:
    """A twentieth of the time: the next one comes after twenty times as long as it took."""

    class Slow(FakeClock):
        """A clock by which 10 ms go by between any two looks at it."""

        def __call__(self) -> float:
            self.advance(0.01)
            return self.now

    with passes_in(Slow()) as passes:
        silent = Stock(pair()[0], passes.map)
        passes.run()
        started = passes.clock.now
        while passes.clock.now < started + 10.0:
            passes.run()
        assert 40 <= silent.asked - 1 <= 50


# -- in a wait -------------------------------------------------------------------------------------


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The time limits of all waits in seconds; none of them waits."""
    limits: list[float | None] = []
    wait = InterestList.wait

    def recorded(interests: InterestList, timeout: float | None) -> list[tuple[int, int]]:
        limits.append(timeout)
        return wait(interests, 0)

    monkeypatch.setattr(InterestList, "wait", recorded)
    return limits


def test_a_wait_after_an_event_ends_for_an_audit(
    passes: Passes, pair: Pairs, waits: list[float | None]
) -> None:
    (ours, _), (other, peer) = pair(), pair()
    silent = Stock(ours, passes.map)
    Stock(other, passes.map)
    peer.send(b"x")
    passes.run()
    silent.connected = False  # in the handler of the other one, say
    waits.clear()
    passes.watch.refresh()
    ready = passes.watch.poll(30.0)
    assert [(entry.obj, bits) for entry, bits in ready] == [(silent, POLLOUT)]
    assert waits == pytest.approx([AUDIT_PAUSE, 30.0 - AUDIT_PAUSE])


def test_a_wait_without_an_event_before_it_is_not_interrupted(
    passes: Passes, pair: Pairs, waits: list[float | None]
) -> None:
    silent = Stock(pair()[0], passes.map)
    passes.run()
    waits.clear()
    passes.watch.refresh()
    assert passes.watch.poll(30.0) == []
    assert passes.watch.poll(None) == []
    assert waits == [30.0, None]
    assert silent.asked == 1


def test_one_audit_is_enough_for_an_event(
    passes: Passes, pair: Pairs, waits: list[float | None]
) -> None:
    ours, peer = pair()
    Stock(ours, passes.map)
    peer.send(b"x")
    passes.run()
    waits.clear()
    for _ in range(2):
        passes.watch.refresh()
        assert passes.watch.poll(None) == []
    assert waits == [pytest.approx(AUDIT_PAUSE), None, None]


def test_a_wait_shorter_than_the_pause_is_not_interrupted(
    passes: Passes, pair: Pairs, waits: list[float | None]
) -> None:
    ours, peer = pair()
    member = Stock(ours, passes.map)
    peer.send(b"x")
    passes.run(2)
    asked = member.asked
    waits.clear()
    assert passes.watch.poll(AUDIT_PAUSE / 2) == []
    assert waits == [AUDIT_PAUSE / 2]
    passes.clock.advance(10 * AUDIT_PAUSE)  # it is overdue
    assert passes.watch.poll(AUDIT_PAUSE / 2) == []
    assert waits[1:] == [0.0, AUDIT_PAUSE / 2]
    assert member.asked == asked + 1


def test_a_closed_descriptor_in_the_poll_list_needs_no_audit(passes: Passes, pair: Pairs) -> None:
    ours, _ = pair()
    member = Stock(ours, passes.map)
    passes.run()
    os.close(ours.detach())
    passes.watch.refresh()
    assert [(entry.obj, bits) for entry, bits in passes.watch.poll(0)] == [(member, POLLNVAL)]
