"""Copies of the tree, and a forked child in each that runs tests on one mutant at a time.

Nothing here may import miniloop: the child has to import the changed one.  The parent imports what
is slow to import and is not of the tree, once for all its children.
"""

import compileall
import importlib
import os
import py_compile
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.book.workshop import PARTS as TREE
from tests.book.workshop import copy_of_tree, enter
from tests.mutants.inside import SOFTWARE_ERROR
from tests.mutants.mutant import Mutant

SHARED = ("asyncio", "hypothesis", "ssl", "trustme")
"""What many tests import, and is slow to import; those that are missing are left out."""
PARTS = (*TREE, "docs")  # some tests run the programs of a page
LIMITS = {
    resource.RLIMIT_AS: 2 << 30,  # a mutant may allocate without end, two of them at once
    resource.RLIMIT_FSIZE: 256 << 20,  # or write
    resource.RLIMIT_CORE: 0,
}
"""Bytes that a child and each process that it starts may have."""


@dataclass(frozen=True)
class Trial:
    """Something to run in a copy of the tree, with one mutant in it or none.

    Attributes:
        run: called in the child; returns its exit status.
        mutant: the change; without one the copy stays as it is.
    """

    run: Callable[[], int]
    mutant: Mutant | None = None


@dataclass(frozen=True)
class Result:
    """What a trial ended with: the exit status, negative for a signal, and the output."""

    trial: Trial
    status: int
    output: str

    @property
    def timed_out(self) -> bool:
        """Whether the watchdog ended it."""
        return "Timeout (0:" in self.output


class Bench:
    """A copy of the tree."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._log = root / "output"
        self._kept = b""
        self._trial: Trial | None = None
        # Hashes, not times of change: a mutant of the same length is made within the same second.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(root, quiet=2, invalidation_mode=mode)

    def start(self, trial: Trial) -> int:
        """Make the change and run the trial in a child; return its process id."""
        self._trial = trial
        if trial.mutant is not None:
            file = self._root / trial.mutant.file
            self._kept = file.read_bytes()
            file.write_bytes(trial.mutant.apply(self._kept))
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            status = SOFTWARE_ERROR  # nothing of this may return into the parent's program
            try:
                status = self._run(trial)
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(status)
        return pid

    def _run(self, trial: Trial) -> int:
        os.setsid()  # a group of its own, to be ended with all that it started
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs
        for limit, bytes_ in LIMITS.items():
            resource.setrlimit(limit, (bytes_, bytes_))
        enter(self._root, self._log)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        return trial.run()

    def finish(self, pid: int, status: int) -> Result:
        """End what the child left running, put the module back, return what came of it.

        Raises:
            RuntimeError: the error is one of this command, not of a test.
        """
        assert self._trial is not None
        kill(pid)
        if self._trial.mutant is not None:
            (self._root / self._trial.mutant.file).write_bytes(self._kept)
        output = self._log.read_text(errors="replace") if self._log.exists() else ""
        code = os.waitstatus_to_exitcode(status)
        if code == SOFTWARE_ERROR:
            what = self._trial.mutant or "the unchanged tree"
            raise RuntimeError(f"the child for {what} broke:\n{output[-3000:]}")
        return Result(self._trial, code, output)


def results(trials: Iterable[Trial], root: Path, jobs: int) -> Iterator[Result]:
    """Run trials, so many at a time; yield what comes of each as it ends.

    Args:
        trials: asked for the next one when a copy is free.
        root: the tree to copy.
        jobs: how many copies there are.
    """
    for name in SHARED:
        with suppress(ImportError):
            importlib.import_module(name)
    waiting = iter(trials)
    running: dict[int, Bench] = {}
    with ExitStack() as stack:
        free = [Bench(Path(stack.enter_context(copy_of_tree(root, PARTS)))) for _ in range(jobs)]
        stack.callback(_kill_all, running)
        while True:
            while free and (trial := next(waiting, None)) is not None:
                bench = free.pop()
                running[bench.start(trial)] = bench
            if not running:
                return
            pid, status = os.wait()
            bench = running.pop(pid)
            free.append(bench)
            yield bench.finish(pid, status)


def _kill_all(running: dict[int, Bench]) -> None:
    for pid in running:
        kill(pid)
        os.waitpid(pid, 0)


def kill(group: int) -> None:
    """End a process group, if there is one left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
