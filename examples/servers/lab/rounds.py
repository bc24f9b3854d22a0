"""All trials, round by round; a server that failed at a size is not tried there or beyond again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import trial as one
from .plan import BURSTS, Trial, weight
from .progress import Progress
from .trial import Failure, Run, Settings


@dataclass
class Results:
    """What came of the trials so far."""

    runs: list[Run] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def ended(self, trial: Trial) -> Failure | None:
        """Return the failure that makes a trial pointless: at its connections, or at fewer.

        A server that cannot do bursts is not asked for them again; it may do everything else.
        """
        label, case = trial.contestant.label, trial.case
        for failure in self.failures:
            about_this = failure.shape != BURSTS or BURSTS in case.shapes
            if failure.label == label and failure.connections <= case.connections and about_this:
                return failure
        return None

    def explain(self, trial: Trial, earlier: Failure) -> None:
        """Note why a trial was not made, once for each size."""
        label, connections = trial.contestant.label, trial.case.connections
        if (label, connections) not in {(each.label, each.connections) for each in self.failures}:
            reason = earlier.reason.removeprefix("not tried: ")
            self.failures.append(
                replace(earlier, shape="", connections=connections, reason=f"not tried: {reason}")
            )


def run_all(
    trials: Sequence[Trial], settings: Settings, progress: Progress, results: Results
) -> None:
    """Make all trials. What is measured stands in `results` even when this is interrupted."""
    weights = [weight(trial.case, settings.seconds) for trial in trials]
    progress.begin(sum(weights))
    for trial, size in zip(trials, weights, strict=True):
        progress.show(trial)
        if earlier := results.ended(trial):
            results.explain(trial, earlier)
        else:
            make(trial, settings, results)
        progress.done(size)
    progress.end()


def make(trial: Trial, settings: Settings, results: Results) -> None:
    """Make one trial and note what came of it."""
    for result in one.measure(trial, settings):
        if isinstance(result, Run):
            results.runs.append(result)
        else:
            results.failures.append(result)
