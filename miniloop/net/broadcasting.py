"""Push the same bytes to many channels.

The type of the data and the thread are checked once and not for each channel, and no method is
called for a channel.
"""

from collections.abc import Iterable

from miniloop.loop import EventLoop
from miniloop.queued import QueuedDispatcher
from miniloop.state import Output

_OPEN, _DRAINING = Output.OPEN, Output.DRAINING


def broadcast(channels: Iterable[QueuedDispatcher], data: bytes | bytearray | memoryview) -> None:
    """Push ``data`` to each of ``channels``, as a room does with what a member says.

    No handler is called from here, so a set that handlers change may be given as it is; nor is a
    ``push()`` that a subclass overrides.  Channels that take no output any more (closed, or after
    ``close_when_done()`` or ``close_write()``) are left out: one member that is gone must not cost
    the others their line.

    Raises:
        RuntimeError: on another thread than the loop's.
        TypeError: ``data`` is not bytes, a bytearray or a memoryview.
    """
    data = _as_bytes(data)
    checked: EventLoop | None = None
    for channel in channels:
        if not channel._flush_due_:
            if channel._output_ is not _OPEN and channel._output_ is not _DRAINING:
                continue
            loop = channel.loop
            if loop is not checked:
                loop._check_thread()
                checked = loop
            loop._unflushed.append(channel)
            channel._flush_due_ = True
        channel._pieces_.append(data)


def _as_bytes(data: object) -> bytes:
    """Copy what is like bytes; refuse the rest with a sentence."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"broadcast() takes bytes, not {type(data).__name__}: encode text first")
