"""Puts figures into a page of the documentation, so that none is copied by hand.

A block stands between two comments, `<!-- NAME: begin ... -->` and `<!-- NAME: end -->`. The first
one names the command that fills it; both stay, and what stands between them is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def blocks(page: Path) -> list[str]:
    """Return the names of the blocks in a page, in their order.

    Raises:
        ValueError: A block does not end, or there are two of its name.
        OSError: The page cannot be read.
    """
    text = page.read_text(encoding="utf-8")
    names = re.findall(r"<!-- (\w+): begin\b", text)
    for name in names:
        if len(pattern(name).findall(text)) != 1 or names.count(name) != 1:
            raise ValueError(f"{page}: needs one <!-- {name}: begin --> and one end after it")
    return names


def fill(page: Path, bodies: Mapping[str, str]) -> list[str]:
    """Replace the contents of those blocks of a page that there is something for.

    Returns:
        The names of these blocks.

    Raises:
        ValueError: The page has none of them, or one of them does not end.
        OSError: The page cannot be read or written.
    """
    found = [name for name in blocks(page) if name in bodies]
    if not found:
        wanted = " or ".join(f"<!-- {name}: begin -->" for name in bodies)
        raise ValueError(f"{page}: needs {wanted}, and its end")
    text = page.read_text(encoding="utf-8")
    for name in found:
        text = replaced(text, name, bodies[name])
    page.write_text(text, encoding="utf-8")
    return found


def replaced(text: str, name: str, body: str) -> str:
    """Return the text with another body in one block."""
    return pattern(name).sub(lambda match: f"{match[1]}\n\n{body}\n\n{match[3]}", text)


def pattern(name: str) -> re.Pattern[str]:
    """Return what matches a block: its begin, its body, its end."""
    return re.compile(rf"(<!-- {name}: begin\b.*?-->)(.*?)(<!-- {name}: end -->)", re.DOTALL)
