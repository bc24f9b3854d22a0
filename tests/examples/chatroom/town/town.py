"""One schedule: a chat room, a network, a store, people, and the checks."""

from __future__ import annotations

import importlib.util
import random
from functools import cache
from unittest.mock import patch

from examples.chatroom import metrics
from examples.chatroom.doors.web.door import WebDoor
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.keeping import Keeping
from examples.chatroom.people.operators import Operators
from examples.chatroom.server import ChatServer
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from miniloop.trace import inspection

from .browsers import ADDRESS as WEB
from .browsers import Browser
from .lines import ADDRESS as LINES
from .lines import LinePerson
from .people import make_plan
from .stores import LateStore, TruthfulStore

ROUGH = Faults(
    latency=(0, 0.8), split=0.8, partial_send=0.5, spurious=0.1, shuffle=0.9, buffers=(64, 2048)
)
BREAKING = Faults(reset=0.01, accept_error=0.1)
WEATHERS = (GENTLE, Faults(), Faults(), ROUGH, BREAKING)
WEB_DOOR = importlib.util.find_spec("websockets") is not None
EPOCH = 1_700_000_000.0
PATIENCE = 300.0  # seconds after which all people have typed everything
STORED = 10_000  # more than the number of messages
QUICK = WebLimits(close_timeout=3, resume_grace=5)
PATIENT = WebLimits(request_timeout=100, close_timeout=3, resume_grace=60, pong_timeout=600)
LINGER = 4.0  # seconds after which members that left are gone
ONE_PASS = 1 << 16  # bytes that may be queued at once for a slow reader, such as a history


Person = LinePerson | Browser


@cache
def nobody() -> Operators:
    """Return no operators: hashing a password is slow on purpose."""
    return Operators()


