"""Try mutants in order, each against the tests that execute it, and tell the progress."""

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.mutants import choosing, inside
from tests.mutants.benches import Result, Trial, results
from tests.mutants.mutant import Mutant
from tests.mutants.report import Findings
from tests.mutants.survey import Survey

STEP = 50
"""Mutants after which it is said how far it is."""


def try_all(
    order: Sequence[Mutant],
    reasons: dict[Mutant, str],
    survey: Survey,
    root: Path,
    jobs: int,
    deadline: float,
) -> Findings:
    """Try mutants in order.

    Args:
        order: the mutants.
        reasons: why some of them are equivalent; those are not tried.
        survey: which tests execute them.
        root: the tree, of which copies are made.
        jobs: how many at a time.
        deadline: as of ``time.monotonic()``; none is begun after it.

    Raises:
        RuntimeError: the tests fail on the unchanged tree, so that their failures prove nothing.
    """
    findings = Findings()

    def trials() -> Iterator[Trial]:
        if order:  # first without any change
            yield Trial(partial(inside.try_out, choosing.batches(order[0], survey)))
        for mutant in order:
            if time.monotonic() > deadline:
                return
            if mutant in reasons:
                findings.equivalent[mutant] = reasons[mutant]
            else:
                batches = choosing.batches(mutant, survey)
                yield Trial(partial(inside.try_out, batches), mutant)

    for result in results(trials(), root, jobs):
        _note(result, findings)
    return findings


def _note(result: Result, findings: Findings) -> None:
    """Add a result to the findings, and say what was not noticed at once."""
    mutant = result.trial.mutant
    if mutant is None:
        if result.status:
            raise RuntimeError(f"the tests fail without any change:\n{result.output[-6000:]}")
        return
    findings.timed_out += result.timed_out
    (findings.noticed if result.status else findings.unnoticed).append(mutant)
    if not result.status:
        print(f"not noticed: {mutant}", file=sys.stderr, flush=True)
    if not findings.tried % STEP:
        print(f"{len(findings.noticed)} of {findings.tried}", file=sys.stderr, flush=True)
