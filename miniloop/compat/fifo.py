"""The queue of an ``async_chat``: a deque that reports when it grows.

Programs append to ``producer_fifo`` themselves, their own channel's and others', and rely on
``writable()`` being called before the next wait.  Because growth is reported, the other channels
need not be asked for it.  Shrinking needs no report: a channel that waits to write is asked on
every pass anyhow.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Self, SupportsIndex
from weakref import ref


class Fifo(deque[Any]):
    """A deque that calls a function with its channel after each growth.

    It reports to no channel until ``attach()`` is called; neither does a copy.
    """

    # Weak, or a channel would be freed by the garbage collector only.
    _channel: ref[Any] | None = None
    _on_growth: Callable[[Any], object]

    append_unreported = deque.append

    def attach(self, channel: object, on_growth: Callable[[Any], object]) -> None:
        """Call ``on_growth(channel)`` after each growth from now on."""
        self._channel = ref(channel)
        self._on_growth = on_growth

    def is_attached_to(self, channel: object) -> bool:
        """Return whether growth is reported for ``channel``."""
        return self._channel is not None and self._channel() is channel

    def _grown(self) -> None:
        channel = None if self._channel is None else self._channel()
        if channel is not None:
            self._on_growth(channel)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled without the channel."""
        return type(self), ([*self], self.maxlen)

    def append(self, item: Any) -> None:
        """Add at the end."""
        deque.append(self, item)
        self._grown()

    def appendleft(self, item: Any) -> None:
        """Add in front."""
        deque.appendleft(self, item)
        self._grown()

    def extend(self, items: Iterable[Any]) -> None:
        """Add all of them at the end."""
        deque.extend(self, items)
        self._grown()

    def extendleft(self, items: Iterable[Any]) -> None:
        """Add each of them in front."""
        deque.extendleft(self, items)
        self._grown()

    def insert(self, at: SupportsIndex, item: Any) -> None:
        """Add in between."""
        deque.insert(self, int(at), item)
        self._grown()

    def __iadd__(self, items: Iterable[Any]) -> Self:
        """Add all of them at the end."""
        self.extend(items)
        return self
