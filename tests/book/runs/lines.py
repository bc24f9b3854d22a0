"""The source lines that a run lights: which are being executed, with the lines around them."""

from functools import cache
from pathlib import Path
from types import FrameType

from tests.book.breaking import Breakage
from tests.book.pages import ROOT
from tests.book.runs.broken import changed

SHOWN = ("miniloop/", "examples/inside/")
_HIDDEN = ("miniloop/testing/", "miniloop/trace/")
_AROUND = 3
"""Lines that are kept before and behind each lit line."""


def place(frame: FrameType) -> str:
    """Return a frame's file relative to the root; its name where it lies elsewhere."""
    return _relative(frame.f_code.co_filename)


@cache
def _relative(name: str) -> str:
    path = Path(name)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


@cache
def is_shown(file: str) -> bool:
    """Return whether a file is part of what the book explains."""
    return file.startswith(SHOWN) and not file.startswith(_HIDDEN)


class Lines:
    """The lines lit in one run, each once.

    Args:
        breakage: what was changed in the source, if anything.

    Attributes:
        known: file, number and function of each lit line, in the order of their numbers here.
    """

    def __init__(self, breakage: Breakage | None) -> None:
        self.known: list[tuple[str, int, str]] = []
        self._numbers: dict[tuple[str, int, str], int] = {}
        self._texts = {} if breakage is None else {breakage.file: changed(breakage).splitlines()}

    def number(self, file: str, line: int, function: str) -> int:
        """Return the number of a lit line here."""
        key = file, line, function
        if key not in self._numbers:
            self._numbers[key] = len(self.known)
            self.known.append(key)
        return self._numbers[key]

    def stack(self, frame: FrameType | None) -> list[int]:
        """Return the lit lines of a call stack, outermost first."""
        found: list[int] = []
        while frame is not None:
            file = place(frame)
            if is_shown(file):
                found.append(self.number(file, frame.f_lineno, frame.f_code.co_qualname))
            frame = frame.f_back
        return found[::-1]

    def place_of(self, frame: FrameType) -> tuple[str, int, str]:
        """Return the file, the line and the function of a frame."""
        return place(frame), frame.f_lineno, frame.f_code.co_qualname

    def text(self, file: str) -> list[str]:
        """Return a file's lines, as they were executed."""
        if file not in self._texts:
            self._texts[file] = (ROOT / file).read_text().splitlines()
        return self._texts[file]

    def source(self) -> dict[str, dict[str, str]]:
        """Return the lit lines and those around them, by file and number."""
        shown: dict[str, dict[str, str]] = {}
        for file, line, _ in sorted(self.known):
            text = self.text(file)
            for number in range(max(1, line - _AROUND), min(len(text), line + _AROUND) + 1):
                shown.setdefault(file, {})[str(number)] = text[number - 1]
        return shown
