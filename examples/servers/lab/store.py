"""Where a run's files go: a directory is replaced as a whole, once its successor is complete."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import files
from .figures import Figure, figures
from .plots import PLOTS
from .rounds import Results
from .table import markdown
from .trial import Failure, Run

TABLE, MACHINE, SCOPE = "tables.md", "machine.txt", "scope.txt"
COMPLETE = "complete"  # what SCOPE says unless it says what is missing
OURS = {TABLE, MACHINE, SCOPE, files.RUNS, files.FAILURES, files.SUMS} | {
    f"{name}.{kind}" for name in PLOTS for kind in ("svg", "png")
}
ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP")


def interrupted(out: Path) -> Path:
    """Return where an interrupted run goes, so that it harms no complete one."""
    real = out.resolve()
    return real.with_name(f"{real.name}-interrupted")


def check(out: Path) -> None:
    """Find out before measuring whether a directory can be written, and replaced.

    Raises:
        OSError: It cannot be written.
        ValueError: It holds files that are not a run's; replacing it would delete them.
    """
    real = out.resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    for entry in sorted(real.iterdir()) if real.exists() else []:
        if entry.name not in OURS:
            raise ValueError(f"it holds other files, such as {entry.name}; name a new directory")
    with tempfile.TemporaryDirectory(dir=real.parent):
        pass


@contextmanager
def replacement(out: Path) -> Iterator[Path]:
    """Yield an empty directory that takes the place of `out` after the block, if that succeeds."""
    check(out)
    real = out.resolve()
    with tempfile.TemporaryDirectory(dir=real.parent, prefix=f".{real.name}-") as staging:
        new, old = Path(staging, "new"), Path(staging, "old")
        new.mkdir()
        yield new
        endings = {getattr(signal, name) for name in ENDINGS}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, endings)  # both renames, or none
        try:
            if real.exists():
                real.rename(old)
            new.rename(real)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def write(out: Path, about: str, scope: str, results: Results) -> None:
    """Replace `out` by the files of a run; `scope` is COMPLETE, or says what it is a part of."""
    sums = figures(results.runs)
    with replacement(out) as new:
        (new / MACHINE).write_text(f"{about}\n", encoding="utf-8")
        (new / SCOPE).write_text(f"{scope}\n", encoding="utf-8")
        files.write(new / files.RUNS, Run, results.runs)
        files.write(new / files.FAILURES, Failure, results.failures)
        files.write(new / files.SUMS, Figure, sums)
        write_tables(new, sums, results.failures)


def write_tables(out: Path, sums: Sequence[Figure], failures: Sequence[Failure]) -> None:
    """Write the tables in Markdown."""
    (out / TABLE).write_text(markdown(sums, failures) + "\n", encoding="utf-8")


def scope(out: Path) -> str:
    """Return what a run is of: COMPLETE, or what it is a part of."""
    path = out / SCOPE
    return path.read_text(encoding="utf-8").strip() if path.exists() else f"without a {SCOPE}"
