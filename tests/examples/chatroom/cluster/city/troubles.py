"""The faults in a schedule, and their repair in the end."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from miniloop.testing import GENTLE

from .plans import NODES

if TYPE_CHECKING:
    from .schedule import Schedule

OOM = "OOM command not allowed when used memory > 'maxmemory'."
READONLY = "READONLY You can't write against a read only replica."


class Troubles:
    """Causes faults in a schedule.

    Args:
        schedule: The schedule.
        chance: The random source.

    Attributes:
        engine_loses: Whether the engine may lose acknowledged data.
    """

    def __init__(self, schedule: Schedule, chance: random.Random, *, engine_loses: bool) -> None:
        self.engine_loses = engine_loses
        self._schedule = schedule
        self._chance = chance
        self._all: tuple[Callable[[], None], ...] = (
            self._kill_engine, self._kill_engine, self._hang, self._refuse, self._drop, self._cut,
            self._forget_scripts, self._kill_node, self._kill_node, self._stop_node,
            self._stop_node, self._unplug, self._unplug, self._restart,
        )  # fmt: skip

    def one(self) -> None:
        """Cause one fault."""
        trouble = self._chance.choice(self._all)
        self._schedule.happened.append((round(self._schedule.net.now, 3), trouble.__name__))
        trouble()

    def _later(self, action: Callable[[], object], *spans: tuple[float, float]) -> None:
        self._schedule.net.call_later(self._chance.uniform(*self._chance.choice(spans)), action)

    # The engine

    def _kill_engine(self) -> None:
        engine = self._schedule.engine
        engine.kill()
        self._later(self._start_engine, (0.1, 0.5), (1, 3), (4, 8))

    def _start_engine(self) -> None:
        engine = self._schedule.engine
        if not engine.running:
            engine.start(lost=self.engine_loses, loading=self._chance.choice((0.0, 0.0, 1.0)))
            self._schedule.happened.append((round(self._schedule.net.now, 3), "engine back"))

    def _hang(self) -> None:
        self._schedule.engine.hang()
        self._later(self._schedule.engine.go_on, (0.2, 1), (2.5, 5))

    def _refuse(self) -> None:
        self._schedule.engine.refuse(self._chance.choice((OOM, READONLY, "WHAT is this")))
        self._later(lambda: self._schedule.engine.refuse(""), (0.2, 1), (1, 5))

    def _drop(self) -> None:
        self._schedule.engine.drop_connections()

    def _cut(self) -> None:
        self._schedule.engine.cut(self._chance.randrange(30))

    def _forget_scripts(self) -> None:
        self._schedule.engine.scripts.forget()

    # Nodes

    def _node(self) -> str:
        """Return a running node; at least one always keeps running."""
        running = [name for name in NODES if self._schedule.runs(name)]
        return self._chance.choice(running) if len(running) > 1 else ""

    def _kill_node(self) -> None:
        if name := self._node():
            self._schedule.kill(name)
            self._later(lambda: self._schedule.start(name), (0.1, 1), (1, 6))

    def _restart(self) -> None:
        """Restart all nodes, one after the other."""
        for name in NODES:
            if self._schedule.runs(name):
                self._schedule.end(name)
                self._schedule.start(name)
                self._schedule.net.run(self._chance.choice((0.0, 0.5, 1.5)))

    def _stop_node(self) -> None:
        if name := self._node():
            process = self._schedule.processes[name]
            process.stop()
            self._later(process.go_on, (0.2, 2), (3, 7))

    def _unplug(self) -> None:
        engine, name = self._schedule.engine, self._chance.choice(NODES)
        if name not in engine.cut_off:
            engine.unplug(name, self._chance.choice((errno.ECONNREFUSED, errno.ETIMEDOUT)))
            self._later(lambda: engine.plug(name), (0.2, 2), (3, 7))

    # The end of the faults

    def mend(self) -> None:
        """Restart everything that is down."""
        engine = self._schedule.engine
        self._schedule.net.faults = GENTLE
        self._start_engine()
        engine.go_on()
        engine.refuse("")
        engine.take_cut()
        for name in NODES:
            if name in engine.cut_off:
                engine.plug(name)
            process = self._schedule.processes.get(name)
            if process is None:
                self._schedule.start(name)
            elif process.stopped:
                process.go_on()
