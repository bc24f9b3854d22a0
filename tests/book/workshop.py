"""Where changes are made and tests fail: a copy of the tree, and a process forked for each test.

The copy is made once for each bench and the changed file put back after each test.  The fork saves
the time to import pytest, which is longer than most of the tests take.  Nothing here may import
miniloop: the child has to import the changed one.
"""

import io
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.book.breaking import Breakage, apply, report
from tests.book.pages import ROOT

PARTS = ("miniloop", "examples", "tests")
BENCHES = 2
"""Tests at once."""
LONGEST = 120
"""Seconds for one test in a changed copy; a healthy one needs one."""
_FAILED = 1
"""pytest's exit status for failed tests; others mean that none ran, or not to its end."""


@dataclass
class Bench:
    """A copy of the tree in which one thing at a time is broken."""

    root: Path
    pid: int = 0
    breakage: Breakage | None = None
    kept: str = ""
    before: str = ""

    @property
    def log(self) -> Path:
        return self.root / "said"

    @property
    def seen(self) -> Path:
        """Where the child writes the symptom."""
        return self.root / "seen"

    def start(self, breakage: Breakage, explain: bool, before: str) -> None:
        """Make the change, and look for the symptom and run the test in a child."""
        self.before = before
        file = self.root / breakage.file
        self.kept = file.read_text()
        apply(breakage, self.root)
        self.breakage = breakage
        self.pid = os.fork()
        if not self.pid:
            status = 70  # nothing of this may return into the parent's program
            try:
                status = _run_test(self, breakage, explain)
            finally:
                _write_out()
                os._exit(status)

    def finish(self, status: int) -> "Outcome":
        """Put the file back; return what came of it."""
        assert self.breakage is not None
        (self.root / self.breakage.file).write_text(self.kept)
        failed = os.waitstatus_to_exitcode(status) == _FAILED
        after = self.seen.read_text() if self.seen.exists() else "no symptom: see --show"
        return Outcome(self.breakage, failed, self.log.read_text(), self.before, after)


@dataclass(frozen=True)
class Outcome:
    """Whether the test failed, as it should, what it said, and the symptom before and after."""

    breakage: Breakage
    failed: bool
    output: str
    before: str
    after: str

    @property
    def report(self) -> str:
        """What the pages show."""
        return report(self.breakage, (self.before, self.after, self.failed))


def outcomes(breakages: Iterable[Breakage], explain: bool = False) -> Iterator[Outcome]:
    """Make all of these changes, each by itself; yield what comes of them as they end.

    With ``explain`` the output shows the values in a failed assertion, for which pytest has to
    rewrite the modules of tests: some two seconds each.
    """
    import hypothesis  # noqa: F401 - so that the children need not
    import pytest  # noqa: F401

    waiting = [*breakages]
    with ExitStack() as stack:
        free = [stack.enter_context(copy_of_tree()) for _ in range(min(BENCHES, len(waiting)))]
        benches = [Bench(Path(root)) for root in free]
        before = healthy(benches[0], [each.name for each in waiting]) if benches else {}
        running: dict[int, Bench] = {}
        while waiting or running:
            while waiting and benches:
                bench = benches.pop()
                breakage = waiting.pop(0)
                bench.start(breakage, explain, before.get(breakage.name, ""))
                running[bench.pid] = bench
            pid, status = os.wait()
            bench = running.pop(pid)
            benches.append(bench)
            yield bench.finish(status)


def healthy(bench: Bench, names: list[str]) -> dict[str, str]:
    """Return what is seen in the unchanged tree, by the changes' names."""
    pid = os.fork()
    if not pid:
        try:
            signal.alarm(LONGEST)
            enter(bench.root, bench.log)
            bench.seen.write_text("\n".join(symptom(name) for name in names))
        finally:
            _write_out()
            os._exit(0)
    os.waitpid(pid, 0)
    return dict(zip(names, bench.seen.read_text().split("\n"), strict=True))


def symptom(name: str) -> str:
    """Return the symptom of one change, on the code that is imported; "" where it has none.

    What it raises is the symptom too: a system without epoll has no ghosts, for example.
    """
    import logging

    from tests.book import symptoms

    logging.disable()
    try:
        return symptoms.SYMPTOMS[name]() if name in symptoms.SYMPTOMS else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        logging.disable(logging.NOTSET)


def copy_of_tree(
    root: Path = ROOT, parts: Iterable[str] = PARTS
) -> "tempfile.TemporaryDirectory[str]":
    """Copy what the tests need of a tree into a temporary folder."""
    directory = tempfile.TemporaryDirectory()
    for part in parts:
        if (root / part).is_dir():
            shutil.copytree(root / part, Path(directory.name, part))
    shutil.copy(root / "pyproject.toml", directory.name)
    return directory


def _write_out() -> None:
    """Write what pytest printed last: os._exit() drops what is still buffered."""
    sys.stdout.flush()
    sys.stderr.flush()


def _run_test(bench: Bench, breakage: Breakage, explain: bool) -> int:
    """In the child: look, and run the test, with what is in the copy and nothing from outside."""
    signal.alarm(LONGEST)
    enter(bench.root, bench.log)
    bench.seen.unlink(missing_ok=True)
    try:
        bench.seen.write_text(symptom(breakage.name))
    except Exception as error:  # a copy that cannot be imported: the test shows why
        print(f"the symptom could not be played: {error!r}")
    import pytest

    already = "ignore::pytest.PytestAssertRewriteWarning"  # hypothesis was imported by the parent
    options = ["-q", "-x", "-p", "no:cacheprovider", "-W", already]
    options += [] if explain else ["--assert=plain"]
    return int(pytest.main([*options, breakage.test]))


def enter(root: Path, log: Path) -> None:
    """In a forked child: import from the copy alone, and write output to a file."""
    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # os._exit() writes nothing out
    os.chdir(root)
    os.environ["PYTHONPATH"] = str(root)
    sys.path[:] = [str(root), *(p for p in sys.path if p and Path(p).resolve() != ROOT)]
    for name in [*sys.modules]:
        if name.split(".")[0] in PARTS:
            del sys.modules[name]
    sys.dont_write_bytecode = True  # or the next change of the file within a second goes unseen
