"""The blocks of a page that are filled from the source.

<!-- code: FILE NAME ... -->     functions, methods, classes or constants, by dotted name;
                                 NAME:2-5 takes only these lines of it, counted from 1
<!-- whole: FILE -->             all of a file
<!-- diff: OLD NEW -->           what changes from one file to the next
<!-- members: NAME ... -->       classes and functions in short, by dotted name; see summaries.py
"""

import ast
import difflib
import textwrap
from pathlib import Path

from tests.book.pages import ROOT, Block, blocks_of, replaced
from tests.book.summaries import summary

KINDS = ("code", "whole", "diff", "members")


def text_for(kind: str, args: tuple[str, ...]) -> str:
    """Return what a block with this marker has to show.

    Raises:
        LookupError: the file has no such name.
    """
    if kind == "members":
        return summary(args)
    path = ROOT / args[0]
    if kind == "whole":
        return path.read_text()
    if kind == "diff":
        return difference(path, ROOT / args[1])
    source = path.read_text()
    parts = [excerpt(source, name) for name in args[1:]]
    return f"# {args[0]}\n" + "\n".join(parts)


def excerpt(source: str, name: str) -> str:
    """Return the lines of a definition, moved to the left margin."""
    dotted, _, wanted = name.partition(":")
    first, last = _span(ast.parse(source).body, dotted.split("."), dotted)
    lines = textwrap.dedent("".join(source.splitlines(True)[first - 1 : last]))
    if not wanted:
        return lines
    start, end = map(int, wanted.split("-"))
    return textwrap.dedent("".join(lines.splitlines(True)[start - 1 : end]))


def _span(body: list[ast.stmt], names: list[str], dotted: str) -> tuple[int, int]:
    """Return the first and the last line of what is called ``names``."""
    for node in body:
        if names[0] not in _names(node):
            continue
        if len(names) > 1 and isinstance(node, ast.ClassDef):
            return _span(node.body, names[1:], dotted)
        decorators = [each.lineno for each in getattr(node, "decorator_list", [])]
        assert node.end_lineno is not None
        return min([node.lineno, *decorators]), node.end_lineno
    raise LookupError(f"there is no {dotted}: correct the marker")


def _names(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def difference(before: Path, after: Path) -> str:
    """Return what changes, with one line around it."""
    old, new = before.read_text().splitlines(True), after.read_text().splitlines(True)
    return "".join(difflib.unified_diff(old, new, before.name, after.name, n=1))


def filled(page: Path) -> str:
    """Return the page's text with every excerpt as the source has it now."""
    wanted = [block for block in blocks_of(page) if block.kind in KINDS]
    return replaced(page.read_text(), {(b.kind, b.args): text_for(b.kind, b.args) for b in wanted})


def is_excerpt(block: Block) -> bool:
    return block.kind in KINDS
