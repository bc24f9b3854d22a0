"""Which mutants to try: those of the named modules, in an order that a seed decides."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutants.finding import mutants_of
from tests.mutants.mutant import Mutant
from tests.mutants.source import Source

PACKAGE = "miniloop"
APART = ("compat", "testing")
"""Parts of the package that are examined only when they are named."""


def chosen(root: Path, names: Sequence[str]) -> list[Mutant]:
    """Return the mutants of the named modules and folders, or of the package without `APART`.

    Args:
        root: the tree.
        names: each a path from the root, or a dotted name, either with or without the package;
            ``:LINE`` behind it means the mutants of one line only.

    Raises:
        ValueError: a name is none of a module or folder.
    """
    if not names:
        apart = {f"{PACKAGE}/{part}" for part in APART}
        files = [file for file in modules(root) if not apart & _folders(file)]
        return of_files(root, files)
    found: dict[Mutant, None] = {}
    for name in names:
        place, _, line = name.partition(":")
        mutants = of_files(root, _files(root, place))
        if line and not line.isdigit():
            raise ValueError(f"{name}: behind the colon stands the number of a line")
        found |= dict.fromkeys(each for each in mutants if not line or each.line == int(line))
    return [*found]


def modules(root: Path) -> list[str]:
    """Return the package's modules as paths from the root."""
    return sorted(path.relative_to(root).as_posix() for path in (root / PACKAGE).rglob("*.py"))


def of_files(root: Path, files: Iterable[str]) -> list[Mutant]:
    """Return all mutants of these modules."""
    return [mutant for file in files for mutant in mutants_of(Source.read(root, file))]


def shuffled(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """Return the mutants in an order that depends on the seed: its beginnings are samples."""
    order = [*mutants]
    random.Random(seed).shuffle(order)
    return order


def _files(root: Path, name: str) -> list[str]:
    path = name.strip("/")
    if not path.endswith(".py"):
        path = path.replace(".", "/")
    for place in (path, f"{PACKAGE}/{path}"):
        found = [
            file
            for file in modules(root)
            if place in (file, file.removesuffix(".py")) or place in _folders(file)
        ]
        if found:
            return found
    raise ValueError(f"{name}: there is no such module or folder in {PACKAGE}")


def _folders(file: str) -> set[str]:
    return {parent.as_posix() for parent in Path(file).parents}
