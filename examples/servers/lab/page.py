"""Puts a run's tables and plots into pages of the documentation; no figure is copied by hand.

A page has one or both of two blocks: `figures` gets all tables, and the plots go into `img/` beside
the page; `digest` gets the short table of digest.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from examples.bench import marks

from .digest import digest
from .figures import Figure

FIGURES, DIGEST = "figures", "digest"


def update(page: Path, out: Path, tables: str, figures: Sequence[Figure]) -> None:
    """Write a run's figures into a page.

    Args:
        page: The page, with a block in it.
        out: Where the run wrote its plots and machine.txt.
        tables: The tables in Markdown.
        figures: What the short table is made of.

    Raises:
        ValueError: The page lacks a block.
        OSError: The page cannot be read or written.
    """
    about = (out / "machine.txt").read_text(encoding="utf-8").strip()
    quoted = f"```text\n{about}\n```"
    bodies = {FIGURES: f"{quoted}\n\n{tables}", DIGEST: f"{digest(figures)}\n\n{quoted}"}
    if FIGURES not in marks.fill(page, bodies):
        return
    images = page.parent / "img"
    images.mkdir(exist_ok=True)
    for plot in sorted(out.glob("*.svg")):
        shutil.copyfile(plot, images / f"connections-{plot.name}")
