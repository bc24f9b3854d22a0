"""What a run of a suite gave, and what two runs, with the originals and with ours, prove.

Pure logic: no process, no file, no clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.suites.catalogue import NAMES, Suite

OURS = "miniloop.compat."
"""How a witness names one of our two modules: this, and the module's own name."""


class Outcome(StrEnum):
    """How a test ended; a later member weighs more when a test reports several."""

    PASSED = "passed"
    SKIPPED = "skipped"
    EXPECTED_FAILURE = "failed as expected"
    UNEXPECTED_SUCCESS = "UNEXPECTEDLY PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"


BAD = frozenset({Outcome.UNEXPECTED_SUCCESS, Outcome.FAILED, Outcome.ERROR})
_WEIGHT = {outcome: weight for weight, outcome in enumerate(Outcome)}


def worse(one: Outcome, other: Outcome) -> Outcome:
    """Return the outcome that weighs more."""
    return max(one, other, key=_WEIGHT.__getitem__)


class Verdict(StrEnum):
    """What the two runs of a suite prove."""

    OK = "ok"
    LIKEWISE = "FAILS WITH THE ORIGINALS TOO"
    UNSTEADY = "FAILED AT FIRST, OK THEN"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Testimony:
    """What the process saw of the two modules; a module is told by its file or, if ours, by name.

    Attributes:
        modules: what stood in ``sys.modules`` under each name under which it can be imported.
        holders: each global of each module that holds one of them, as ``module.name``.
        searched: the names that the import system had to look for, after all was in its place.
        originals: the files of the originals.
        original_functions: how many functions from those files were alive.
        calls: how often each counted function ran.
        code: the file of each counted function.
        miniloop_loaded: whether miniloop was imported.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    holders: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    original_functions: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    miniloop_loaded: bool = False


@dataclass(frozen=True)
class Run:
    """What one process gave.

    Attributes:
        outcomes: how each test ended, by its id.
        count: the runner's own number of tests run.
        seconds: from the start of the process to its end.
        testimony: what was under test.
        trouble: why there is no result, ``""`` when there is one.
        output: what the process printed.
    """

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    count: int = 0
    seconds: float = 0.0
    testimony: Testimony = field(default_factory=Testimony)
    trouble: str = ""
    output: str = ""


@dataclass(frozen=True)
class Judgement:
    """A verdict and the reasons for it."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def parse_run(report: Mapping[str, Any], seconds: float, output: str) -> Run:
    """Make a run of what its process wrote down."""
    testimony = dict(report["testimony"])
    for name in ("searched", "originals"):
        testimony[name] = tuple(testimony[name])
    outcomes = {test: Outcome(outcome) for test, outcome in report["outcomes"].items()}
    return Run(outcomes, report["count"], seconds, Testimony(**testimony), output=output)


def judge(suite: Suite, originals: Run, ours: Run) -> Judgement:
    """Compare the two runs of a suite.

    Anything that is different with ours is a failure, with one exception: what fails with the
    originals does not count against ours.  It is not ``ok`` either.
    """
    troubles = [
        f"with {side}: {run.trouble}"
        for side, run in (("the originals", originals), ("ours", ours))
        if run.trouble
    ]
    if troubles:
        return Judgement(Verdict.FAILED, tuple(troubles))
    wrong, likewise = compare(originals, ours)
    if not wrong and not likewise and {*ours.outcomes.values()} == {Outcome.SKIPPED}:
        return Judgement(Verdict.SKIPPED, ("it skips every test by itself, on this machine",))
    wrong += [*doubts_about_ours(suite, ours.testimony)]
    wrong += [*doubts_about_originals(suite, originals.testimony)]
    if wrong:
        return Judgement(Verdict.FAILED, (*wrong, *likewise))
    return Judgement(Verdict.LIKEWISE if likewise else Verdict.OK, tuple(likewise))


def another_attempt(first: Judgement, last: Judgement) -> Judgement:
    """Judge a suite that failed and was run again: what it did at first is said anyway."""
    if last.verdict is not Verdict.OK:
        return last
    return Judgement(Verdict.UNSTEADY, first.reasons)


def compare(originals: Run, ours: Run) -> tuple[list[str], list[str]]:
    """Return what is wrong with ours, and what is wrong with the originals already."""
    wrong, likewise = [], []
    for test in sorted({*originals.outcomes, *ours.outcomes}):
        before, after = originals.outcomes.get(test), ours.outcomes.get(test)
        line = f"{test}: {before or 'not run'} with the originals, {after or 'not run'} with ours"
        if before in BAD and after is not None:
            likewise.append(line)
        elif before != after or after in BAD:
            wrong.append(line)
    if not ours.outcomes:
        wrong.append("no test ran")
    if originals.count != ours.count and not (wrong or likewise):
        wrong.append(f"{originals.count} tests with the originals, {ours.count} with ours")
    return wrong, likewise


# -- was it really ours? --------------------------------------------------------------------------


def doubts_about_ours(suite: Suite, seen: Testimony) -> Iterable[str]:
    """Yield each reason to doubt that our modules, and only ours, were under test."""
    for name in dict.fromkeys((*NAMES, *suite.modules)):
        if seen.modules.get(name) != OURS + name.rpartition(".")[2]:
            yield f"{name} was {seen.modules.get(name, 'not imported')}, and not ours"
    for place in suite.holders:
        if place not in seen.holders:
            yield f"{place} does not exist: what does the suite test?"
    for place, held in seen.holders.items():
        if not held.startswith(OURS):
            yield f"{place} was {held}, and not ours"
    for name in seen.searched:
        yield f"somebody looked for another {name}"
    if seen.original_functions:
        yield f"{seen.original_functions} functions of the originals were in memory"
    for function, file in seen.code.items():
        if "/miniloop/compat/" not in file:
            yield f"{function} was that of {file}, and not ours"
    yield from _doubts_about_calls(seen, "ours")


def doubts_about_originals(suite: Suite, seen: Testimony) -> Iterable[str]:
    """Yield each reason to doubt that the comparison was made with the originals."""
    if seen.miniloop_loaded:
        yield "miniloop was imported beside the originals"
    for name in suite.modules:
        if seen.modules.get(name) not in seen.originals:
            yield f"the original {name} was {seen.modules.get(name, 'not imported')}"
    for function, file in seen.code.items():
        if file not in seen.originals:
            yield f"the original {function} was that of {file}"
    yield from _doubts_about_calls(seen, "the originals")


def _doubts_about_calls(seen: Testimony, side: str) -> Iterable[str]:
    """A suite that makes no dispatcher proves nothing."""
    if not seen.calls.get("dispatcher.__init__"):
        yield f"no dispatcher was made with {side}"
