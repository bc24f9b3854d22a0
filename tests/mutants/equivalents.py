"""Mutants that no test can notice, or that none should: ``equivalent.toml``.

Each entry names a mutant by its module, the function around it, the line's text, what is replaced
and by what; then it says in a sentence why no test notices it.  It holds no line number, so it
survives changes elsewhere in the module; once its own line changes it matches nothing.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from tests.mutants.mutant import Mutant, one_line

FILE = "tests/mutants/equivalent.toml"


@dataclass(frozen=True)
class Equivalent:
    """An entry.

    Attributes:
        module: the module's file relative to the package, ``net/accepting.py``.
        where: qualified name of the function or class around it; empty in the module itself.
        line: the whole line of the module, without its indentation.
        old: what is replaced, on one line.
        new: what replaces it.
        reason: why no test notices it, in one sentence.
    """

    module: str
    where: str
    line: str
    old: str
    new: str
    reason: str

    def matches(self, mutant: Mutant) -> bool:
        """Tell whether the entry names a mutant."""
        return (self.module, self.where, self.line, self.old, self.new) == (
            mutant.module,
            mutant.where,
            mutant.text,
            one_line(mutant.old),
            mutant.new,
        )

    def __str__(self) -> str:
        return f"`{self.module}` {self.where}: '{self.old}' -> '{self.new}' in '{self.line}'"


def read(file: Path) -> list[Equivalent]:
    """Read the entries, if there is such a file.

    Raises:
        ValueError: an entry lacks a field or a reason, or has a field too many.
    """
    if not file.exists():
        return []
    wanted = {field.name for field in fields(Equivalent)}
    entries = tomllib.loads(file.read_text()).get("equivalent", [])
    for entry in entries:
        if {*entry} != wanted or not entry["reason"].strip():
            raise ValueError(f"{file}: an entry has a text for each of {sorted(wanted)}: {entry}")
    return [Equivalent(**entry) for entry in entries]


def reasons(mutants: Iterable[Mutant], entries: list[Equivalent]) -> dict[Mutant, str]:
    """Return the equivalent ones among the mutants, with their reasons."""
    return {
        mutant: entry.reason for mutant in mutants for entry in entries if entry.matches(mutant)
    }


def stale(mutants: Iterable[Mutant], entries: list[Equivalent]) -> list[Equivalent]:
    """Return the entries that match none of all the package's mutants any more."""
    every = [*mutants]
    return [entry for entry in entries if not any(entry.matches(mutant) for mutant in every)]
