"""Changes that are announced: to what asyncore's own predicates read, and programs set anywhere.

``writable()`` of a ``dispatcher_with_send`` reads ``out_buffer``, that of an ``async_chat`` reads
``producer_fifo``.  Programs add to both in other objects, from other threads, in an overridden
``send()``, and rely on ``writable()`` being called before the next wait.  Both values announce
that themselves: the empty buffer when it is replaced, the queue when it grows or is replaced.
Less output needs no report: an object that waits to write is asked on every pass anyhow.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Self, SupportsIndex
from weakref import ref

listeners: dict[int, Callable[[Any, bool], object]] = {}
"""What announcements are passed on to, by the ``id()`` of the map that it serves."""


def announce(obj: Any, classify: bool = False) -> None:
    """Have ``obj`` asked before the next wait: it may answer differently now.

    Callable from any thread, but it wakes no loop that waits already.

    Args:
        obj: an object in a map.
        classify: find out too whether it still announces all its changes.
    """
    for listener in [*listeners.values()]:
        listener(obj, classify)


class EmptyBuffer(bytes):
    """An empty ``out_buffer`` that announces its channel when something else takes its place.

    Whatever the program writes there, and however, drops the last reference to this object.  So
    the attribute is a plain one and costs what it did; a descriptor would slow down each access.

    Args:
        channel: the channel whose attribute it is.
    """

    _channel: ref[Any]  # weak, or the two would keep each other

    def __new__(cls, channel: object) -> Self:
        """Note the channel."""
        self = super().__new__(cls)
        self._channel = ref(channel)
        return self

    def __del__(self) -> None:
        """Announce the channel, if there still is one."""
        channel = self._channel()
        if channel is not None and listeners:
            announce(channel, classify=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as plain bytes."""
        return bytes, ()


def arm(obj: Any) -> bool:
    """Make an empty ``out_buffer`` one that announces ``obj``; return whether it need not wait.

    Returns:
        False if there is output in the buffer: once that has left, this has to be called again.
    """
    if type(getattr(obj, "out_buffer", None)) is not bytes:
        return True
    if not obj.out_buffer:
        empty = EmptyBuffer(obj)
        if not obj.out_buffer:  # no call since it was read, so no other thread ran meanwhile
            obj.out_buffer = empty
            return True
    return False


class Fifo(deque[Any]):
    """The queue of an ``async_chat``: a deque that announces its channel when it grows or goes.

    It announces none until ``attach()`` is called; neither does a copy.
    """

    _channel: ref[Any] | None = None  # weak, as above

    append_unannounced = deque.append

    def attach(self, channel: object) -> None:
        """Announce ``channel`` after each growth from now on."""
        self._channel = ref(channel)

    def is_attached_to(self, channel: object) -> bool:
        """Return whether growth is announced for ``channel``."""
        return self._channel is not None and self._channel() is channel

    def _grown(self) -> None:
        channel = None if self._channel is None else self._channel()
        if channel is not None:
            announce(channel)

    def __del__(self) -> None:
        """Announce the channel, which may have got another queue that announces nothing."""
        channel = None if self._channel is None else self._channel()
        if channel is not None and listeners:
            announce(channel, classify=True)

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
