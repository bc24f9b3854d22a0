"""A module's text with the positions of its nodes and tokens, as offsets in bytes."""

import ast
import io
import tokenize
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of the text."""

    start: int
    end: int


class Source:
    """One module.

    ``ast`` gives no position for an operator.  `between` finds it: of the tokens between two
    operands only the operator is neither a parenthesis, a comment nor the end of a line.
    """

    def __init__(self, file: str, text: bytes) -> None:
        self.file = file
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._tokens = [*self._find_tokens()]

    @classmethod
    def read(cls, root: Path, file: str) -> "Source":
        """Read a file, named relative to the root of the tree."""
        return cls(file, (root / file).read_bytes())

    def _find_tokens(self) -> list[tuple[Span, str]]:
        found = []
        for token in tokenize.tokenize(io.BytesIO(self.text).readline):
            if token.type in (tokenize.OP, tokenize.NAME):
                start, end = (self._offset_of_character(*at) for at in (token.start, token.end))
                found.append((Span(start, end), token.string))
        return found

    def _offset_of_character(self, line: int, column: int) -> int:
        """Return the offset of a token, whose column counts characters."""
        before = self._lines[line - 1].decode()[:column]
        return self._starts[line - 1] + len(before.encode())

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Return where a node stands; parentheses around it are outside."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Span(
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def between(self, left: int, right: int) -> list[tuple[Span, str]]:
        """Return the names and operators between two offsets, without parentheses."""
        return [
            (span, string)
            for span, string in self._tokens
            if left <= span.start and span.end <= right and string not in ("(", ")")
        ]

    def with_space_behind(self, span: Span) -> Span:
        """Return the span with the blanks behind it."""
        end = span.end
        while self.text[end : end + 1] == b" ":
            end += 1
        return Span(span.start, end)

    def segment(self, span: Span) -> str:
        """Return a piece of the text."""
        return self.text[span.start : span.end].decode()

    def line_number(self, offset: int) -> int:
        """Return the number of the line in which an offset is, from 1."""
        return self.text.count(b"\n", 0, offset) + 1

    def line(self, number: int) -> str:
        """Return a line of the text without its indentation."""
        return self._lines[number - 1].decode().strip()
