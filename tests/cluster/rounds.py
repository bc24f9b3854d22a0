"""One round: traffic, one fault, traffic; then all transcripts against each other."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from . import transcripts
from .faults import FAULTS, pause
from .talkers import PATIENCE, ROOM, LineTalker, Talker, WebTalker
from .town import Town, running

TALKERS = 3
"""Members at each door."""


@dataclass(frozen=True)
class Outcome:
    """What a round was made of.

    Attributes:
        fault: What went wrong.
        lines: Lines in the room's order.
        seen: Lines that members have seen, in all.
    """

    fault: str
    lines: int
    seen: int


def play(folder: Path, fault: str, seed: int) -> Outcome:
    """Play one round.

    Raises:
        AssertionError: Something was lost, doubled, out of order, or hung.
    """
    chance = random.Random(seed)
    with running(folder) as town:
        stop = threading.Event()
        talkers = _talkers(town, chance, stop)
        for talker in talkers:
            talker.start()
        _wait_for_traffic(talkers)
        pause(chance, 0.0, 0.5)
        FAULTS[fault](town, chance)
        _wait_for_traffic(talkers)
        stop.set()
        for talker in talkers:
            talker.join(PATIENCE)
            assert not talker.is_alive(), f"{talker.name} hangs"
            assert talker.error is None, f"{talker.name}: {talker.error!r}"
        return _check(town, fault, talkers)


def _talkers(town: Town, chance: random.Random, stop: threading.Event) -> list[Talker]:
    kinds: list[tuple[str, type[Talker]]] = [("line", LineTalker), ("web", WebTalker)]
    return [
        kind(f"{word}{number}", town.nodes, random.Random(chance.random()), stop)
        for word, kind in kinds
        for number in range(TALKERS)
    ]


def _wait_for_traffic(talkers: list[Talker]) -> None:
    """Wait until each of them has seen some more of its own lines."""
    wanted = {talker: len(talker.seen_own) + 5 for talker in talkers}
    deadline = time.monotonic() + PATIENCE
    while any(len(talker.seen_own) < count for talker, count in wanted.items()):
        late = [talker for talker, count in wanted.items() if len(talker.seen_own) < count]
        broken = [talker for talker in talkers if talker.error is not None]
        assert not broken, f"{broken[0].name}: {broken[0].error!r}"
        assert time.monotonic() < deadline, f"no traffic: {[each.name for each in late]}"
        time.sleep(0.02)


def _check(town: Town, fault: str, talkers: list[Talker]) -> Outcome:
    for node in town.nodes:
        node.end_in_order()
    histories = [(node.name, node.texts(ROOM)) for node in town.nodes]
    order = max((history for _, history in histories), key=len)
    transcripts.check_order(order)
    transcripts.check_alike(histories, order)
    for talker in talkers:
        for stay in talker.stays:
            transcripts.check_stay(talker.name, stay, order)
        missing = talker.seen_own - set(order)
        assert not missing, f"{talker.name} has seen its own {missing}, which no history has"
    seen = sum(len(stay) for talker in talkers for stay in talker.stays)
    return Outcome(fault, len(order), seen)
