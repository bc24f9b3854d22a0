"""Running the loops of a simulated network, step by step, and moving its clock.

A step is one pass of a loop that has something to do; when no loop has, it is a jump of the clock
to the next event.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from miniloop.testing.kernel import Kernel
from miniloop.testing.spinning import StepLimit, Watched

PASS_TIME = 1e-6
"""Simulated seconds that a pass takes, so that a loop that never waits cannot stop the clock."""

REAL_PATIENCE = 60.0
"""Real seconds until a real thread must have a result."""


class Loop(Watched, Protocol):
    """What the driver needs of a loop."""

    running: bool
    """Whether it is inside a pass, or inside ``run()``."""

    def run_once(self, timeout: float | None = None) -> None:
        """Run one pass; it calls ``Driver.wait()``."""

    def is_due(self) -> bool:
        """Return whether a pass would do something at this moment."""

    def next_time(self) -> float:
        """Return the time of the next timer; infinity without one."""

    def threads_at_work(self) -> bool:
        """Return whether a result of a real thread is outstanding."""


class Driver:
    """Runs the loops of one network.

    Args:
        kernel: the network's clock and choices.
        max_steps: the number of steps in one ``counting()`` beyond which something spins.
    """

    def __init__(self, kernel: Kernel, max_steps: int) -> None:
        """Start without loops."""
        self._timeline = kernel.timeline
        self._choices = kernel.choices
        self._woken = kernel.woken
        self._max_steps = max_steps
        self._loops: list[Loop] = []
        self._limit: StepLimit | None = None

    def add(self, loop: Loop) -> None:
        """Run this loop with the others from now on."""
        self._loops.append(loop)

    def remove(self, loop: Loop) -> None:
        """Run this loop no more; again is harmless."""
        if loop in self._loops:
            self._loops.remove(loop)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Bound the steps in this block: RuntimeError names what ran in the last of them."""
        outer, limit = self._limit, StepLimit(self._max_steps, self._loops, self._choices)
        self._limit = limit
        try:
            yield
        finally:
            limit.close()
            self._limit = outer

    def run_each_once(self) -> None:
        """Run a pass of every loop: the test may have changed anything."""
        for loop in [*self._loops]:
            if not loop.running:
                loop.run_once(0)

    def step(self, limit: float) -> bool:
        """Make one step.

        Args:
            limit: the latest simulated time for it, in seconds.

        Returns:
            False when there was nothing to do until ``limit``; the clock is there now, unless that
            is infinity.
        """
        if self._woken.is_set():  # clear() alone would take its lock in every step
            self._woken.clear()
        due = [loop for loop in self._loops if loop.is_due()]
        if due:
            (due[0] if len(due) == 1 else self._choices.pick(due)).run_once(0)  # counts in wait()
            return True
        self._count()
        if self._threads_at_work():
            if not self._woken.wait(REAL_PATIENCE):
                raise RuntimeError(f"no thread had a result after {REAL_PATIENCE:g} s")
            return True
        when = min([self._timeline.next_time(), *[loop.next_time() for loop in self._loops]])
        self._timeline.advance(min(when, limit))
        return when <= limit and when != math.inf

    def settled(self) -> bool:
        """Return whether nothing is in transit and no loop has anything to do."""
        return not (
            self._timeline.in_transit
            or self._threads_at_work()
            or any(loop.is_due() for loop in self._loops)
        )

    def wait(self, ready: Callable[[], object], timeout: float | None) -> None:
        """Wait in a loop's pass: step until ``ready()`` is true.

        Args:
            ready: whether the loop has events.
            timeout: longest simulated wait in seconds; None: without end.

        Raises:
            RuntimeError: it would wait without end.
        """
        self._count()
        now = self._timeline.now
        if timeout == 0:
            self._timeline.advance(now + PASS_TIME)
            return
        limit = math.inf if timeout is None or timeout < 0 else now + max(timeout, PASS_TIME)
        self._timeline.advance(min(now + PASS_TIME, limit))
        while not ready():
            if not self.step(limit):
                if math.isinf(limit):
                    raise RuntimeError(
                        "the loop would wait for ever: nothing happens on "
                        + self._choices.constructor()
                    )
                return

    def _count(self) -> None:
        if self._limit is not None:
            self._limit.count()

    def _threads_at_work(self) -> bool:
        """Return whether real threads work, during which the simulated clock stops."""
        return any(loop.threads_at_work() for loop in self._loops)
