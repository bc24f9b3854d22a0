"""One schedule: three nodes, one engine, members, faults, and the checks."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from examples.chatroom import metrics
from miniloop.testing import GENTLE, Faults, SimulatedNetwork

from .browsers import Browser
from .checks import check_left, check_rest
from .engine import Engine
from .members import LineMember, Member
from .plans import LENGTH, NODES, make_plan
from .servers import LEASE, Disk, Process
from .troubles import Troubles

WEATHERS = (
    GENTLE,
    GENTLE,
    Faults(),
    Faults(latency=(0, 0.2), split=0.3, shuffle=0.5),
    Faults(reset=0.001),
)
PATIENCE = 120.0
LEFT = 0.4
"""Probability of a check that no object remembers members that left."""
LOSSES = 0.15
"""Probability that the engine loses acknowledged data."""


class Schedule:
    """One schedule.

    Args:
        seed: Decides everything.
        most: Most members.

    Attributes:
        happened: The faults, with their times.
        busy: The numbers of the members that are not finished yet.
    """

    def __init__(self, seed: int, most: int = 30) -> None:
        self.chance = chance = random.Random(seed)
        self.net = SimulatedNetwork(seed, faults=chance.choice(WEATHERS))
        self.engine = Engine(self.net, NODES)
        self.happened: list[tuple[float, str]] = []
        self.processes: dict[str, Process] = {}
        self._disks = {name: Disk() for name in NODES}
        self._count = 0
        for name in NODES:
            self.start(name)
        low, high = chance.choices(((3, 5), (5, 10), (20, 30)), (12, 5, 1))[0]
        crowd = min(most, chance.randint(low, high))
        ruled = chance.random() < 0.5
        plans = [make_plan(number, crowd, chance, ruled=ruled) for number in range(crowd)]
        self.busy = {plan.number for plan in plans}
        self.members: list[Member] = [
            Browser(self, plan) if plan.web or plan.boss else LineMember(self, plan)
            for plan in plans
        ]
        self.troubles = Troubles(self, chance, engine_loses=chance.random() < LOSSES)

    def live(self) -> None:
        """Run the schedule, and check it."""
        begun = self.net.now
        for at in sorted(
            self.chance.uniform(0.5, LENGTH) for _ in range(self.chance.randint(0, 4))
        ):
            self.net.run(max(0.0, begun + at - self.net.now))
            if self.chance.random() < 0.3:
                self.engine.save()
            self.troubles.one()
        self.net.run(max(0.0, begun + LENGTH - self.net.now))
        self.come_to_rest()
        check_rest(self)
        if self.chance.random() < LEFT:
            self.all_leave()
            check_left(self)
        self.close()

    def come_to_rest(self) -> None:
        """Repair everything, and wait until everything has arrived."""
        self.troubles.mend()
        self.net.run_until(self._calm, PATIENCE)
        self.net.run(LEASE + 1.0)
        self.net.run_until(self._calm, PATIENCE)

    def _calm(self) -> bool:
        if self.busy or not all(member.here for member in self.members):
            return False
        return not any(
            each.feeds.waiting() or not each.feeds.up or each.feeds.figures().catching_up
            for each in self.processes.values()
        )

    def all_leave(self) -> None:
        """Disconnect all members."""
        for member in self.members:
            member.go_home()
        self.net.run_until(self._left, PATIENCE)
        self.net.run(0.1)

    def _left(self) -> bool:
        return not any(
            process.hall.members or process.feeds.waiting() or len(process.node.site.elsewhere)
            for process in self.processes.values()
        )

    def close(self) -> None:
        """End all processes."""
        for name in [*self.processes]:
            self.kill(name)
        self.engine.kill()
        assert self.net.open_sockets == []

    # Nodes

    def runs(self, name: str) -> bool:
        """Return whether a node runs, and is not stopped."""
        return name in self.processes and not self.processes[name].stopped

    def start(self, name: str) -> None:
        """Begin a process of a node, unless one runs."""
        if name not in self.processes:
            self._count += 1
            self.processes[name] = Process(
                self.net, self.engine, name, self._count, self._disks[name]
            )

    def kill(self, name: str) -> None:
        """Kill a node."""
        self.processes.pop(name).kill()

    def end(self, name: str) -> None:
        """Stop a node in order."""
        self.processes.pop(name).end()

    # Called by the members

    def pause(self) -> float:
        """Return the seconds until a member that lost its connection retries."""
        return self.chance.choice((0.05, 0.3, 1.0))

    def any_node(self) -> str:
        """Return a node to try; it need not run."""
        return self.chance.choice(NODES)

    def forgotten(self) -> set[str]:
        """Return the tokens that an operator has deleted, with confirmation."""
        found = set()
        for member in self.members:
            tokens = {number: token for token, number in member.seen.ids.items()}
            for note in member.seen.notices:
                if note.startswith("There is no message "):
                    found.add(tokens[int(note.split()[4])])
        return found


class _Complaints(logging.Handler):
    """Keeps logged errors: there must be none."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter().format(record))


@contextmanager
def _quiet() -> Iterator[_Complaints]:
    root, complaints = logging.getLogger(), _Complaints()
    level, handlers = root.level, root.handlers
    root.handlers = [complaints]
    root.setLevel(logging.ERROR)
    try:
        yield complaints
    finally:
        root.handlers = handlers
        root.setLevel(level)


def run_schedule(seed: int, most: int = 30) -> Schedule:
    """Run one schedule; a failure reports its seed."""
    tokens = random.Random(seed)
    with (
        patch.object(metrics, "INTERVAL", 5.0),
        patch.object(secrets, "token_hex", lambda n=16: tokens.randbytes(n).hex()),
        patch.object(secrets, "token_urlsafe", lambda n=24: tokens.randbytes(n).hex()),
        _quiet() as complaints,
    ):
        schedule = Schedule(seed, most)
        try:
            schedule.live()
            assert not complaints.found, "\n".join(complaints.found)
        except BaseException as failure:
            failure.add_note(f"what happened: {schedule.happened}")
            again = f"python3 -m tests.schedules --cluster --count 1 --seed {seed}"
            failure.add_note(f"the same schedule again: {again}")
            raise
    return schedule
