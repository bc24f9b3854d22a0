"""What can go wrong, each at a moment that chance chooses."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from .town import LEASE, Town, slowly

Fault = Callable[[Town, random.Random], None]


def pause(chance: random.Random, least: float, most: float) -> None:
    """Let the traffic go on: the moment is the test's dice, not a wait for something."""
    time.sleep(chance.uniform(least, most))


def engine_killed(town: Town, chance: random.Random) -> None:
    """The engine dies by SIGKILL, and comes back with what was on its disk."""
    town.engine.kill()
    pause(chance, 0.2, 2.0)
    town.engine.start()
    town.engine.wait()


def engine_restarted(town: Town, chance: random.Random) -> None:
    """The engine ends in order, and answers LOADING for some seconds when it is back."""
    town.engine.signal(signal.SIGTERM)
    town.engine.process.wait(20)
    usual = dict(town.engine.options)
    town.engine.start(**slowly(town, chance.uniform(0.5, 2.5)))
    town.engine.options = usual
    town.engine.wait()


def engine_and_node_killed(town: Town, chance: random.Random) -> None:
    """The engine and a node die together; the one is back before the other, or after it."""
    node = chance.choice(town.nodes)
    town.engine.kill()
    pause(chance, 0.0, 0.3)
    node.server.kill()
    actions = [town.engine.start, node.start]
    chance.shuffle(actions)
    for action in actions:
        pause(chance, 0.0, 1.0)
        action()
    town.engine.wait()


def node_killed(town: Town, chance: random.Random) -> None:
    """A node dies by SIGKILL, and is started again."""
    node = chance.choice(town.nodes)
    node.server.kill()
    pause(chance, 0.0, 1.0)
    node.start()


def node_stopped(town: Town, chance: random.Random) -> None:
    """A node stands still for longer than names live, and goes on."""
    node = chance.choice(town.nodes)
    node.server.process.send_signal(signal.SIGSTOP)
    pause(chance, 0.5 * LEASE, 2.0 * LEASE)
    node.server.process.send_signal(signal.SIGCONT)


def node_cut_off(town: Town, chance: random.Random) -> None:
    """A node cannot reach the engine for a while, its members can reach the node."""
    node = chance.choice(town.nodes)
    node.cut()
    pause(chance, 0.2, 2.0 * LEASE)
    node.heal()


def rolling_restart(town: Town, chance: random.Random) -> None:
    """Each node in turn ends in order and is started again."""
    for node in town.nodes:
        node.end_in_order()
        node.start()
        pause(chance, 0.0, 0.5)


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        engine_killed,
        engine_restarted,
        engine_and_node_killed,
        node_killed,
        node_stopped,
        node_cut_off,
        rolling_restart,
    )
}
