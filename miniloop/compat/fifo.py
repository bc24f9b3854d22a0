"""The queue of an ``async_chat``: a deque that tells when it grows.

Programs append to ``producer_fifo`` themselves, their own channel's and others', and count on being
asked ``writable()`` before the next wait.  Told of the growth, nobody needs to ask all the others.
Shrinking needs no telling: a channel that waits to write is asked in every pass anyhow.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Self, SupportsIndex
from weakref import ref

from miniloop.compat.watches import announce


class Fifo(deque[Any]):
    """A deque that belongs to a channel.

    Attributes:
        owner: a weak reference to the channel, which would otherwise not be freed before the
            garbage collector comes by.  Copies have none: nobody is told of their growth.
    """

    owner: ref[Any] | None = None
    append_untold = deque.append

    def belongs_to(self, channel: object) -> bool:
        """Return whether ``channel`` is told of the growth."""
        return self.owner is not None and self.owner() is channel

    def _grown(self) -> None:
        channel = None if self.owner is None else self.owner()
        if channel is not None:
            announce(channel)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled without the owner."""
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
