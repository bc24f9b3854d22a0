"""The book's own tools.

    python3 -m tests.book fill                 write excerpts and pictures anew, from the source
    python3 -m tests.book break NAME           make a change of the book in a copy, see a test fail
    python3 -m tests.book break NAME --show    the same, with what pytest says
    python3 -m tests.book break                all of them
    python3 -m tests.book site                 build the site into docs/_build/html

What these need beyond Python is in the virtual environment that ``python3 -m tests`` makes; it is
made here too where it is missing.
"""

import argparse
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.book import breaking, excerpts, pages, pictures, site, workshop


def main(argv: Sequence[str]) -> int:
    options = parse_arguments(argv)
    commands: dict[str, Callable[[], int]] = {
        "fill": fill,
        "break": lambda: break_some(options.name, options.show),
        "site": site.main,
    }
    needed = {"break": "pytest", "fill": "pytest", "site": "sphinx"}.get(options.command)
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
    commands.add_parser("site", help="build the site")
    return parser.parse_args(argv)


def in_environment(argv: Sequence[str]) -> int:
    """Do it again with the Python that has what is needed."""
    from tests.__main__ import prepare, venv_python

    prepare()
    return subprocess.run([venv_python(), "-m", "tests.book", *argv], check=False).returncode


def fill() -> int:
    pictures.draw_all()
    for page in pages.pages():
        text = excerpts.filled(page)
        if text != page.read_text():
            page.write_text(text)
            print("filled", page.relative_to(pages.ROOT))
    return 0


def break_some(name: str | None, show: bool) -> int:
    known = breaking.breakages()
    if name is not None and name not in known:
        print(f"the book has no change called {name!r}; it has:", *sorted(known), sep="\n  ")
        return 2
    chosen = [*known.values()] if name is None else [known[name]]
    harmless = 0
    for outcome in workshop.outcomes(chosen, explain=show):
        if show or not outcome.failed:
            print(outcome.output)
        print(breaking.report(outcome.breakage, outcome.failed), flush=True)
        harmless += not outcome.failed
    return 1 if harmless else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
