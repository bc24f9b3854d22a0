"""What workers may be doing, one by one and together, and how long each of it may take."""

import enum
from typing import NamedTuple

from miniloop.loop import GRACE


class State(enum.Enum):
    """What a worker does; ``Supervisor._enter()`` is the only writer."""

    STARTING = "starting"  # forked, and not ready yet
    SERVING = "serving"
    RETIRING = "retiring"  # a newer worker has its slot: it accepts no more
    STOPPING = "stopping"
    ENDED = "ended"


class Phase(enum.Enum):
    """What the workers do together; ``Supervisor._go_to()`` is the only writer."""

    STARTING = "starting"  # until every slot has served once
    SERVING = "serving"
    RELOADING = "reloading"  # new workers start
    DRAINING = "draining"  # the old ones retire
    STOPPING = "stopping"


class Limits(NamedTuple):
    """How long a worker may take; in seconds.

    Attributes:
        start: until it is ready; 60 leaves time for a slow disk and a database.
        drain: for its connections to end by themselves when it is retired.
        grace: for its queued output, as in ``EventLoop.stop()``.
        margin: for what is left to do after all that, before it is killed.
    """

    start: float = 60.0
    drain: float = 5.0
    grace: float = GRACE
    margin: float = 5.0

    def of(self, state: State) -> float | None:
        """Return how long a worker may be in a state before it is killed; None: for ever."""
        stop = self.grace + self.margin
        limits = {State.STARTING: self.start, State.STOPPING: stop}
        limits[State.RETIRING] = self.drain + stop
        return limits.get(state)
