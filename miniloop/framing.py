"""Splitting a byte stream at terminators.  No I/O: bytes in, messages out.

``Framer`` is a pull parser: ``feed()`` it what arrived, then take what is there.  It never calls
back, so a terminator that is changed between two messages applies to the very next byte.

Operations: complete messages, many at once when they are short; the beginning of a message whose
end has not arrived; changing the terminator at any moment.  Goal: time linear in the input,
whatever the input and however it is cut.  Plan: the received bytes stay as they are, and a position
moves over them; ``bytes.split`` cuts a *window* of them, which doubles while the terminator stays
and starts small when it changes, so what is cut in vain is never more than what was used.
Warning: a caller that stops half-way through a batch of messages must give the others back; they
are split again under the terminator that is in force by then.
"""

from __future__ import annotations

from enum import Enum

Terminator = bytes | int | None
"""What ends a message: these bytes, so many bytes (0: at once), or nothing (None or ``b""``)."""

_SMALL_WINDOW = 512
_LARGE_WINDOW = 65536
_CLEARED = -1


class Signal(Enum):
    """What ``next_event()`` returns besides data."""

    NEED_DATA = "nothing more until feed()"
    END = "the terminator: the message is complete"
    OVERFLOW = "the message exceeds the limit; the rest of it will be skipped"


NEED_DATA, END, OVERFLOW = Signal.NEED_DATA, Signal.END, Signal.OVERFLOW


