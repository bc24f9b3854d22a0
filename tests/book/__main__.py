"""The book's own tools.

    python3 -m tests.book fill                 write excerpts and pictures anew, from the source
    python3 -m tests.book record               record the runs that the chapters play anew
    python3 -m tests.book break NAME           make a change of the book in a copy, see a test fail
    python3 -m tests.book break NAME --show    the same, with what pytest says
    python3 -m tests.book break                all of them
    python3 -m tests.book break --write        all of them, and write what came out into the pages
    python3 -m tests.book kernel               the system calls of one line (Linux, with strace)
    python3 -m tests.book site                 build the site into docs/_build/html

What these need beyond Python is in the virtual environment that ``python3 -m tests`` makes; it is
made here too where it is missing.
"""

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.book import breaking, excerpts, kernel, pages, pictures, site, trace_pictures, workshop
from tests.book.runs import listing, store


def main(argv: Sequence[str]) -> int:
    options = parse_arguments(argv)
    commands: dict[str, Callable[[], int]] = {
        "fill": fill,
        "break": lambda: break_some(options.name, options.show, options.write),
        "kernel": show_kernel,
        "site": site.main,
        "record": record,
    }
    needed = {"break": "pytest", "fill": "pytest", "record": "trustme", "site": "sphinx"}.get(
        options.command
    )
    if needed and importlib.util.find_spec(needed) is None:
        return in_environment(argv)
    return commands[options.command]()


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tests.book", description="The book's tools.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fill", help="write excerpts and pictures anew")
    breaks = commands.add_parser("break", help="make a change in a copy and see a test fail")
    breaks.add_argument("name", nargs="?", help="which one; all of them when not given")
    breaks.add_argument("--show", action="store_true", help="show what pytest says")
    breaks.add_argument("--write", action="store_true", help="write the outcome into the pages")
    commands.add_parser("kernel", help="show the system calls of one line")
    commands.add_parser("site", help="build the site")
    commands.add_parser("record", help="record the runs of the chapters anew")
    return parser.parse_args(argv)


def in_environment(argv: Sequence[str]) -> int:
    """Do it again with the Python that has what is needed."""
    from tests.__main__ import VENV, prepare, venv_python

    if not VENV.exists():
        print(f"installing what the tests need into {VENV}: once, from PyPI, some minutes",
              flush=True)  # fmt: skip
    prepare()
    return subprocess.run([venv_python(), "-m", "tests.book", *argv], check=False).returncode


def fill() -> int:
    pictures.draw_all()
    trace_pictures.draw_all()
    for page in pages.pages():
        text = listing.filled(page, excerpts.filled(page))
        if text != page.read_text():
            page.write_text(text)
            print("filled", page.relative_to(pages.ROOT))
    return 0


def show_kernel() -> int:
    if not kernel.available():
        print("strace is missing, or may not trace: install it (Linux), and allow ptrace")
        return 1
    print(kernel.transcript(), end="")
    return 0


def break_some(name: str | None, show: bool, write: bool) -> int:
    known = breaking.breakages()
    if name is not None and name not in known:
        print(f"the book has no change called {name!r}; it has:", *sorted(known), sep="\n  ")
        return 2
    chosen = [*known.values()] if name is None else [known[name]]
    harmless = 0
    reports: dict[str, str] = {}
    for outcome in workshop.outcomes(chosen, explain=show):
        if show or not outcome.failed:
            print(outcome.output)
        if len(chosen) > 1:
            print(f"{outcome.breakage.name}:")
        print(outcome.report, flush=True)
        harmless += not outcome.failed
        reports[outcome.breakage.name] = outcome.report
    for page in pages.pages() if write else ():
        page.write_text(breaking.with_reports(page.read_text(), reports))
    return 1 if harmless else 0


def record() -> int:
    """Record every run, and write the lists of steps into the chapters."""
    recordings = store.fresh()
    for name in store.write(recordings):
        print("recorded", name)
    store.remove_others([*recordings])
    return fill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
