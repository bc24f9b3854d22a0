"""One small change of one module."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Mutant:
    """A change, where it is, and the lines that a test must execute to notice it.

    Attributes:
        file: the module's file, relative to the root of the tree.
        line: the line of the change.
        where: qualified name of the function or class around it; empty in the module itself.
        start: offset of the replaced bytes.
        end: offset behind them.
        old: the replaced text.
        new: what replaces it.
        text: the whole line, without its indentation.
        lines: the lines that execute it.
        scopes: the lines of the function, class and module around it, from the inside out.
        on_import: whether importing the module executes it, as with a default.
    """

    file: str
    line: int
    where: str
    start: int
    end: int
    old: str
    new: str
    text: str
    lines: range
    scopes: tuple[range, ...]
    on_import: bool

    def apply(self, text: bytes) -> bytes:
        """Return the module's text with the change."""
        return text[: self.start] + self.new.encode() + text[self.end :]

    @property
    def module(self) -> str:
        """The file relative to the package: ``net/accepting.py``."""
        return str(PurePosixPath(*PurePosixPath(self.file).parts[1:]))

    def __str__(self) -> str:
        place = f"`{self.module}:{self.line}` {self.where}".rstrip()
        return f"{place}: '{one_line(self.old)}' -> '{one_line(self.new)}'"


def one_line(text: str) -> str:
    """Return the text with a single space for each line break and indentation."""
    return " ".join(text.split()) + (" " if text[-1:] == " " else "")
