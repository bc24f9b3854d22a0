"""Record runs, in a process that does nothing else: ``python3 -m tests.book.runs.child NAME ...``.

Writes a JSON object to the standard output, with a recording for each name; with ``--hooks``, the
stages that the trace hooks report in each run.
"""

import importlib
import json
import logging
import sys
from typing import Any

from tests.book.breaking import Breakage
from tests.book.pages import ROOT
from tests.book.runs import broken
from tests.book.runs.catalogue import SCENARIOS, Scenario
from tests.book.runs.recorder import MOST_STEPS
from tests.book.runs.run import Run

_MORE_STEPS = 12
"""A broken run that goes on for ever has so many steps more than the right one."""


def record(
    scenario: Scenario, breakage: Breakage | None = None, most_steps: int = MOST_STEPS
) -> dict[str, Any]:
    """Play it, and return the recording as JSON has it."""
    broken.load(breakage)
    run = _play(scenario, breakage, most_steps)
    recorder = run.recorder
    return {
        "end": run.end,
        "steps": [
            [step.lane, step.text, step.stage, step.number, step.time, step.at, step.state]
            for step in recorder.steps
        ],
        "lines": [list(each) for each in recorder.lines.known],
        "source": recorder.lines.source(),
        "states": recorder.snapshots.states,
    }


def _play(
    scenario: Scenario, breakage: Breakage | None, most_steps: int, trace: object = None
) -> Run:
    module = importlib.import_module(f"tests.book.runs.scenarios.{scenario.program}")
    program = f"tests/book/runs/scenarios/{scenario.program}.py"
    assert (ROOT / program).is_file()
    run = Run(breakage, program, most_steps, sizes=scenario.sizes)
    run.trace = trace
    getattr(module, scenario.function)(run)
    return run


def hooked(scenario: Scenario) -> list[tuple[int, str]]:
    """Play it with hooks in place of the recorder, and return what they have seen."""
    broken.load(None)
    sys.modules.pop("tests.book.runs.hooked", None)  # it was made for the package before
    stages = importlib.import_module("tests.book.runs.hooked").Stages()
    _play(scenario, None, 0, stages)
    found: list[tuple[int, str]] = stages.seen
    return found


def whole(scenario: Scenario) -> dict[str, Any]:
    """Return the run with its twin."""
    twin = scenario.twin
    change = None if twin is None else twin.change()
    right = record(scenario)
    if len(right["steps"]) >= MOST_STEPS:
        raise RuntimeError(f"{scenario.name} has too many steps to be read: skip() some")
    if right["end"]:
        raise RuntimeError(f"{scenario.name}, which is not broken: {right['end']}")
    most = len(right["steps"]) + _MORE_STEPS
    return {
        "name": scenario.name,
        "title": scenario.title,
        "right": right,
        "without": None if twin is None or change is None else {
            "title": twin.title, "file": change.file, "old": change.old, "new": change.new,
        },
        "broken": None if change is None else record(scenario, change, most),
    }  # fmt: skip


def main(names: list[str]) -> None:
    logging.disable(logging.CRITICAL)  # what the runs log is part of what they show
    known = {each.name: each for each in SCENARIOS}
    if names[:1] == ["--hooks"]:
        json.dump({name: hooked(known[name]) for name in names[1:]}, sys.stdout)
    else:
        json.dump({name: whole(known[name]) for name in names or known}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
