"""The lines that the command prints.  Pure logic."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tests.mutants.equivalents import Equivalent
from tests.mutants.mutant import Mutant

WANTED = 0.95
"""The share that has to be noticed, the equivalent ones left out."""


@dataclass
class Findings:
    """What came of the mutants."""

    noticed: list[Mutant] = field(default_factory=list)
    unnoticed: list[Mutant] = field(default_factory=list)
    equivalent: dict[Mutant, str] = field(default_factory=dict)
    timed_out: int = 0

    @property
    def tried(self) -> int:
        """How many mutants count."""
        return len(self.noticed) + len(self.unnoticed)

    @property
    def enough(self) -> bool:
        """Whether the wanted share was noticed."""
        return bool(self.tried) and len(self.noticed) >= WANTED * self.tried


def lines(findings: Findings, stale: Sequence[Equivalent], unusable: Sequence[str]) -> list[str]:
    """Return the report: what was not noticed, what is equivalent, the shares."""
    said = [f"- {mutant}" for mutant in in_order(findings.unnoticed)]
    said += [
        f"- equivalent, not counted: {mutant}: {findings.equivalent[mutant]}"
        for mutant in in_order(findings.equivalent)
    ]
    said += [f"- this entry matches no mutant any more: {entry}" for entry in stale]
    said += [f"- fails without any change, not used: {test}" for test in unusable]
    said += _shares(findings)
    said.append(
        f"noticed: {_share(findings.noticed, findings.unnoticed)},"
        f" {findings.timed_out} of them by a time limit; wanted: {WANTED:.0%}"
    )
    return said


def in_order(mutants: Sequence[Mutant] | dict[Mutant, str]) -> list[Mutant]:
    """Return mutants by module and place."""
    return sorted(mutants, key=lambda each: (each.module, each.start, each.end, each.new))


def _shares(findings: Findings) -> list[str]:
    """Return a line for each folder of the package."""
    folders: dict[str, tuple[list[Mutant], list[Mutant]]] = defaultdict(lambda: ([], []))
    for index, mutants in enumerate((findings.noticed, findings.unnoticed)):
        for mutant in mutants:
            folders[_folder(mutant)][index].append(mutant)
    return [f"{folder:12} {_share(*folders[folder])}" for folder in sorted(folders)]


def _folder(mutant: Mutant) -> str:
    parts = PurePosixPath(mutant.module).parts
    return f"{parts[0]}/" if len(parts) > 1 else "the core"


def _share(noticed: Sequence[Mutant], unnoticed: Sequence[Mutant]) -> str:
    total = len(noticed) + len(unnoticed)
    return f"{len(noticed)} of {total}" + (f" ({len(noticed) / total:.1%})" if total else "")
