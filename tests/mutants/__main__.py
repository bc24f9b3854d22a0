"""Change the package in small ways, one at a time, and see whether a test fails.

    python3 -m tests.mutants                            a sample of the package, some ten minutes
    python3 -m tests.mutants miniloop/net               a sample of a folder
    python3 -m tests.mutants miniloop.timers --all      every mutant of a module
    python3 -m tests.mutants miniloop/timers.py:129     every mutant of a line
    python3 -m tests.mutants miniloop/net --list        names them, runs nothing

The exit status is 1 if fewer than 95% are noticed.  What it needs beyond Python is in the virtual
environment that ``python3 -m tests`` makes; it is made here too where it is missing.  The command
forks, so it runs on Linux and macOS.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence

NEEDED = ("coverage", "hypothesis", "pytest", "trustme")


def main(argv: Sequence[str]) -> int:
    """Run the command here, or with the Python that has what it needs."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        from tests.__main__ import prepare, venv_python

        prepare()
        return subprocess.run([venv_python(), "-m", "tests.mutants", *argv], check=False).returncode
    from tests.mutants import command

    return command.main(argv)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
