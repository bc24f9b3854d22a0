"""The registry of a map: it follows the map, and passes on to the kernel only what has changed."""

import gc
import weakref
from collections import deque
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.compat import asynchat, asyncore
from miniloop.compat.interest_list import AS_POLL, InterestList
from miniloop.compat.registry import MapRegistry, announces_changes
from miniloop.readiness import READ, WRITE, announced

Map = dict[int, Any]


class Recorded(InterestList):
    """An interest list that notes the updates and tells the kernel nothing."""

    def __init__(self) -> None:
        super().__init__(AS_POLL)
        self.updates: list[tuple[int, int, bool]] = []

    def update(self, fd: int, interest: int, polled: bool) -> None:
        self.updates.append((fd, interest, polled))


class Member:
    """An object with answers to be set; it announces them.

    Attributes:
        reads: what ``readable()`` returns.
        writes: what ``writable()`` returns.
        accepting: it listens.
    """

    accepting = False
    _fileno: int | None = 3

    def __init__(self, reads: bool = True, writes: bool = False) -> None:
        self.reads = reads
        self.writes = writes
        self.asked = 0

    @announced
    def readable(self) -> bool:
        self.asked += 1
        return self.reads

    @announced
    def writable(self) -> bool:
        return self.writes


@pytest.fixture
def interests() -> Recorded:
    return Recorded()


# -- following the map -----------------------------------------------------------------------------

Step = tuple[str, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "added",
                "removed",
                "put",
                "popped",
                "cleared",
                "follow",
                "compare soon",
            ]
        ),
        st.integers(0, 5),
    ),
    max_size=40,
)


@given(steps)
def test_after_following_the_registry_equals_the_map_in_its_order(steps: list[Step]) -> None:
    """Dispatchers report how they change the map, the program does not."""
    map: Map = {}
    registry = MapRegistry(map, Recorded())
    for what, fd in [*steps, ("follow", 0)]:
        play(registry, map, what, fd)
    entries = sorted(registry.entries.values(), key=lambda entry: entry.position)
    assert [(entry.fd, entry.obj) for entry in entries] == [*map.items()]
    assert all(entry.registered for entry in entries)
    registry.ask()
    assert [entry.interest for entry in entries] == [READ] * len(entries)
    assert all(member.asked == 1 for member in map.values())


def play(registry: MapRegistry, map: Map, what: str, fd: int) -> None:
    """Make one step, as ``add_channel()``, ``del_channel()`` or a program would."""
    if what == "added":
        map[fd] = Member()
        registry.added(fd, map[fd])
    elif what == "removed" and fd in map:
        registry.removed(fd)
        del map[fd]
    elif what == "put":
        map[fd] = Member()
    elif what == "popped":
        map.pop(fd, None)
    elif what == "cleared":
        map.clear()
    elif what == "follow":
        registry.follow()
    elif what == "compare soon":
        registry.compare_soon()


def test_a_dispatcher_that_enters_again_is_registered_anew(interests: Recorded) -> None:
    """It may have another socket under the same number, of which the kernel knows nothing."""
    member = Member()
    map: Map = {3: member}
    registry = MapRegistry(map, interests)
    registry.follow()
    registry.ask()
    registry.added(3, member)
    registry.follow()
    registry.ask()
    assert interests.updates == [(3, READ, False), (3, 0, False), (3, READ, False)]


def test_what_dispatchers_report_needs_no_comparison(interests: Recorded) -> None:
    """It costs as much as the map is large."""
    map: Map = {3: Member(), 4: Member()}
    registry = MapRegistry(map, interests)
    registry.follow()
    with mock.patch.object(registry, "compare") as compare:
        for fd in (5, 6):
            map[fd] = Member()
            registry.added(fd, map[fd])
        for fd in (4, 5):
            registry.removed(fd)
            del map[fd]
        registry.follow()
    compare.assert_not_called()
    assert list(registry.entries) == [3, 6]


def test_an_object_that_cannot_be_compared_is_replaced(interests: Recorded) -> None:
    class Incomparable(Member):
        __hash__ = Member.__hash__

        def __eq__(self, other: object) -> bool:
            raise ValueError("neither equal nor different")

    map: Map = {3: Incomparable()}
    registry = MapRegistry(map, interests)
    registry.follow()
    map[3] = Incomparable()
    registry.follow()
    assert registry.entries[3].obj is map[3]


def test_a_cleared_registry_keeps_nothing_alive(interests: Recorded) -> None:
    map: Map = {3: Member(writes=True), 4: Member()}
    gone = [weakref.ref(member) for member in map.values()]
    registry = MapRegistry(map, interests)
    registry.follow()
    registry.ask()
    registry.served.append(registry.entries[4])
    registry.clear()
    map.clear()
    gc.collect()
    assert [each() for each in gone] == [None, None]


