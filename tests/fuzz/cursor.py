"""Taking decisions from the front of an input, data from the rest."""

from __future__ import annotations

from collections.abc import Iterator


class Cursor:
    """Reads an input from its front; behind its end everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def byte(self, below: int = 256) -> int:
        """One decision: a number below `below`."""
        value = self._data[self._at] if self._at < len(self._data) else 0
        self._at += 1
        return value % below

    def rest(self) -> bytes:
        """All that is left."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest

    def take(self, size: int) -> bytes:
        """Up to so many bytes."""
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece

    def __bool__(self) -> bool:
        return self._at < len(self._data)


def pieces(data: bytes, sizes: bytes) -> Iterator[bytes]:
    """Cut `data` into pieces of these sizes, over and over."""
    at = turn = 0
    while at < len(data):
        size = 1 + (sizes[turn % len(sizes)] if sizes else 0)
        yield data[at : at + size]
        at += size
        turn += 1
