"""The lines that the command prints.  Pure logic."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.suites.results import BAD, Judgement, Outcome, Run, Verdict

OUTPUT_LINES = 120
"""How much of a suite's own output is shown when something is wrong with it."""


@dataclass(frozen=True)
class Entry:
    """What is known of a suite in the end; one that did not run has no runs."""

    python: str
    suite: str
    judgement: Judgement
    originals: Run | None = None
    ours: Run | None = None


def line(entry: Entry) -> str:
    """Return the suite's line."""
    verdict = entry.judgement.verdict
    start = f"{entry.python:7} {entry.suite:20}"
    if entry.originals is None or entry.ours is None:
        return f"{start} {verdict}: {'; '.join(entry.judgement.reasons)}"
    return (
        f"{start} {entry.originals.count:4} / {entry.ours.count:3} tests"
        f"{_details(entry.ours):12} {verdict}"
        f"   {entry.originals.seconds:.1f} / {entry.ours.seconds:.1f} s   {proof(entry.ours)}"
    ).rstrip()


def _details(run: Run) -> str:
    """Count what is neither passed nor failed in silence: ``, 8 skipped``."""
    numbers = Counter(run.outcomes.values())
    bad = sum(numbers[outcome] for outcome in BAD)
    parts = [
        f", {number} {what}"
        for number, what in (
            (numbers[Outcome.SKIPPED], "skipped"),
            (numbers[Outcome.EXPECTED_FAILURE], "xfailed"),
            (bad, "FAILED"),
        )
        if number
    ]
    return "".join(parts)


def proof(run: Run) -> str:
    """Say how much of asyncore the suite used; whose it was is the judge's question."""
    calls = run.testimony.calls
    if not calls:
        return ""
    return (
        f"{calls['dispatcher.__init__']} dispatchers"
        f" ({calls['async_chat.__init__']} chats),"
        f" {calls['dispatcher.handle_read_event']} read events, {calls['loop']} loops"
    )


def details(entry: Entry) -> Iterable[str]:
    """Yield what is to be read below the line when the verdict is not ``ok``."""
    if entry.originals is None or entry.ours is None or entry.judgement.verdict is Verdict.OK:
        return
    for reason in entry.judgement.reasons:
        yield f"        {reason}"
    if entry.judgement.verdict is not Verdict.FAILED:
        return
    for side, run in (("the originals", entry.originals), ("ours", entry.ours)):
        if run.trouble or BAD & {*run.outcomes.values()}:
            yield f"        its output with {side}, the end of it:"
            yield from (f"        | {text}" for text in run.output.splitlines()[-OUTPUT_LINES:])


def summary(python: str, entries: Sequence[Entry], seconds: float) -> list[str]:
    """Return the closing lines: whatever is not ``ok`` once more, and the count."""
    lines = []
    for verdict in Verdict:
        for entry in entries:
            if entry.judgement.verdict is verdict and verdict is not Verdict.OK:
                first = (*entry.judgement.reasons, "")[0]
                lines.append(f"{verdict}: Python {python}, {entry.suite}, because {first}")
    numbers = Counter(entry.judgement.verdict for entry in entries)
    counts = [
        f"{numbers[verdict]} {verdict}"
        for verdict in Verdict
        if numbers[verdict] or verdict is Verdict.OK
    ]
    return [*lines, f"suites on Python {python}: {', '.join(counts)}, {seconds:.0f} s"]
