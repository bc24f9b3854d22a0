"""Puts a run's tables and plots into a page of the documentation, so that nobody copies figures.

The page has two comments, BEGIN and END; what stands between them is replaced. The plots go into
`img/` beside the page.
"""

from __future__ import annotations

import shutil
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def update(page: Path, out: Path, tables: str) -> None:
    """Write a run's figures into a page.

    Args:
        page: The page, with both comments in it.
        out: Where the run wrote its plots and machine.txt.
        tables: The tables in Markdown.

    Raises:
        ValueError: The page lacks the comments.
    """
    text = page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise ValueError(f"{page}: needs one line {BEGIN} and after it one {END}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    about = (out / "machine.txt").read_text(encoding="utf-8").strip()
    figures = f"{BEGIN}\n\n```text\n{about}\n```\n\n{tables}\n\n{END}"
    page.write_text(before + figures + after, encoding="utf-8")
    images = page.parent / "img"
    images.mkdir(exist_ok=True)
    for plot in sorted(out.glob("*.svg")):
        shutil.copyfile(plot, images / f"connections-{plot.name}")
