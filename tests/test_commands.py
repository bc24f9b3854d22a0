"""Commands that we tell people to type work where only Debian's own Python is: it is python3."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXTS = {".md", ".py", ".toml", ".html", ".js", ".service", ""}
FOLDERS = ("miniloop", "examples", "tests", "docs", "packaging", ".ci")
GENERATED = {"__pycache__", "_build", ".pytest_cache"}
BARE_PYTHON = re.compile(r"(?<![/\w.$\-])python (?=--?[a-zA-Z])")
"""A command ``python``, which Debian does not have; with a folder before it, it is a path."""
BARE_PIP = re.compile(r"(?<![/\w])pip3? install\b[^`\n]* -?e? ?'?\.(?! \./pack)(?![\w/])")
"""An installation of this clone outside a virtual environment, which Debian's Python refuses.

``. ./packaging/asyncore`` is for the environment of the program that is ported.
"""

IN_AN_ENVIRONMENT = {"Containerfile", "test_commands.py"}
"""What installs into an image of its own; and this file."""


def texts() -> Iterator[Path]:
    yield from (ROOT / name for name in ("README.md", "CHANGELOG.md", "pyproject.toml"))
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in TEXTS and path.is_file() and not GENERATED & set(path.parts):
                yield path


def found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match[0] for match in pattern.finditer(text)]


def test_python_is_called_python3_everywhere() -> None:
    wrong = {
        str(path.relative_to(ROOT)): matches
        for path in texts()
        if path.name != "test_commands.py"
        and (matches := found(BARE_PYTHON, path.read_text(encoding="utf-8", errors="replace")))
    }
    assert not wrong


def test_this_clone_is_installed_in_virtual_environments() -> None:
    wrong = {
        str(path.relative_to(ROOT)): matches
        for path in texts()
        if path.name not in IN_AN_ENVIRONMENT
        and (matches := found(BARE_PIP, path.read_text(encoding="utf-8", errors="replace")))
    }
    assert not wrong


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("`python -m tests`", 1),
        ("python -c 'x'", 1),
        ("python3 -m tests; .venv/bin/python -m x; $python -m y; python3.11 -S", 0),
        ("a python - a snake", 0),
    ],
)
def test_a_bare_python_is_seen(text: str, number: int) -> None:
    assert len(found(BARE_PYTHON, text)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("pip install -e '.[chat]'", 1),
        ("python3 -m pip install .", 1),
        ("python3 -m venv .venv/x && .venv/x/bin/pip install -e '.[x]'", 0),
        ("pip install standard-smtpd", 0),
    ],
)
def test_an_installation_into_the_system_is_seen(text: str, number: int) -> None:
    assert len(found(BARE_PIP, text)) == number


@pytest.mark.parametrize(
    ("module", "missing"),
    [
        ("examples.redis_client", "hiredis"),
        ("examples.tk_clock", "tkinter"),
        ("examples.bench.crowd", "websockets"),
        ("examples.servers.twisted", "twisted"),
    ],
)
def test_a_missing_package_is_a_sentence(module: str, missing: str) -> None:
    program = (
        "import runpy, sys\n"
        f"sys.modules[{missing!r}] = None\n"
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "install" in done.stderr