class Framer:
    """The part of a stream that is not delivered yet, and the rule that splits it.

    Attributes:
        terminator: the rule in force; an int counts down as bytes are handed out, as in asynchat.
        limit: longest message under a bytes terminator, in bytes without the terminator.
        idle: nothing can be handed out until ``feed()``.
        whole: the terminator, where it is bytes, nothing is cleared and a message begins: then
            data that ends with its first terminator is one whole message, and need not be fed.
    """

    __slots__ = (
        "_buffer", "_cut_length", "_partial", "_position", "_skipping", "_window",
        "idle", "limit", "terminator", "whole",
    )  # fmt: skip

    def __init__(self, limit: int = 65536) -> None:
        self.limit = limit
        self.terminator: Terminator = None
        self.idle = True
        self.whole: bytes | None = None
        self._buffer = b""
        self._position = 0
        self._partial = 0  # bytes of the current message that were handed out already
        self._skipping = False
        self._window = _SMALL_WINDOW
        self._cut_length = 0  # of the terminator that cut the last batch; _CLEARED: see cleared

    def set_terminator(self, terminator: Terminator) -> None:
        """Change the rule; what was held back under the old one may count now."""
        self.terminator = terminator
        self._window = _SMALL_WINDOW
        self._partial = 0
        self._skipping = False
        self._look()

    def feed(self, data: bytes) -> None:
        """Append what arrived."""
        if self._position < len(self._buffer):
            data = self._buffer[self._position :] + data
        self._buffer = data
        self._position = 0
        self.idle = False
        self._cut_length = max(self._cut_length, 0)  # nothing is cleared any more
        self.whole = None

    def clear(self) -> None:
        """Throw away what is not handed out yet."""
        self._buffer, self._cut_length = b"", _CLEARED
        self._position = self._partial = 0
        self._look()

    @property
    def cleared(self) -> bool:
        """Return whether nothing was fed since ``clear()``; a slot more is 8 bytes a connection."""
        return self._cut_length == _CLEARED

    def take_rest(self) -> bytes:
        """Return what is not handed out yet, and forget it."""
        rest = self._buffer[self._position :]
        self.clear()
        return rest

    def _look(self) -> None:
        """Set ``idle`` and ``whole`` from the position; END follows an int of 0 without a byte."""
        empty = self._position == len(self._buffer)
        self.idle = empty and (type(self.terminator) is not int or self.terminator > 0)
        fresh = empty and not (self._partial or self._skipping or self.cleared)
        self.whole = self.terminator if fresh and type(self.terminator) is bytes else None

    def take_messages(self, most: int) -> list[bytes]:
        """Return complete messages from the front, at most ``most``.

        When there are none, or the next thing is not a whole message within the limit under a
        bytes terminator, the list is empty: ask ``next_event()`` then.
        """
        terminator = self.terminator
        if type(terminator) is not bytes or self._partial or self._skipping:
            return []
        start = self._position
        window = self._buffer[start : start + self._window]
        messages = window.split(terminator, most)
        rest = messages.pop()
        size = len(window)
        used = size - len(rest)
        self._cut_length = len(terminator)
        if size > self.limit and any(len(message) > self.limit for message in messages):
            used = self._keep_those_before_overlong(messages)
        self._position = start + used
        self._look()
        if size == self._window < _LARGE_WINDOW:
            self._window = 2 * size
        return messages

    def _keep_those_before_overlong(self, messages: list[bytes]) -> int:
        """Shorten the list; return how many bytes of the buffer remain used."""
        count = next(at for at, message in enumerate(messages) if len(message) > self.limit)
        del messages[count:]
        self._window = _SMALL_WINDOW  # or many overlong ones would be cut in vain, over and over
        return sum(map(len, messages)) + count * self._cut_length

    def give_back(self, messages: list[bytes]) -> None:
        """Take back these messages, the last of those just taken; a no-op after ``clear()``."""
        if messages and not self.cleared:
            self._position -= sum(map(len, messages)) + len(messages) * self._cut_length
            self._look()

    def next_event(self) -> bytes | Signal:
        """Return the next piece of the message, END, OVERFLOW, or NEED_DATA."""
        event = self._next()
        self._look()
        if event is NEED_DATA:
            self.idle = True  # a beginning of the terminator is held back
        return event

    def _next(self) -> bytes | Signal:
        """Do what the kind of the terminator asks for."""
        terminator = self.terminator
        if type(terminator) is int and not terminator:
            self.terminator = None
            self._partial = 0
            return END
        if self._position >= len(self._buffer):
            return NEED_DATA
        if isinstance(terminator, bytes):
            return self._next_until(terminator)
        stop = len(self._buffer) if terminator is None else self._position + terminator
        piece = self._take(stop)
        if terminator is not None:
            self.terminator = terminator - len(piece)
        return piece

    def _next_until(self, terminator: bytes) -> bytes | Signal:
        """Hand out what comes before the terminator, then END."""
        found = self._buffer.find(terminator, self._position)
        if found == self._position:
            self._position += len(terminator)
            skipped, self._skipping = self._skipping, False
            self._partial = 0
            return END if not skipped else self._next()
        stop = found if found >= 0 else len(self._buffer) - self._held_back(terminator)
        if self._skipping:
            self._position = stop
            return self._next() if found >= 0 else NEED_DATA
        room = self.limit - self._partial
        if stop - self._position > room:
            if room == 0:
                self._skipping = True
                return OVERFLOW
            stop = self._position + room
        return self._take(stop) if stop > self._position else NEED_DATA

    def _held_back(self, terminator: bytes) -> int:
        """Return how many bytes at the end may be the beginning of the terminator."""
        longest = min(len(terminator) - 1, len(self._buffer) - self._position)
        tail = self._buffer[len(self._buffer) - longest :]
        for size in range(longest, 0, -1):
            if terminator.startswith(tail[longest - size :]):
                return size
        return 0

    def _take(self, stop: int) -> bytes:
        """Hand out the bytes up to ``stop``."""
        piece = self._buffer[self._position : stop]
        self._position += len(piece)
        self._partial += len(piece)
        return piece


def check_terminator(terminator: object) -> Terminator:
    """Return a terminator as bytes, an int, or None.  TypeError, ValueError: no such."""
    if isinstance(terminator, str):
        raise TypeError(f"a terminator is bytes, not str: write b{terminator!r}")
    if isinstance(terminator, bytes | bytearray | memoryview):
        return bytes(terminator) or None
    if terminator is None or isinstance(terminator, int):
        if terminator is not None and terminator < 0:
            raise ValueError(f"a terminator of {terminator} bytes: give how many are to come")
        return None if terminator is None else int(terminator)
    raise TypeError(f"a terminator is bytes, an int or None, not {terminator!r}")
