"""What is going to happen on a simulated network, and when: a clock that jumps to it."""

import heapq
import math
from collections.abc import Callable
from itertools import count


class Timeline:
    """Simulated time, and what is due in it.

    Things that are due at the same time happen in the order in which they were asked for.

    Attributes:
        now: the time in seconds.
        on_the_way: how much of what is to come was sent and has not arrived, as opposed to what
            somebody plans to do.
    """

    def __init__(self, start: float = 1000.0) -> None:
        """Stand at ``start``, with nothing to come."""
        self.now = start
        self.on_the_way = 0
        self._due: list[tuple[float, int, int, Callable[..., object], tuple[object, ...]]] = []
        self._numbers = count()

    def __call__(self) -> float:
        """Return the time in seconds: a timeline is a clock for loops."""
        return self.now

    def later(self, delay: float, action: Callable[..., object], *args: object) -> None:
        """Let ``action(*args)`` happen in ``delay`` seconds."""
        heapq.heappush(self._due, (self.now + delay, next(self._numbers), 0, action, args))

    def carry(self, delay: float, action: Callable[..., object], *args: object) -> None:
        """Let something that was sent arrive: ``action(*args)`` in ``delay`` seconds."""
        self.on_the_way += 1
        heapq.heappush(self._due, (self.now + delay, next(self._numbers), 1, action, args))

    def next_time(self) -> float:
        """Return when something happens next; infinity when nothing will."""
        return self._due[0][0] if self._due else math.inf

    def advance(self, when: float) -> None:
        """Move on to ``when``, and let happen what is due until then.

        To infinity: everything happens, and the time is that of the last of it.
        """
        due = self._due
        while due and due[0][0] <= when:
            moment, _, carried, action, args = heapq.heappop(due)
            self.on_the_way -= carried
            if moment > self.now:
                self.now = moment
            action(*args)
        if when > self.now and when != math.inf:
            self.now = when
