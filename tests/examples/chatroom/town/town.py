"""One schedule: a chat room, a network, a store, people, and the checks."""

from __future__ import annotations

import random
from functools import cache

from examples.chatroom.hall import Hall
from examples.chatroom.keeping import Keeping
from examples.chatroom.limits import Limits
from examples.chatroom.line_door import LineDoor
from examples.chatroom.operators import Operators
from examples.chatroom.server import ChatServer
from miniloop.testing import GENTLE, Faults, Peer, SimulatedNetwork

from .people import Plan, make_plan
from .stores import LateStore, TruthfulStore
from .transcript import Transcript

ROUGH = Faults(
    latency=(0, 0.8), split=0.8, partial_send=0.5, spurious=0.1, shuffle=0.9, buffers=(64, 2048)
)
BREAKING = Faults(reset=0.01, accept_error=0.1)
WEATHERS = (GENTLE, Faults(), Faults(), ROUGH, BREAKING)
LINES = ("chat", 4000)
EPOCH = 1_700_000_000.0
PATIENCE = 300.0  # seconds after which everybody has said everything
STORED = 10_000  # more than anybody says
LINGER = 3.0  # seconds after which those who left are gone


@cache
def nobody() -> Operators:
    """No operators: making this is slow on purpose, as for any password."""
    return Operators()


class Person:
    """A plan that is carried out over a line door."""

    def __init__(self, town: Town, plan: Plan) -> None:
        self.plan = plan
        self.transcript = Transcript()
        self.peer: Peer | None = None
        self._town = town
        self._steps = iter(plan.steps)
        town.net.call_later(plan.start, self._come)

    def _come(self) -> None:
        self.peer = self._town.net.connect(LINES, source=f"10.1.{self.plan.number}.1")
        self._next()

    def _next(self) -> None:
        """Wait for the next step, or end."""
        gap, step = next(self._steps, (0.0, ""))
        self._town.net.call_later(gap, self._step, step)

    def _step(self, step: str) -> None:
        peer = self.peer
        if peer is None or peer.error is not None or not step:
            self._town.busy -= 1
            if peer is not None:
                self._end(peer)
            return
        if step == "stop reading":
            peer.reading = False
        elif step == "read on":
            peer.reading = True
        else:
            peer.send(step.encode() + b"\r\n")
        self._next()

    def _end(self, peer: Peer) -> None:
        if self.plan.end == "finishes":
            if peer.error is None:
                peer.finish()
        elif self.plan.end == "resets":
            peer.reset()
        elif self.plan.end == "closes":
            peer.close()

    def read(self) -> None:
        """Read what has arrived."""
        if self.peer is not None:
            self.transcript.read(self.peer.take())


