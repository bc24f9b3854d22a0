"""Solution of exercise 6.1: again and again, without drifting."""

from collections.abc import Callable

from miniloop import EventLoop


class Every:
    """Calls ``callback()`` every so many seconds, counted from the beginning.

    Args:
        loop: whose clock to use.
        seconds: from one call to the next.
        callback: what to call.
    """

    def __init__(self, loop: EventLoop, seconds: float, callback: Callable[[], object]) -> None:
        """Plan the first call."""
        self._loop = loop
        self._seconds = seconds
        self._callback = callback
        self._due = loop.time() + seconds
        self._timer = loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        """Plan the next one first: the callback may cancel it, or fail."""
        late = self._loop.time() - self._due
        self._due += self._seconds * (1 + late // self._seconds)  # those missed are skipped
        self._timer = self._loop.call_at(self._due, self._ring)
        self._callback()

    def cancel(self) -> None:
        """Call no more."""
        self._timer.cancel()