class Town:
    """One schedule.

    Args:
        seed: Decides everything.
        most: The maximum number of people.
        chance: Replaces the seed for the people's actions; the network still uses the seed.
    """

    def __init__(
        self,
        seed: int,
        most: int = 36,
        chance: random.Random | None = None,
        *,
        web: bool = WEB_DOOR,
    ) -> None:
        self.chance = chance = random.Random(seed) if chance is None else chance
        self.faults = chance.choice(WEATHERS)
        self.net = SimulatedNetwork(seed, faults=self.faults)
        self.loop = self.net.loop(debug=chance.random() < 0.05)
        self.limits = Limits(max_output=chance.choice((4096, 1 << 20)))
        # With so little space for output any member may become a slow reader, and be dropped.
        self.harmless = self.faults is not BREAKING and self.limits.max_output > 4096
        self.store = self._make_store()
        self.hall = Hall(self.limits, self.store, defer=self.loop.call_soon)
        self.server = ChatServer(
            self.loop, self.hall, Keeping(), nobody(), wall=lambda: self.net.now + EPOCH
        )
        self.lines = self.server.open_lines(LINES)
        self.web = self._open_web() if WEB_DOOR else None
        crowd = self._crowd(most)
        self.busy = crowd
        plans = [make_plan(number, crowd, chance, web=WEB_DOOR) for number in range(crowd)]
        self.people: list[Person] = [
            Browser(self, plan) if plan.web else LinePerson(self, plan) for plan in plans
        ]

    def _crowd(self, most: int) -> int:
        """Return the number of people: often a few, sometimes dozens."""
        few, many = self.chance.choices(((2, 6), (6, 12), (12, 20), (24, 36)), (4, 3, 2, 1))[0]
        return min(most, self.chance.randint(few, many))

    def _open_web(self) -> WebDoor:
        """Open the web door; a browser may need a minute to reconnect over the worst network."""
        return self.server.open_web(WEB, (), PATIENT if self.faults is ROUGH else QUICK)

    def pause(self) -> float:
        """Return seconds until a browser that lost its connection retries."""
        return self.chance.choice((0.0, 0.5, 3.0))

    def _make_store(self) -> TruthfulStore:
        kind = self.chance.choice(("at once", "late", "failing"))
        if kind == "at once":
            return TruthfulStore(STORED)
        failing = 0.3 if kind == "failing" else 0.0
        slowest = self.chance.choice((0.01, 2.0))
        return LateStore(STORED, self.net.call_later, self.chance, slowest, failing)

    def live(self) -> None:
        """Run the schedule, and check it."""
        with self.loop:
            self.net.call_later(1.0, self._look_at_memory)
            self.net.run_until(lambda: not self.busy, PATIENCE)
            self._come_to_rest()
            self.check_what_was_seen()
            if self.chance.random() < 0.3:
                self._close_the_room()
            else:
                self._go_home()
            self.check_that_names_are_free()
        assert self.net.open_sockets == []

    def _come_to_rest(self) -> None:
        """Wait until everything has arrived, is stored and is shown."""
        self.store.well = True
        self.net.settle()
        self.net.run_until(lambda: not (self.hall.ledger or self.hall.postbox), PATIENCE)
        self.net.settle()
        self.net.run(LINGER)
        self.net.settle()

    def _close_the_room(self) -> None:
        """Stop the server in order: all present members get the last line."""
        present = self._present()
        self.loop.stop(grace=PATIENCE)
        self.loop.run()
        self.net.settle()
        for person in present:
            person.read()
            assert person.screen.ended or not self.harmless or person.plan.slow, person.plan

    def _go_home(self) -> None:
        """Disconnect all people."""
        for person in self.people:
            person.go_home()
        self.net.run_until(lambda: not self.hall.gate.taken, PATIENCE)
        self.net.run(LINGER)
        self._check_that_places_are_free()

    # -- checks ----------------------------------------------------------------------------------

    def _look_at_memory(self) -> None:
        """Check that queues and other memory are bounded."""
        self.net.call_later(1.0, self._look_at_memory)
        if not inspection.waiting_to_flush(self.loop):  # else it is not sent yet
            for queues in (door() for door in self.server.status.doors.values()):
                assert queues.largest <= self.limits.max_output + ONE_PASS
        assert len(self.hall.postbox) <= self.limits.max_waiting
        assert all(len(room.tail) <= self.limits.history_kept for room in self.hall.rooms)
        assert self.hall.gate.taken <= 2 * len(self.people)  # a lost browser's seat counts

    def check_what_was_seen(self) -> None:
        """Check that nothing is lost, duplicated, reordered, or shown to the wrong person."""
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
                person.screen.check(truth, names, ignored, present=person in present)
            except AssertionError as failure:
                failure.add_note(f"seen by {person.plan}")
                raise
        self._check_words(truth, present)
        self._check_whispers()
        self._check_people(present)

    def _listeners(self) -> int:
        return 1 if self.web is None else 2

    def _present(self) -> list[Person]:
        """Return the members that are still in the room."""
        here = {member.shown for member in self.hall.members}
        return [
            person
            for person in self.people
            if person.connected()
            and person.screen.rooms
            and not person.screen.ended
            and person.screen.names[-1] in here
        ]

    def _check_words(self, truth: dict[str, list[str]], present: list[Person]) -> None:
        """Check that each token was said once, in order; the peaceful were heard to the end."""
        said = self.store.tokens()
        assert len(said) == len(set(said)), "stored twice"
        for person in self.people:
            plan = person.plan
            own = [token for token in said if token in set(plan.said)]
            assert own == plan.said[: len(own)]
            if plan.peaceful and self.harmless:
                assert own == plan.said, f"{plan} was not heard: {own}"
                heard = {token for visit in person.screen.visits for token in visit.tokens}
                if plan.end != "quits" or self.faults is not ROUGH:  # quitting may be too early
                    assert heard >= set(own), f"{plan} was not shown its own words"
                assert (person in present) == (plan.end == "stays"), plan

    def _check_whispers(self) -> None:
        """Check that two people see a private message, each once."""
        seen: dict[str, list[Person]] = {}
        for person in self.people:
            for token in person.screen.whispers:
                seen.setdefault(token, []).append(person)
        for token, readers in seen.items():
            (author,) = (each for each in self.people if token in each.plan.whispers)
            target = author.plan.whispers[token]
            for reader in readers:
                assert reader is author or target in reader.plan.names, (token, reader.plan)
            assert len(readers) == len({*map(id, readers)}) <= 2, f"{token} came twice"

    def _check_people(self, present: list[Person]) -> None:
        """Check that each member sees the members that are present."""
        rooms = {room.name.shown: room for room in self.hall.rooms}
        for person in present:
            for visit in person.screen.rooms.values():
                present_there = {member.shown for member in rooms[visit.room].members}
                assert person.screen.partial or visit.people == present_there
                assert person.screen.names[-1] in visit.people

    def check_that_names_are_free(self) -> None:
        """Check that no member is left in the hall, and no event is queued."""
        hall = self.hall
        assert hall.members == ()
        assert not hall.names._by_key
        assert not hall.names._by_look
        assert len(hall.ledger) == len(hall.postbox) == 0

    def _check_that_places_are_free(self) -> None:
        """Check that no place, room, door or seat is taken."""
        assert self.hall.gate.taken == 0
        assert not self.hall.gate._by_source
        assert not any(room.members for room in self.hall.rooms)
        assert not self.lines._doors
        assert self.web is None or self.web.figures()["seats"] == 0
        assert len(self.net.open_sockets) == self._listeners(), self.net.open_sockets


def run_schedule(seed: int, most: int = 36, chance: random.Random | None = None) -> Town:
    """Run one schedule; a failure reports its seed."""
    # The server measures ten times a second how late its loop is, which would take most of the time
    # here, where no loop is ever late.
    with patch.object(metrics, "INTERVAL", 5.0):
        town = Town(seed, most, chance)
        try:
            town.live()
        except BaseException as failure:
            again = f"python3 -m tests.schedules --count 1 --seed {seed}"
            failure.add_note(f"the same town again: {again}")
            raise
    return town
