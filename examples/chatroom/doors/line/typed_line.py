"""A line as it is typed: its end, corrections, and a limit.

Rule of this file: bytes without telnet commands in, lines out; no I/O, no text decoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r[\n\x00]?|\n")
_ERASE = re.compile(rb"([\x08\x7f]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A complete line, without its end."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line exceeded the limit; the rest of it is skipped."""


class TypedLine:
    """The line that is being typed.

    It ends with CR, LF, CR LF, or CR NUL.  Backspace and DEL erase a character of UTF-8.

    Args:
        max_line: Longest line, in bytes, without its end.
        emit: Called with each line, and with `TooLong` when one exceeds the limit.
    """

    def __init__(self, max_line: int, emit: Callable[[Line | TooLong], None]) -> None:
        self._max_line = max_line
        self._emit = emit
        self._typed = bytearray()
        self._after_cr = False  # a LF or NUL that follows belongs to the same end of line
        self._skipping = False

    def __len__(self) -> int:
        """Return the bytes held."""
        return len(self._typed)

    def take(self, data: bytes) -> int:
        """Process `data`; return the number of characters that it erased."""
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            self._after_cr, data = False, data[1:]
        if not data:
            return 0
        self._after_cr = data.endswith(b"\r")
        *whole, rest = _LINE_END.split(data)
        erased = 0
        for piece in whole:
            erased += self._type(piece)
            self._end()
        return erased + self._type(rest)

    def erase(self, characters: int) -> None:
        """Erase up to `characters` characters."""
        for _ in range(min(characters, len(self._typed))):
            while len(self._typed) > 1 and self._typed[-1] & 0xC0 == 0x80:
                self._typed.pop()  # a continuation byte of UTF-8
            del self._typed[-1:]

    def discard(self) -> None:
        """Discard the line that is being typed."""
        self._typed.clear()
        self._skipping = False

    def give_up(self) -> None:
        """Skip the rest of the line."""
        if not self._skipping:
            self._emit(TooLong())
        self._typed.clear()
        self._skipping = True

    def _type(self, piece: bytes) -> int:
        erased = 0
        for number, part in enumerate(_ERASE.split(piece)):
            if number % 2:  # the matches of the pattern alternate with the text between them
                erased += len(part)
                self.erase(len(part))
            else:
                self._extend(part)
        return erased

    def _extend(self, piece: bytes) -> None:
        if self._skipping:
            return
        if len(self._typed) + len(piece) > self._max_line:
            self.give_up()
        else:
            self._typed += piece

    def _end(self) -> None:
        if not self._skipping:
            self._emit(Line(bytes(self._typed)))
        self.discard()