class Town:
    """One schedule.

    Args:
        seed: Decides everything.
        most: Most people.
        chance: Decides in place of the seed what people do; the network stays the seed's.
    """

    def __init__(self, seed: int, most: int = 36, chance: random.Random | None = None) -> None:
        self.chance = chance = random.Random(seed) if chance is None else chance
        self.faults = chance.choice(WEATHERS)
        self.net = SimulatedNetwork(seed, faults=self.faults)
        self.loop = self.net.loop(debug=chance.random() < 0.05)
        self.limits = Limits(max_output=chance.choice((4096, 1 << 20)))
        # With so little room for output anybody may become a slow reader, and be dropped.
        self.harmless = self.faults is not BREAKING and self.limits.max_output > 4096
        self.store = self._make_store()
        self.hall = Hall(self.limits, self.store, defer=self.loop.call_soon)
        self.server = ChatServer(
            self.loop, self.hall, Keeping(), nobody(), wall=lambda: self.net.now + EPOCH
        )
        self.lines = self.server.open_lines(LINES)
        crowd = self._crowd(most)
        self.busy = crowd
        self.people = [Person(self, make_plan(number, crowd, chance)) for number in range(crowd)]

    def _crowd(self, most: int) -> int:
        """Often a few, sometimes dozens."""
        few, many = self.chance.choices(((2, 6), (6, 12), (12, 20), (24, 36)), (4, 3, 2, 1))[0]
        return min(most, self.chance.randint(few, many))

    def _make_store(self) -> TruthfulStore:
        kind = self.chance.choice(("at once", "late", "failing"))
        if kind == "at once":
            return TruthfulStore(STORED)
        failing = 0.3 if kind == "failing" else 0.0
        slowest = self.chance.choice((0.01, 2.0))
        return LateStore(STORED, self.net.call_later, self.chance, slowest, failing)

    def live(self) -> None:
        """Let it all happen, and check it."""
        with self.loop:
            self.net.call_later(1.0, self._look_at_memory)
            self.net.run_until(lambda: not self.busy, PATIENCE)
            self._come_to_rest()
            self.check_what_was_seen()
            if self.chance.random() < 0.3:
                self._close_the_room()
            else:
                self._go_home()
            self.check_that_all_is_free()
        assert self.net.open_sockets == []

    def _come_to_rest(self) -> None:
        """Let everything arrive, be stored and be shown."""
        self.store.well = True
        self.net.settle()
        self.net.run_until(lambda: not (self.hall.ledger or self.hall.postbox), PATIENCE)
        self.net.settle()
        self.net.run(LINGER)
        self.net.settle()

    def _close_the_room(self) -> None:
        """The server ends in order: everybody who is there hears the last word."""
        present = self._present()
        self.loop.stop(grace=PATIENCE)
        self.loop.run()
        self.net.settle()
        for person in present:
            person.read()
            assert person.transcript.ended or not self.harmless or person.plan.slow, person.plan

    def _go_home(self) -> None:
        """Everybody leaves."""
        for person in self.people:
            if person.peer is not None and not person.peer.closed:
                person.peer.close()
        self.net.run(10)
        assert len(self.net.open_sockets) == 1, self.net.open_sockets
        assert not any(room.members for room in self.hall.rooms)

    # -- checks ----------------------------------------------------------------------------------

    def _look_at_memory(self) -> None:
        """What waits for anybody is bounded, and so is what is remembered."""
        self.net.call_later(1.0, self._look_at_memory)
        if not self.loop._busy():  # else it is not sent yet
            for door in self.lines._doors:
                assert door.output_size <= self.limits.max_output
        assert len(self.hall.postbox) <= self.limits.max_waiting
        assert all(len(room.tail) <= self.limits.history_kept for room in self.hall.rooms)
        assert len(self.lines._doors) <= len(self.people)
        assert len(self.net.open_sockets) <= len(self.people) + 1

    def check_what_was_seen(self) -> None:
        """Nothing lost, doubled, reordered, or shown to somebody it was not meant for."""
        assert not self.hall.ledger.problem
        assert len(self.hall.ledger) == len(self.hall.postbox) == 0
        self.store.check()
        for person in self.people:
            person.read()
        truth = self.store.rooms()
        names = {each.plan.number: set(each.plan.names) for each in self.people}
        present = self._present()
        for person in self.people:
            try:
                ignored = person.plan.ignored
                person.transcript.check_rooms(truth, names, ignored, present=person in present)
                person.transcript.check_speakers(names)
            except AssertionError as failure:
                failure.add_note(f"seen by {person.plan}")
                raise
        self._check_words(truth, present)
        self._check_whispers()
        self._check_people(present)

    def _present(self) -> list[Person]:
        """Those who are in a room, as they see it and as the hall does."""
        doors = {door.addr: door for door in self.lines._doors}
        return [
            person
            for person in self.people
            if person.peer is not None
            and person.peer.connected
            and not person.peer.eof
            and not person.transcript.ended
            and person.transcript.visits
            and self._heard_out(doors.get(person.peer.address))
        ]

    def _heard_out(self, door: LineDoor | None) -> bool:
        return door is not None and not door._ending

    def _check_words(self, truth: dict[str, list[str]], present: list[Person]) -> None:
        """What somebody said was said once, in that order; the peaceful are here and were heard."""
        said = self.store.tokens()
        assert len(said) == len(set(said)), "stored twice"
        for person in self.people:
            plan = person.plan
            own = [token for token in said if token in set(plan.said)]
            assert own == plan.said[: len(own)]
            if plan.peaceful and self.harmless:
                assert own == plan.said, f"{plan} was not heard: {own}"
                heard = {token for visit in person.transcript.visits for token in visit.tokens}
                if plan.end != "quits" or self.faults is not ROUGH:  # who quits has not for ever
                    assert heard >= set(own), f"{plan} was not shown its own words"
                assert (person in present) == (plan.end == "stays"), plan

    def _check_whispers(self) -> None:
        """Two people see a whisper, each once."""
        seen: dict[str, list[Person]] = {}
        for person in self.people:
            for token, _, _ in person.transcript.whispers:
                seen.setdefault(token, []).append(person)
        for token, readers in seen.items():
            (author,) = (each for each in self.people if token in each.plan.whispers)
            target = author.plan.whispers[token]
            for reader in readers:
                assert reader is author or target in reader.plan.names, (token, reader.plan)
            assert len(readers) == len({*map(id, readers)}) <= 2, f"{token} came twice"

    def _check_people(self, present: list[Person]) -> None:
        """Everybody sees the people that are there."""
        for person in present:
            visit = person.transcript.visit
            (room,) = (each for each in self.hall.rooms if each.name.shown == visit.room)
            assert visit.people == {member.shown for member in room.members}, visit
            assert person.transcript.names[-1] in visit.people

    def check_that_all_is_free(self) -> None:
        """Nobody is left, and no name, place or socket is taken."""
        hall = self.hall
        assert hall.members == ()
        assert not hall.names._by_key
        assert not hall.names._by_look
        assert hall.gate.taken == 0
        assert not hall.gate._by_source
        assert not self.lines._doors
        assert len(hall.ledger) == len(hall.postbox) == 0


def run_schedule(seed: int, most: int = 36, chance: random.Random | None = None) -> Town:
    """Run one schedule; what fails tells its seed."""
    town = Town(seed, most, chance)
    try:
        town.live()
    except BaseException as failure:
        failure.add_note(f"the same town again: python3 -m tests.schedules --count 1 --seed {seed}")
        raise
    return town