def test_a_cleared_registry_starts_anew(interests: Recorded) -> None:
    member = Member()
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    registry.clear()
    assert registry.entries == {}
    registry.ask()
    assert member.asked == 0
    registry.follow()
    registry.ask()
    assert (member.asked, interests.updates[-1]) == (1, (3, READ, False))


# -- asking ----------------------------------------------------------------------------------------


def test_an_answer_that_has_not_changed_is_not_passed_on(interests: Recorded) -> None:
    member = Member()
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    for _ in range(3):
        registry.invalidate(member)
        registry.ask()
    assert (member.asked, interests.updates) == (3, [(3, READ, False)])


def test_each_change_is_passed_on_once(interests: Recorded) -> None:
    member = Member()
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    for reads, writes in [(True, True), (False, True), (False, False), (False, False)]:
        member.reads, member.writes = reads, writes
        registry.invalidate(member)
        registry.ask()
    assert [interest for _, interest, _ in interests.updates] == [READ | WRITE, WRITE, 0]


def test_a_listener_is_never_writable(interests: Recorded) -> None:
    member = Member(writes=True)
    member.accepting = True
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    registry.ask()
    registry.ask()
    assert interests.updates == [(3, READ, False)]
    assert member.asked == 1


def test_each_is_asked_once_whatever_made_it_due(interests: Recorded) -> None:
    silent: Any = Member(writes=True)
    overriding: Any = Member()
    overriding.readable = lambda: Member.readable(overriding)
    registry = MapRegistry({3: silent, 4: overriding}, interests)
    registry.follow()
    registry.ask()
    overriding._fileno = 4
    for member, fd in ((silent, 3), (overriding, 4)):
        registry.invalidate(member)
        registry.invalidate(member)
        registry.served.append(registry.entries[fd])
    registry.ask()
    assert (silent.asked, overriding.asked) == (2, 2)


def test_an_announcement_of_an_object_elsewhere_changes_nothing(interests: Recorded) -> None:
    member, other = Member(), Member()
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    registry.ask()
    registry.invalidate(other)
    for member._fileno in (4, None):  # it has left its map
        registry.invalidate(member)
    registry.ask()
    assert (member.asked, other.asked) == (1, 0)


def test_the_interest_list_learns_which_are_asked_on_every_pass(interests: Recorded) -> None:
    member: Any = Member()
    registry = MapRegistry({3: member}, interests)
    registry.follow()
    registry.ask()
    member.writable = lambda: True
    registry.classify(registry.entries[3])
    registry.ask()
    assert interests.updates == [(3, READ, False), (3, READ | WRITE, True)]
    registry.classify(registry.entries[3])
    registry.ask()
    assert member.asked == 3


# -- whose changes are announced -------------------------------------------------------------------


def test_stock_classes_announce_their_changes() -> None:
    for channel in (asyncore.dispatcher(), asyncore.dispatcher_with_send(), asynchat.async_chat()):
        assert announces_changes(channel)


@pytest.mark.parametrize("name", ["readable", "writable"])
def test_an_override_announces_nothing(name: str) -> None:
    derived: Any = type("Derived", (asyncore.dispatcher_with_send,), {name: lambda self: False})
    assert not announces_changes(derived())
    channel: Any = asyncore.dispatcher_with_send()
    setattr(channel, name, lambda: False)
    assert not announces_changes(channel)


def test_a_proxy_announces_nothing() -> None:
    """It passes on the predicates of another object, which announces for itself only."""
    channel = asyncore.dispatcher_with_send()
    assert not announces_changes(weakref.proxy(channel))


def test_a_queue_of_the_programs_own_announces_nothing() -> None:
    channel, other = asynchat.async_chat(), asynchat.async_chat()
    queues: list[Any] = [deque(), channel.producer_fifo.copy(), other.producer_fifo, []]
    for queue in queues:
        channel.producer_fifo = queue
        assert not announces_changes(channel)


@pytest.mark.parametrize("name", ["readable", "writable", "producer_fifo"])
def test_an_attribute_that_cannot_be_read_announces_nothing(name: str) -> None:
    """The failure is for the pass that asks the object, as it was."""
    broken = property(lambda self: 1 / 0)
    derived: Any = type("Derived", (asyncore.dispatcher_with_send,), {name: broken})
    assert not announces_changes(derived())


def test_an_object_without_predicates_announces_nothing() -> None:
    assert not announces_changes(object())
