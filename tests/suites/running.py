"""Run a suite on one side, in a process of its own, and read what it wrote down."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from tests.suites.catalogue import Suite
from tests.suites.packages import Site, unpack
from tests.suites.results import Run, parse_run

INSIDE = Path(__file__).with_name("inside.py")
LIMIT = 180.0
"""Seconds for a suite on one side; the longest, test_ssl, takes 40."""

_alive: set[int] = set()  # process groups
_starting = threading.Lock()  # held while one is started, and while all are ended
_over = threading.Event()


def run(suite: Suite, ours: bool, site: Site | None = None) -> Run:
    """Run a suite in a temporary folder of its own.

    Args:
        suite: what to run.
        ours: on our modules; else on the originals.
        site: where a project from PyPI runs; Python's own suites run on this interpreter.
    """
    folder = Path(tempfile.mkdtemp(prefix="suite-"))
    try:
        return _run_in(folder, suite, ours, site)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_in(folder: Path, suite: Suite, ours: bool, site: Site | None) -> Run:
    """Prepare a folder, start the process and make sense of what it left."""
    work, temporary, report = folder / "work", folder / "tmp", folder / "report"
    work.mkdir()
    temporary.mkdir()
    path = []
    environment = _environment(temporary)
    if site is not None:
        environment.update(site.settings)
        path = [str(entry) for entry in site.path]
    if site is not None and site.source is not None:
        work = unpack(site.source, work)
        path.insert(0, str(work / site.inside))
    request = {
        "suite": dataclasses.asdict(suite),
        "ours": ours,
        "path": path,
        "limit": LIMIT,
        "report": str(report),
    }
    python = sys.executable if site is None else str(site.python)
    started = time.perf_counter()
    command = [python, str(INSIDE), json.dumps(request)]
    output, trouble = _execute(command, work, environment)
    seconds = time.perf_counter() - started
    if not report.is_file():
        return Run(seconds=seconds, trouble=trouble or "it wrote down no result", output=output)
    return parse_run(json.loads(report.read_text()), seconds, output)


def _environment(temporary: Path) -> dict[str, str]:
    """Return our environment without what changes Python, and with a place for debris."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST"))
    }
    environment["TMPDIR"] = str(temporary)
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # our own plugins are not the suite's
    return environment


def _execute(command: list[str], work: Path, environment: dict[str, str]) -> tuple[str, str]:
    """Run a command to its end, and whatever it started; return its output and what went wrong."""
    trouble = ""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = _start(command, work, environment, output)
        if process is None:
            return "", "interrupted"
        try:
            if status := process.wait(LIMIT + 10):  # it gives up by itself, with its stacks, before
                trouble = f"exit status {status}, and no result"
        except subprocess.TimeoutExpired:
            trouble = f"no end after {LIMIT:.0f} s"
        finally:
            _kill(process.pid)
            process.wait()
            _alive.discard(process.pid)
        output.seek(0)
        return output.read(), trouble


def _start(
    command: list[str], work: Path, environment: dict[str, str], output: IO[str]
) -> subprocess.Popen[bytes] | None:
    """Start a command in a process group of its own; None when all is to end."""
    with _starting:
        if _over.is_set():
            return None
        process = subprocess.Popen(
            command,
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _alive.add(process.pid)
        return process


def _kill(group: int) -> None:
    """End a process group, if there is one left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_all() -> None:
    """End every suite that is running, and let none begin any more."""
    with _starting:
        _over.set()
        for group in [*_alive]:
            _kill(group)
