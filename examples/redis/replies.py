"""What a Redis server answers: bytes into replies, within bounds.  No I/O.

hiredis turns bytes into Python's objects.  It takes a peer's word for every length, though: an
array that claims a billion elements is allocated before the first of them has arrived.  So
``Extent`` follows the structure (RESP3) and its bounds first, and hiredis gets whole replies only.
"""

from collections.abc import Iterator
from typing import Any

import hiredis

MOST_BYTES = 16 << 20
"""Bytes of one reply; a reply of 10,000 stream entries has some 2 MB."""

MOST_ITEMS = 1_000_000
"""Elements of one reply, at all depths: an empty list takes four bytes on the way and 60 here."""

MOST_DEPTH = 32
"""Arrays within arrays; Redis' own replies have some five."""

MOST_LINE = 65536
"""Bytes of a line: a length, a number, a simple string or an error."""

_LINES = frozenset(b"+-:_,#(")
_BLOBS = frozenset(b"$=")
_AGGREGATES = {ord("*"): 1, ord("~"): 1, ord(">"): 1, ord("%"): 2}
_MISSING = object()


class ProtocolError(Exception):
    """The peer does not speak RESP3, or exceeds a bound."""


class Extent:
    """Finds out how far whole replies reach in bytes that arrive in pieces.

    Args:
        most_bytes: longest reply in bytes.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Start at the beginning of a reply."""
        self._most = most_bytes
        self._data = bytearray()
        self._at = 0  # the beginning of the item that comes next
        self._open: list[int] = []  # how many items each open aggregate still needs
        self._items = 0

    def feed(self, data: bytes) -> bytes:
        """Add what was received; return the whole replies, and keep the rest.

        Raises:
            ProtocolError: this is no RESP3, or exceeds a bound.
        """
        self._data += data
        try:
            whole = self._skip_items()
        except ValueError as error:
            raise ProtocolError(f"no length: {error}") from None
        if len(self._data) - whole > self._most:
            raise ProtocolError(f"a reply is longer than {self._most} bytes")
        replies = bytes(memoryview(self._data)[:whole])
        del self._data[:whole]
        self._at -= whole
        return replies

    def _skip_items(self) -> int:
        """Go past all items that have arrived; return where the last whole reply ends.

        One loop, because a reply has thousands of items and Python's calls are what costs.
        Lengths are read in Python's way, which allows more than RESP; hiredis refuses the rest.
        """
        data, needed, at, whole = self._data, self._open, self._at, 0
        while (end := data.find(b"\r\n", at, at + MOST_LINE)) >= 0:
            kind = data[at]
            if kind in _BLOBS:
                length = int(data[at + 1 : end])
                after = end + 2 if length < 0 else end + length + 4
                if length > self._most:
                    raise ProtocolError(f"a reply is longer than {self._most} bytes")
                if after > len(data):
                    break
                if data[after - 2 : after] != b"\r\n":
                    raise ProtocolError("a string of a reply is longer than its length")
                at = after
            elif kind in _LINES:
                at = end + 2
            else:
                items = self._items_of(kind, int(data[at + 1 : end]))
                at = end + 2
                if items > 0:
                    needed.append(items)
                    continue
            while needed:  # what this item was the last of is complete, too
                needed[-1] -= 1
                if needed[-1]:
                    break
                needed.pop()
            else:
                whole, self._items = at, 0
        else:
            if len(data) - at >= MOST_LINE:
                raise ProtocolError("a line of a reply is too long")
        self._at = at
        return whole

    def _items_of(self, kind: int, length: int) -> int:
        """Return how many items an aggregate has."""
        if kind not in _AGGREGATES:
            raise ProtocolError(f"no kind of reply: {bytes([kind])!r}")
        items = length * _AGGREGATES[kind]
        self._items += max(items, 0)
        if self._items > MOST_ITEMS or len(self._open) >= MOST_DEPTH:
            raise ProtocolError("a reply has too many elements, or too deep ones")
        return items


class Replies:
    """Turns what is received into replies.

    They are bytes, int, float, bool, None, list, dict; ``hiredis.ReplyError`` for an error, which
    is not raised; and ``hiredis.PushNotification``, a list, for what was not asked for.

    Args:
        most_bytes: longest reply in bytes.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Start at the beginning of a reply."""
        self._extent = Extent(most_bytes)
        self._reader = hiredis.Reader(errors="replace", notEnoughData=_MISSING)

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yield the replies that are complete now.

        Raises:
            ProtocolError: this is no RESP3, or exceeds a bound; the connection is of no use.
        """
        self._reader.feed(self._extent.feed(data))
        while (reply := self._next()) is not _MISSING:
            yield reply

    def _next(self) -> Any:
        try:
            return self._reader.gets()
        except (hiredis.ProtocolError, TypeError, ValueError) as error:  # a key that is a list
            raise ProtocolError(str(error)) from None


# -- what replies mean ----------------------------------------------------------------------------

_NOT_UP = frozenset(
    {"LOADING", "READONLY", "NOREPLICAS", "OOM", "MASTERDOWN", "BUSY", "CLUSTERDOWN", "TRYAGAIN"}
)


def error_code(reply: object) -> str:
    """Return the first word of an error reply (``NOSCRIPT``, ``WRONGTYPE``), "" of another."""
    if not isinstance(reply, hiredis.ReplyError):
        return ""
    return str(reply).partition(" ")[0]


def is_not_up(reply: object) -> bool:
    """Return whether the server answered that it cannot do its work now: try later."""
    return error_code(reply) in _NOT_UP


def brief(text: object) -> str:
    """Return a server's text for a log: one line, no control characters, 200 characters."""
    return "".join(each if each.isprintable() else "?" for each in str(text)[:200])


def shown(reply: object) -> str:
    """Return a reply for a terminal, without control characters."""
    if isinstance(reply, bytes):
        lines = reply.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
        return "\n".join(map(_escaped, lines))
    if isinstance(reply, dict):
        return "\n".join(map(_shown_pair, reply.items())) or "(empty)"
    if isinstance(reply, list):
        return "\n".join(f"- {_inset(shown(item))}" for item in reply) or "(empty)"
    if isinstance(reply, hiredis.ReplyError):
        return f"(error) {brief(reply)}"
    return "(nil)" if reply is None else f"({reply})"


def _shown_pair(pair: tuple[object, object]) -> str:
    key, value = map(shown, pair)
    between = "\n  " if "\n" in value else " "
    return f"{key}:{between}{_inset(value)}"


def _escaped(line: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)


def _inset(text: str) -> str:
    return text.replace("\n", "\n  ")
