"""One round: traffic, one fault, traffic; then all observations are compared."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from . import transcripts
from .faults import FAULTS, pause
from .observers import check_members, check_whispers, watching
from .talkers import PATIENCE, LineTalker, Talker
from .town import Town
from .web_talker import WebTalker

TALKERS = 3
"""Members at each door."""

LINES = 5
"""Lines that each of them sends at least, before the fault and after it."""


@dataclass(frozen=True)
class Outcome:
    """The result of a round.

    Attributes:
        fault: The fault.
        lines: The number of lines in the room's order.
        seen: The number of lines that members have seen, in total.
    """

    fault: str
    lines: int
    seen: int


def play(town: Town, fault: str, seed: int) -> Outcome:
    """Play one round, in a room of its own, with members of its own.

    Raises:
        AssertionError: A line was lost, duplicated or out of order, or a member hung.
    """
    chance = random.Random(seed)
    stop = threading.Event()
    mark = f"r{seed}"
    talkers = _talkers(town, chance, stop, mark)
    try:
        for talker in talkers:
            talker.start()
        _wait_for_traffic(talkers)
        _move_some(talkers, chance)
        pause(chance, 0.0, 0.3)
        FAULTS[fault](town, chance)
        _move_some(talkers, chance)
        _wait_for_traffic(talkers)
        with watching(town, mark) as observers:
            check_members(observers, talkers[0].room, {each.name for each in talkers})
            _end(talkers, stop)
            check_members(observers, talkers[0].room, set())
            check_whispers(observers)
    finally:
        stop.set()
    return _check(town, fault, talkers)


def _talkers(
    town: Town, chance: random.Random, stop: threading.Event, mark: str
) -> Sequence[Talker]:
    kinds: list[tuple[str, type[Talker]]] = [("line", LineTalker), ("web", WebTalker)]
    return [
        kind(f"{word}{number}{mark}", town.nodes, random.Random(chance.random()), stop, mark)
        for word, kind in kinds
        for number in range(TALKERS)
    ]


def _move_some(talkers: Sequence[Talker], chance: random.Random) -> None:
    """Move some of them to another node, during the fault or after it."""
    for talker in chance.sample(talkers, 2):
        talker.move()


def _wait_for_traffic(talkers: Sequence[Talker]) -> None:
    """Wait until each of them has seen some more of its own lines."""
    wanted = {talker: len(talker.seen_own) + LINES for talker in talkers}
    deadline = time.monotonic() + PATIENCE
    while any(len(talker.seen_own) < count for talker, count in wanted.items()):
        late = [talker for talker, count in wanted.items() if len(talker.seen_own) < count]
        broken = [talker for talker in talkers if talker.error is not None]
        assert not broken, f"{broken[0].name}: {broken[0].error!r}"
        assert time.monotonic() < deadline, f"no traffic: {[each.name for each in late]}"
        time.sleep(0.02)


def _end(talkers: Sequence[Talker], stop: threading.Event) -> None:
    stop.set()
    for talker in talkers:
        talker.join(PATIENCE)
        assert not talker.is_alive(), f"{talker.name} hangs"
        assert talker.error is None, f"{talker.name}: {talker.error!r}"


def _check(town: Town, fault: str, talkers: Sequence[Talker]) -> Outcome:
    histories = [(node.name, node.texts(talkers[0].room)) for node in town.nodes]
    order = max((history for _, history in histories), key=len)
    transcripts.check_order(order)
    transcripts.check_alike(histories, order)
    for talker in talkers:
        for stay in talker.stays:
            transcripts.check_stay(talker.name, stay, order)
        missing = talker.seen_own - set(order)
        assert not missing, f"{talker.name} has seen its own {missing}, which no history has"
    for node in town.nodes:
        node.check_log()
    seen = sum(len(stay) for talker in talkers for stay in talker.stays)
    return Outcome(fault, len(order), seen)
