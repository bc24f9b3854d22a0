"""What the second distribution costs a Python that imports neither module.

    python3 -m tests.distribution.startup [RUNS]

An environment with it and one without are started in turn, by default 100 times each.  The figures
are medians of what ``python3 -X importtime -c pass`` says that all imports took together.
"""

import re
import statistics
import sys
import tempfile
from pathlib import Path

from tests.distribution.environments import MAIN, PYTHONS, Environment, build, find_python

SELF = re.compile(r"^import time:\s+(\d+) \|", re.MULTILINE)


def main(runs: int) -> None:
    """Print a line for each Python."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheels = folder / "wheels"
        build(folder, wheels)
        for version in PYTHONS:
            base = find_python(version)
            if base is None:
                print(f"SKIPPED: there is no Python {version}")
                continue
            bare, full = (Environment(folder / f"{version}-{n}", base, wheels) for n in range(2))
            bare.pip("install", MAIN)
            full.pip("install", "miniloop-asyncore")
            without, within, imported = measure(bare, full, runs)
            print(f"Python {version}: {without:.2f} ms without, {within:.2f} ms with it")
            print(f"             with it and `import asyncore`: {imported:.2f} ms")


def measure(bare: Environment, full: Environment, runs: int) -> list[float]:
    """Return three medians, in milliseconds; what is compared is started in turn."""
    programs = (bare, "pass"), (full, "pass"), (full, "import asyncore")
    times: list[list[float]] = [[], [], []]
    for _ in range(runs + 1):
        for (environment, code), found in zip(programs, times, strict=True):
            said = environment.start("-X", "importtime", "-c", code).stderr
            found.append(sum(map(int, SELF.findall(said))) / 1000)
    return [statistics.median(found[1:]) for found in times]  # the first one compiles


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
