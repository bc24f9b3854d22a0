"""Solution of exercise 6.1: again and again, without drifting."""

from collections.abc import Callable

from miniloop import EventLoop


class Every:
    """Calls ``callback()`` every so many seconds, counted from the beginning.

    Args:
        loop: the loop whose clock counts.
        seconds: from one call to the next.
        callback: what is called.
    """

    def __init__(self, loop: EventLoop, seconds: float, callback: Callable[[], object]) -> None:
        """Schedule the first call."""
        self._loop = loop
        self._seconds = seconds
        self._callback = callback
        self._due = loop.time() + seconds
        self._timer = loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        """Schedule the next call first: the callback may cancel it, or fail."""
        late = self._loop.time() - self._due
        self._due += self._seconds * (1 + late // self._seconds)  # those missed are skipped
        self._timer = self._loop.call_at(self._due, self._fire)
        self._callback()

    def cancel(self) -> None:
        """Make no more calls."""
        self._timer.cancel()
