"""Print what the chat room's page costs until its log-in shows.

    python3 -m tests.page_figures

It needs Debian's chromium and chromium-driver. What it needs beyond Python is in the virtual
environment that ``python3 -m tests`` makes; it is made here too where it is missing.
"""

import importlib.util
import subprocess
import sys

NEEDED = ("pytest", "selenium", "websockets")


def main() -> int:
    """Measure here, or with the Python that has what it needs."""
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        from tests.__main__ import prepare, venv_python

        prepare()
        return subprocess.run([venv_python(), "-m", "tests.page_figures"], check=False).returncode
    import pytest

    try:
        report()
    except pytest.skip.Exception as reason:
        print(f"python3 -m tests.page_figures: {reason}", file=sys.stderr)
        return 1
    return 0


def report() -> None:
    """Run a browser and print a line for each network."""
    from tests.integration.browser import chromium
    from tests.page_figures.measuring import FAST_3G, SLOW_3G, lines

    with chromium() as page:
        for line in lines(page, (None, FAST_3G, SLOW_3G)):
            print(line)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
