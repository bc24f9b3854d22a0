"""Play the scenarios on the steps of the growing loop.

python3 -m examples.inside.growing                       each on the step before it works
python3 -m examples.inside.growing came-back             one, on all steps
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.inside.growing.scenarios import SCENARIOS
from examples.inside.growing.stage import play

STEPS = sorted(path.stem for path in Path(__file__).parent.glob("step*.py"))


def main(argv: Sequence[str]) -> int:
    """Print a line for each."""
    logging.disable()  # the steps report what the scenarios do to them
    if argv and argv[0] not in SCENARIOS:
        print(f"no scenario {argv[0]!r}; there are: {', '.join(SCENARIOS)}")
        return 2
    for line in on_all_steps(argv[0]) if argv else on_the_step_before():
        print(line, flush=True)
    return 0


def on_all_steps(name: str) -> list[str]:
    """Return what becomes of one scenario, step by step."""
    return [f"{step:22}{play(step, SCENARIOS[name][0]) or 'all is well'}" for step in STEPS]


def on_the_step_before() -> list[str]:
    """Return, for each scenario, why the step before the one that passes it is not enough."""
    lines = []
    for name, (scenario, first) in SCENARIOS.items():
        if first != STEPS[0]:
            before = STEPS[STEPS.index(first) - 1]
            lines.append(f"{name:18}{before:22}{play(before, scenario)}")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
