"""Look for inputs that break a target: `python3 -m tests.fuzz [TARGET ...] [--seconds N]`.

Needs atheris, which drives LLVM's libFuzzer by the coverage of the Python
code. What it finds worth keeping is reduced to the few inputs that reach everything reached so far,
and replaces the corpus; look at the difference before you commit it. An input that breaks a target
is left in this folder as ``crash-...``: put it into the corpus, so that the tests keep it.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
NAMES = ("framing", "telnet", "requests", "head", "proxies", "conversation")
LONGEST = 400  # bytes; longer inputs find nothing that shorter ones do not, and are slow


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz the targets one after the other; the exit status is 1 if one of them broke."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"some of: {', '.join(NAMES)} (all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--keep", action="store_true", help="reduce the findings into the corpus")
    options = parser.parse_args(argv)
    if unknown := set(options.targets) - set(NAMES):
        parser.error(f"there is no target {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    if importlib.util.find_spec("atheris") is None:
        install = "python3 -m venv .venv/fuzz && .venv/fuzz/bin/pip install -e '.[test]' atheris"
        parser.error(f"the package atheris is missing; in this clone: {install}")
    broken = [
        name for name in options.targets or NAMES if not fuzz(name, options.seconds, options.keep)
    ]
    for name in broken:
        print(f"BROKEN: {name}; the input is in {HERE}/crash-*")
    return 1 if broken else 0


def fuzz(name: str, seconds: int, keep: bool) -> bool:
    """Fuzz one target for so long; return whether it held."""
    print(f"--- {name}, {seconds} s", flush=True)
    with tempfile.TemporaryDirectory() as found:
        code, told = run(name, f"-max_total_time={seconds}", found, str(CORPUS / name))
        if code:
            print(told)
            return False
        runs = re.search(r"number_of_executed_units: *(\d+)", told)
        print(f"{name}: held in {runs[1] if runs else 'some'} runs", flush=True)
        if keep:
            reduce(name, found)
    return True


def reduce(name: str, found: str) -> None:
    """Replace the corpus of `name` by the fewest of its inputs and those found."""
    with tempfile.TemporaryDirectory() as fewer:
        code, told = run(name, "-merge=1", fewer, str(CORPUS / name), found)
        if code:
            raise SystemExit(told)
        kept = sorted(Path(fewer).iterdir())
        if not kept:
            raise SystemExit(f"{name}: nothing was left of the corpus\n{told}")
        shutil.rmtree(CORPUS / name)
        (CORPUS / name).mkdir()
        for number, path in enumerate(kept, 1):
            shutil.copyfile(path, CORPUS / name / f"{number:03}")
    print(f"{name}: {len(kept)} inputs kept", flush=True)


def run(name: str, *arguments: str) -> tuple[int, str]:
    """Run libFuzzer in a process of its own, which it ends; return its exit code and its words."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", name, f"-max_len={LONGEST}", "-timeout=10"]
    quiet = ["-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={HERE}/"]
    done = subprocess.run(
        [*command, *quiet, *arguments],
        cwd=HERE.parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main())
