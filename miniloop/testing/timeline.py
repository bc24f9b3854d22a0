"""The events to come on a simulated network, and a clock that jumps to the next of them."""

import heapq
import math
from collections.abc import Callable
from itertools import count

MOST_AT_ONCE = 1_000_000
"""Actions at one moment: beyond it an action schedules itself again without a delay."""


class Timeline:
    """Simulated time, and the actions that are scheduled in it.

    Actions that are due at the same time run in the order in which they were scheduled.

    Attributes:
        now: the time in seconds.
        in_transit: the number of scheduled actions that are arrivals of something sent, as opposed
            to those that the test or a time-out has planned.
    """

    def __init__(self, start: float = 1000.0) -> None:
        """Set the clock to ``start`` seconds, with nothing scheduled."""
        self.now = start
        self.in_transit = 0
        self._due: list[tuple[float, int, int, Callable[..., object], tuple[object, ...]]] = []
        self._numbers = count()
        self._at_once = 0  # actions run since the clock last moved

    def __call__(self) -> float:
        """Return the time in seconds: a timeline is a clock for loops."""
        return self.now

    def later(self, delay: float, action: Callable[..., object], *args: object) -> None:
        """Schedule ``action(*args)`` in ``delay`` seconds."""
        heapq.heappush(self._due, (self.now + delay, next(self._numbers), 0, action, args))

    def carry(self, delay: float, action: Callable[..., object], *args: object) -> None:
        """Schedule an arrival: as ``later()``, and it counts as in transit until then."""
        self.in_transit += 1
        heapq.heappush(self._due, (self.now + delay, next(self._numbers), 1, action, args))

    def next_time(self) -> float:
        """Return the time of the next action; infinity without one."""
        return self._due[0][0] if self._due else math.inf

    def advance(self, when: float) -> None:
        """Run every action that is due until ``when``, and set the clock to that.

        With infinity all actions run, and the clock stays at the last one's time.

        Raises:
            RuntimeError: ``MOST_AT_ONCE`` actions ran at one moment.
        """
        due = self._due
        while due and due[0][0] <= when:
            moment, _, carried, action, args = heapq.heappop(due)
            self.in_transit -= carried
            self._move_to(moment)
            self._at_once += 1
            if self._at_once > MOST_AT_ONCE:
                raise RuntimeError(
                    f"{MOST_AT_ONCE} actions ran at one simulated moment, the last was {action!r}: "
                    "give it a delay"
                )
            action(*args)
        if when != math.inf:
            self._move_to(when)

    def _move_to(self, moment: float) -> None:
        if moment > self.now:
            self.now = moment
            self._at_once = 0
