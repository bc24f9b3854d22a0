"""Run other people's test suites on asyncore and asynchat, and on ours.

    python3 -m tests.suites                           all that there are for this Python
    python3 -m tests.suites --only test_ssl           one of them; the option may be repeated
    python3 -m tests.suites --part projects           those of pyftpdlib and standard-smtpd
    python3 -m tests.suites --jobs 1                  one process at a time

Runs on a bare Python, and tests that Python; see docs/reference/compat-suites.md.  The exit status
is 1 if something failed that does not fail with the originals, and 0 otherwise: what was skipped
is said in the closing lines.
"""

import argparse
import importlib.util
import platform
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace

from tests.suites import report, running
from tests.suites.catalogue import Suite, suites_for
from tests.suites.packages import Site, UnavailableError, site_for
from tests.suites.results import Judgement, Run, Verdict, another_attempt, judge

ENDINGS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
PYTHON = platform.python_version()
JOBS = 4
"""Python's own suites wait far more than they compute (test_ssl: 36 s, 1.7 s of them computing), so
that this many at once do not disturb each other on two processors."""


ATTEMPTS = 3
"""One test of pyftpdlib's fails once in 20 runs, on either side."""


def main(argv: Sequence[str]) -> int:
    """Run the chosen suites; the exit status is 1 if one failed."""
    suites = suites_for(sys.version_info[:2])
    options = parse_arguments(argv, [suite.name for suite in suites])
    chosen = [suite for suite in suites if is_chosen(suite, options)]
    started = time.perf_counter()
    entries = []
    for entry in entries_of(chosen, options.jobs):
        entries.append(entry)
        for line in (report.line(entry), *report.details(entry)):
            say(line)
    for line in report.summary(PYTHON, entries, time.perf_counter() - started):
        say(line)
    return 1 if any(entry.judgement.verdict is Verdict.FAILED for entry in entries) else 0


def end(number: int, frame: object) -> None:
    """Leave on the first signal, in order: nobody stays behind, however often it is repeated."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise KeyboardInterrupt


def parse_arguments(argv: Sequence[str], names: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.suites",
        description="Run other people's test suites on asyncore and asynchat, and on ours.",
    )
    parser.add_argument("--only", action="append", choices=names, help="run this suite only")
    parser.add_argument(
        "--part", choices=["python", "projects"], help="Python's own, or the others"
    )
    parser.add_argument("--jobs", type=int, default=JOBS, help="processes at a time (%(default)s)")
    return parser.parse_args(argv)


def is_chosen(suite: Suite, options: argparse.Namespace) -> bool:
    """Tell whether the options ask for a suite."""
    part = "projects" if suite.project else "python"
    return options.part in (None, part) and (not options.only or suite.name in options.only)


def entries_of(suites: Sequence[Suite], jobs: int) -> Iterator[report.Entry]:
    """Run suites and yield each as it ends: Python's own several at a time, then the others."""
    yield from stdlib_entries([suite for suite in suites if not suite.project], jobs)
    sites: dict[str, Site | str] = {}
    for suite in suites:
        if suite.project:
            if suite.project not in sites:
                sites[suite.project] = find_site(suite.project)
            yield serial_entry(suite, sites[suite.project])


# -- Python's own ---------------------------------------------------------------------------------


def stdlib_entries(suites: Iterable[Suite], jobs: int) -> Iterator[report.Entry]:
    """Run Python's own suites, both sides of each side by side."""
    present = []
    for suite in suites:
        if is_there(suite.target):
            present.append(suite)
        else:
            yield skipped(suite, f"{sys.executable} has no {suite.target}: {hint()}")
    pool = ThreadPoolExecutor(jobs)
    pairs: dict[str, dict[bool, Run]] = {suite.name: {} for suite in present}
    futures: dict[Future[Run], tuple[Suite, bool]] = {
        pool.submit(running.run, suite, ours): (suite, ours)
        for suite in present
        for ours in (False, True)
    }
    try:
        for future in as_completed(futures):
            suite, ours = futures[future]
            pair = pairs[suite.name]
            pair[ours] = future.result()
            if len(pair) == 2:
                yield entry_of(suite, pair[False], pair[True])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def is_there(module: str) -> bool:
    """Tell whether this Python has a module of a package that may itself be missing."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def hint() -> str:
    """Say where Python's test package is to be had."""
    package = f"libpython{sys.version_info[0]}.{sys.version_info[1]}-testsuite"
    return f"Debian and Ubuntu keep Python's tests in {package}"


# -- those of other projects ----------------------------------------------------------------------


def find_site(project: str) -> Site | str:
    """Return where a project's suites run, or why they cannot."""
    try:
        return site_for(project, sys.version_info[:2])
    except UnavailableError as error:
        return str(error)


def serial_entry(suite: Suite, site: Site | str) -> report.Entry:
    """Run one suite with nothing else beside it, and again if something was wrong.

    pyftpdlib's suite needs that: it races with itself, with the originals too (see the document).
    """
    if isinstance(site, str):
        return skipped(suite, site)
    if suite.project == "standard-smtpd" and not is_there("test.mock_socket"):
        return skipped(suite, f"its tests need Python's own: {hint()}")
    first = entry = one_attempt(suite, site)
    attempts = 1
    while entry.judgement.verdict is Verdict.FAILED and attempts < ATTEMPTS:
        say(f"{suite.name}: attempt {attempts} failed, {entry.judgement.reasons[0]}")
        entry = one_attempt(suite, site)
        attempts += 1
    if attempts == 1:
        return entry
    return replace(entry, judgement=another_attempt(first.judgement, entry.judgement))


def one_attempt(suite: Suite, site: Site) -> report.Entry:
    """Run a suite on both sides, one after the other."""
    return entry_of(suite, running.run(suite, False, site), running.run(suite, True, site))


# -- results --------------------------------------------------------------------------------------


def entry_of(suite: Suite, originals: Run, ours: Run) -> report.Entry:
    """Judge the two runs of a suite."""
    return report.Entry(PYTHON, suite.name, judge(suite, originals, ours), originals, ours)


def skipped(suite: Suite, reason: str) -> report.Entry:
    """Say why a suite did not run."""
    return report.Entry(PYTHON, suite.name, Judgement(Verdict.SKIPPED, (reason,)))


def say(line: str) -> None:
    """Print one line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    for number in ENDINGS:
        signal.signal(number, end)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        running.kill_all()
