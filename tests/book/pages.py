"""The pages as the tests see them: fenced blocks, and the markers that stand before some of them.

A marker is an HTML comment on the line before a block, invisible on a forge and in the site:

    <!-- code: miniloop/system/waker.py Waker.wake -->
    ```py
    ...
    ```
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"(?:^<!-- (?P<marker>[^\n]+?) -->\n)?"
    r"^(?P<fence>```+)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: the file, relative to the root.
        line: the line of the fence.
        language: the word behind the fence.
        kind: the first word of the marker, "" without one.
        args: the rest of the marker.
        text: the lines between the fences.
    """

    page: str
    line: int
    language: str
    kind: str
    args: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return every page: README and all that lies under docs/, but for what was built there."""
    return [ROOT / "README.md", *sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [_block(page, text, match) for match in _BLOCK.finditer(text)]


def blocks(*, language: str | None = None, kind: str | None = None) -> list[Block]:
    """Return the blocks of all pages that have this language and this kind of marker."""
    found = [block for page in pages() for block in blocks_of(page)]
    if language is not None:
        found = [block for block in found if block.language == language]
    return [block for block in found if kind is None or block.kind == kind]


def _block(page: Path, text: str, match: re.Match[str]) -> Block:
    kind, _, rest = (match["marker"] or "").partition(":")
    line = text.count("\n", 0, match.start("fence")) + 1
    place = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
    return Block(place, line, match["language"].strip(), kind, tuple(rest.split()), match["text"])


def replaced(text: str, new_text: "dict[tuple[str, tuple[str, ...]], str]") -> str:
    """Return a page's text with other texts in its marked blocks, by marker."""

    def replace(match: re.Match[str]) -> str:
        kind, _, rest = (match["marker"] or "").partition(":")
        new = new_text.get((kind, tuple(rest.split())))
        if new is None:
            return match[0]
        start, end = (at - match.start() for at in match.span("text"))
        return match[0][:start] + new + match[0][end:]

    return _BLOCK.sub(replace, text)
