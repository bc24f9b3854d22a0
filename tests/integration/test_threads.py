"""One loop for each thread, on this interpreter and on a free-threaded one where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.threads_program import CLIENTS, ROUNDS

ROOT = Path(__file__).parents[2]
THREADS = 4
VERSIONS = ("3.13t", "3.14t")
PATIENCE = 120.0


def found(version: str) -> str | None:
    """Return a command that really runs this free-threaded Python, as .ci/run looks for others."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    installed = sorted(pyenv.glob(f"{version[:-1]}*t/bin/python"))
    named = shutil.which(f"python{version}")
    for candidate in [*([named] if named else []), *map(str, installed)]:
        check = "import sys; print('%d.%dt' % sys.version_info[:2], sys._is_gil_enabled())"
        done = subprocess.run([candidate, "-c", check], capture_output=True, text=True, check=False)
        if done.stdout.split() == [version, "False"]:
            return candidate
    return None


def run(python: str) -> list[str]:
    """Run the program and return what it prints."""
    done = subprocess.run(
        [python, "-W", "error", "-m", "tests.integration.threads_program", str(THREADS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_one_loop_a_thread() -> None:
    assert run(sys.executable)[1:] == [str(ROUNDS * CLIENTS)] * THREADS


@pytest.mark.parametrize("version", VERSIONS)
def test_one_loop_a_thread_without_the_interpreter_lock(version: str) -> None:
    python = found(version)
    if python is None:
        pytest.skip(
            f"NO FREE-THREADED PYTHON {version} FOUND: one loop a thread is not tested on it"
        )
    assert run(python) == ["free"] + [str(ROUNDS * CLIENTS)] * THREADS
