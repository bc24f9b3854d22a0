"""What lives on a loop without a descriptor of its own.

A pool of threads, a connect that has no socket yet, the pause before the next connect: the selector
cannot know of them, yet ``run()`` has to wait for them, and they have to end with the loop.
"""

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

logger = logging.getLogger("miniloop")


class Activity(Protocol):
    """What the loop asks of it."""

    def busy(self) -> bool:
        """Return whether ``run()`` has to go on for it."""

    def handle_stop(self) -> None:
        """The loop is stopping: begin nothing new."""

    def close(self) -> None:
        """End at once and leave the loop; may be called again without effect."""


_Kind = TypeVar("_Kind", bound=Activity)


class Activities:
    """The activities of one loop, in the order in which they came."""

    def __init__(self) -> None:
        """Start with none."""
        self._all: dict[Activity, None] = {}

    def add(self, activity: Activity) -> None:
        """Take part in the loop's life from now on."""
        self._all[activity] = None

    def remove(self, activity: Activity) -> None:
        """Leave; again is harmless."""
        self._all.pop(activity, None)

    def find(self, kind: type[_Kind]) -> _Kind | None:
        """Return the first one of this class, or None."""
        return next((one for one in self._all if isinstance(one, kind)), None)

    def busy(self) -> bool:
        """Return whether anybody has something to wait for."""
        return any(activity.busy() for activity in self._all)

    def handle_stop(self) -> None:
        """Tell everybody that the loop is stopping."""
        for activity in [*self._all]:
            _contained(activity.handle_stop, activity)

    def close(self) -> None:
        """Close them all; one that fails to close hinders no other."""
        for activity in [*self._all]:
            _contained(activity.close, activity)
            self.remove(activity)


def _contained(step: Callable[[], object], activity: Activity) -> None:
    try:
        step()
    except Exception:
        logger.exception("exception while ending %r", activity)
