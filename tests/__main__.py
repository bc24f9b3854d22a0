"""Every check of the project with one command: ``python3 -m tests``.

This file runs on a bare Python: standard library only. It makes a virtual environment for the
interpreter that runs it (``.venv/3.11`` and so on), since pip may refuse to install anywhere else,
puts the project and its test tools there, and runs the stages in it. A failed stage does not stop
the later ones: one run tells everything that is wrong.

    python3 -m tests                        all stages
    python3 -m tests --only mypy            one stage; the option may be repeated
    python3 -m tests --only pytest -- -k timers -x
    python3 -m tests --only pytest -- -n 0 --pdb        in one process

pytest comes last and its own closing line, with counts and time, is its report.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv" / f"{sys.version_info.major}.{sys.version_info.minor}"
STAMP = VENV / "installed"

# The page is checked with axe-core, a script which this package carries. The package itself is not
# used, so what it depends on (another driver of browsers, of a hundred megabytes) is left out.
ALONE = ("axe-playwright-python>=0.1.8",)

STAGES: dict[str, list[str]] = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "docs": ["tests.book", "site"],
    "package": ["tests.package"],
    # A process a core, each with whole files: those share a server, a browser, a book.  A tree in
    # which a hundred tests fail is broken, and most of them would wait for what does not come.
    "pytest": ["pytest", "-n", "auto", "--dist", "loadfile", "--maxfail", "100"],
}


MINUTES = {"mypy": 2, "docs": 2, "package": 2, "pytest": 20}
"""What each stage takes about, on two cores; the others take seconds."""
SIGN_OF_LIFE = 10.0  # seconds of silence until a line says that a stage is at work


def main(argv: Sequence[str]) -> int:
    """Run the chosen stages; the exit status is 0 if all of them passed, else 1."""
    options, pytest_args = parse_arguments(argv)
    chosen = [name for name in STAGES if not options.only or name in options.only]
    say(how_long(chosen))
    prepare()
    failed = [name for name in chosen if not run_stage(name, pytest_args)]
    if failed:
        say(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def parse_arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split our own options from those after ``--``, which are pytest's."""
    own = list(argv)
    rest: list[str] = []
    if "--" in own:
        cut = own.index("--")
        own, rest = own[:cut], own[cut + 1 :]
    parser = argparse.ArgumentParser(
        prog="python3 -m tests",
        description="Run all checks of the project, in a virtual environment made for them.",
        epilog="What follows -- is passed on to pytest.",
    )
    parser.add_argument("--only", action="append", choices=list(STAGES), help="run this stage only")
    return parser.parse_args(own), rest


# -- the virtual environment ----------------------------------------------------------------------


def prepare() -> None:
    """Make the virtual environment if needed and install into it what is not there yet."""
    if sys.version_info < (3, 11):  # noqa: UP036 - nothing was installed yet, nothing has checked
        give_up("miniloop needs Python 3.11 or later; this is " + sys.version.split()[0])
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and venv_runs():
        return
    started = time.perf_counter()
    if not venv_runs():
        create_venv()
    install()
    STAMP.write_text(wanted)
    say(f"environment {VENV.relative_to(ROOT)}: ready, {time.perf_counter() - started:.1f} s")


def fingerprint() -> str:
    """Return a value that changes when what must be installed changes.

    The root belongs to it: the project is installed in place, so a moved clone must do it again.
    """
    content = (ROOT / "pyproject.toml").read_bytes() + os.fsencode(ROOT)
    content += " ".join(ALONE).encode()
    return hashlib.sha256(content).hexdigest()


def venv_python() -> Path:
    """Return the path of the virtual environment's interpreter, whether it exists or not."""
    return VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python"


def venv_runs() -> bool:
    """Tell whether the environment's interpreter starts and has pip (an upgrade can break both)."""
    try:
        command = [str(venv_python()), "-c", "import pip"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def create_venv() -> None:
    """Make the virtual environment afresh; where Python lacks the means, say what to install."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            give_up(
                f"this Python has no {module} module, which makes virtual environments: "
                f"install the package python{version}-venv (Debian, Ubuntu), or another Python."
            )
    say(f"making {VENV.relative_to(ROOT)} ...")
    if at_work("venv", [sys.executable, "-m", "venv", "--clear", str(VENV)]):
        give_up(f"could not make the virtual environment {VENV}: the reason is above.")


def install() -> None:
    """Install the project in place, with its test tools and what builds the site."""
    say("installing miniloop and its test tools ...")
    pip = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    whole, alone = [*pip, "--editable", ".[test,docs]"], [*pip, "--no-deps", *ALONE]
    if at_work("pip", whole) or at_work("pip", alone):
        give_up("could not install the test tools: pip's reason is above.")


# -- the stages -----------------------------------------------------------------------------------


def run_stage(name: str, pytest_args: Sequence[str]) -> bool:
    """Run one stage, say how it went, and return whether it passed."""
    say(f"--- {name}")
    command = [str(venv_python()), "-m", *STAGES[name]]
    if name == "pytest":
        command += pytest_args
    started = time.perf_counter()
    passed = at_work(name, command, shows=name == "pytest") == 0
    if name != "pytest":
        verdict = "passed" if passed else "FAILED"
        say(f"{name}: {verdict}, {time.perf_counter() - started:.1f} s")
    return passed


def at_work(name: str, command: Sequence[str], *, shows: bool = False) -> int:
    """Run a command in the project's root and return its status.

    Unless it ``shows`` by itself that it is at work, a line says so from time to time.
    """
    # The project's files are UTF-8, which Python does not take for granted in every locale.
    environment = os.environ | {"PYTHONUTF8": "1"}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        while True:
            try:
                return process.wait(None if shows else SIGN_OF_LIFE)
            except subprocess.TimeoutExpired:
                say(f"{name}: at work, {time.perf_counter() - started:.0f} s")


def how_long(chosen: Sequence[str]) -> str:
    """Say how long the chosen stages will take."""
    minutes = sum(MINUTES.get(name, 0) for name in chosen)
    stages = f"about {minutes} minutes on two cores" if minutes else "less than a minute"
    first = "" if STAMP.is_file() else ", after a minute or two for the virtual environment"
    return f"{', '.join(chosen)}: {stages}{first}; Ctrl-C ends it"


def say(line: str) -> None:
    """Print one line at once, so that it stands in order with what the stages print themselves."""
    print(line, flush=True)


def give_up(reason: str) -> None:
    """End the program with one sentence."""
    raise SystemExit(f"python3 -m tests: {reason}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
