"""The invariants of a schedule that has come to rest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from examples.chatroom.people.sanction import BAN
from examples.chatroom.people.targets import from_subject, meets

from ...town.people import author_of, token_of
from .members import REFUSALS, Member
from .seen import check_piece
from .servers import Process

if TYPE_CHECKING:
    from .schedule import Schedule


class Truth:
    """The messages, by the engine's streams.

    Attributes:
        rooms: The tokens of each name of a room, in all rooms that ever had it.
        kept: The same without those that the engine has lost again.
        gone: The deleted tokens.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.rooms: dict[str, list[list[str]]] = {}
        self.kept: dict[str, list[list[str]]] = {}
        for feed, lines in schedule.engine.said.items():
            tokens = [token_of(line.text) for line in lines]
            kept = [token_of(line.text) for line in schedule.engine.kept(feed)]
            name = feed.partition(".")[0]
            self.rooms.setdefault(name, []).append(tokens)
            self.kept.setdefault(name, []).append(kept)
        self.gone = schedule.forgotten()

    def tokens(self) -> Counter[str]:
        """Count how often each token was said."""
        return Counter(t for rooms in self.rooms.values() for room in rooms for t in room)


def check_rest(schedule: Schedule) -> None:
    """Check everything."""
    truth = Truth(schedule)
    processes = [*schedule.processes.values()]
    _check_agreement(processes)
    _check_names(processes)
    _check_bans(processes)
    _check_nothing_waits(processes)
    for member in schedule.members:
        try:
            _check_member(member, truth, schedule)
        except AssertionError as failure:
            failure.add_note(f"seen by {member.plan}, which was told {member.seen.notices}")
            raise
    _check_whispers(schedule.members)
    killed = any(trouble == "_kill_node" for _, trouble in schedule.happened)
    _check_disks(processes, truth, whole=not schedule.troubles.engine_loses, killed=killed)


def _check_agreement(processes: list[Process]) -> None:
    for what in (_rooms, _who, _sanctions):
        seen = {process.name: what(process) for process in processes}
        assert len({repr(each) for each in seen.values()}) == 1, f"{what.__name__}: {seen}"


def _rooms(process: Process) -> object:
    return sorted(
        (room.name.key, sorted(each.shown for each in room.members), room.topic, room.lock)
        for room in process.hall.rooms
        if room.members or room.saved  # one that is empty, and was lost, goes by itself later
    )


def _who(process: Process) -> object:
    return sorted((each.shown, each.operator) for each in process.hall.names)


def _sanctions(process: Process) -> object:
    listed = process.hall.sanctions.listed(process.hall.last_tick.age)
    return sorted((each.kind, each.subject) for each in listed)


def _check_names(processes: list[Process]) -> None:
    own = [each for process in processes for each in process.hall.members if each.name is not None]
    looks = Counter(each.name.skeleton for each in own if each.name is not None)
    assert max(looks.values(), default=1) == 1, f"names that look alike: {looks}"
    for process in processes:
        assert sorted(each.shown for each in process.hall.names) == sorted(e.shown for e in own)


def _check_bans(processes: list[Process]) -> None:
    for process in processes:
        for made in process.hall.sanctions.listed(process.hall.last_tick.age):
            target = from_subject(made.subject)
            for member in process.hall.members:
                met = made.kind == BAN and not member.operator and meets(target, member)
                assert not met, f"{member.shown} is banned, and at {process.name}"


def _check_nothing_waits(processes: list[Process]) -> None:
    for process in processes:
        assert process.feeds.up
        assert not process.feeds.waiting()
        outgoing = process.node.site.outgoing
        assert not any((outgoing._sent, outgoing._receipts, outgoing._mine, len(outgoing)))
        assert not process.store.disk.waiting, process.store.disk.waiting
        assert len(process.hall.ledger) == len(process.hall.postbox) == 0


def _check_member(member: Member, truth: Truth, schedule: Schedule) -> None:
    seen, loses = member.seen, schedule.troubles.engine_loses
    for visit in seen.visits:
        assert len(set(visit.tokens)) == len(visit.tokens), f"shown twice: {visit}"
        told = truth.rooms.get(visit.room, [])
        if not loses or not _said_so(member, visit.room):
            check_piece(visit, [*told, *truth.kept.get(visit.room, [])], truth.gone)
    assert len(set(seen.whispers)) == len(seen.whispers), f"whispers twice: {seen.whispers}"
    if not loses:
        _check_said(member, truth)
    if not member.over:
        _check_rooms(member, schedule, exactly=not (loses or seen.partial))


def _said_so(member: Member, room: str) -> bool:
    """Return whether the member was told that messages there are missing."""
    start = f"In {room} some of what was said is missing"
    return any(note.startswith(start) for note in member.seen.notices)


def _check_said(member: Member, truth: Truth) -> None:
    """Check that messages over a lasting connection arrived; only refused ones are missing."""
    said = truth.tokens()
    missing = [token for token in member.sure if not said[token]]
    refusals = sum(any(word in note for word in REFUSALS) for note in member.seen.notices)
    if not member.over:
        assert len(missing) <= refusals, f"lost: {missing}"


def _check_rooms(member: Member, schedule: Schedule, *, exactly: bool) -> None:
    """Check that it sees the present members."""
    process = next(iter(schedule.processes.values()))
    if not exactly:
        return
    assert member.seen.name in {each.shown for each in process.hall.names}, "not in the hall"
    here = {room.name.shown: room for room in process.hall.rooms}
    for name, visit in member.seen.rooms.items():
        people = {each.shown for each in here[name].members}
        assert member.seen.name in people, f"not in {name}"
        assert visit.people == people, f"in {name} sees {visit.people}, there are {people}"


def _check_whispers(members: list[Member]) -> None:
    seen = Counter(token for member in members for token in member.seen.whispers)
    for token, count in seen.items():
        assert count <= 2, f"{token} was shown to {count}"
        assert author_of(token) < len(members)


def _check_disks(processes: list[Process], truth: Truth, *, whole: bool, killed: bool) -> None:
    """Check that each node has stored a part of the messages, once, and no deleted one.

    The answer to /forget does not wait for the engine: a killed node may lose the deletion.
    """
    for process in processes:
        for key, messages in process.store.disk.said.items():
            ids = [*messages]
            assert ids == sorted(ids), f"out of order at {process.name}"
            tokens = [token_of(message.text) for message in messages.values()]
            assert len(set(tokens)) == len(tokens), f"stored twice at {process.name}: {tokens}"
            left = truth.gone & set(tokens)
            assert killed or not left, f"not forgotten at {process.name}: {left}"
            shown = [t for room in truth.rooms.get(key, []) for t in room]
            assert not whole or set(tokens) <= set(shown)


def check_left(schedule: Schedule) -> None:
    """Check that after all have left no object remembers them."""
    for process in schedule.processes.values():
        site = process.node.site
        assert process.hall.members == ()
        assert not [*process.hall.names], [each.shown for each in process.hall.names]
        assert len(site.elsewhere) == len(site.roster) == 0
        assert not site.roster._versions
        assert not site.roster._replaces
        assert not process.node._claims._held
        assert not any(room.members for room in process.hall.rooms)
        assert len(process.feeds._names) == 0
    data = schedule.engine.data
    for key, value in [*data.values.items()]:
        name = key.decode()
        if name.endswith(":state"):
            left = [field for field in value if field.startswith(b"member/")]
            if ":room:" not in name or name.endswith("room:lobby:state"):
                assert not left, f"members are left in {name}: {left}"
        assert ":name:" not in name or data.find(key, dict) is None, f"{name} is held"
