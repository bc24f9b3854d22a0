"""The faults, each at a random moment."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

from .town import LEASE, Town, slowly

Fault = Callable[[Town, random.Random], None]


def pause(chance: random.Random, least: float, most: float) -> None:
    """Let traffic continue; the random moment is the point, not a wait for an event."""
    time.sleep(chance.uniform(least, most))


def engine_killed(town: Town, chance: random.Random) -> None:
    """Kill the engine with SIGKILL, and restart it with the data on its disk."""
    town.engine.kill()
    pause(chance, 0.2, 2.0)
    town.engine.start()
    town.engine.wait()


def engine_restarted(town: Town, chance: random.Random) -> None:
    """Stop the engine in order; it answers LOADING for some seconds after the restart."""
    town.engine.signal(signal.SIGTERM)
    town.engine.process.wait(20)
    usual = dict(town.engine.options)
    town.engine.start(**slowly(town, chance.uniform(0.5, 2.5)))
    town.engine.options = usual
    town.engine.wait()


def engine_and_node_killed(town: Town, chance: random.Random) -> None:
    """Kill the engine and a node together; restart them in random order."""
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
    """Kill a node with SIGKILL, and restart it."""
    node = chance.choice(town.nodes)
    node.server.kill()
    pause(chance, 0.0, 1.0)
    node.start()


def node_stopped(town: Town, chance: random.Random) -> None:
    """Stop a node for longer than names are held, and continue it."""
    node = chance.choice(town.nodes)
    node.server.process.send_signal(signal.SIGSTOP)
    pause(chance, 0.5 * LEASE, 2.0 * LEASE)
    node.server.process.send_signal(signal.SIGCONT)


def node_cut_off(town: Town, chance: random.Random) -> None:
    """Cut a node off from the engine for a while; its members can still reach it."""
    node = chance.choice(town.nodes)
    node.cut()
    pause(chance, 0.2, 2.0 * LEASE)
    node.heal()


def rolling_restart(town: Town, chance: random.Random) -> None:
    """Stop and restart each node in turn, in order."""
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
