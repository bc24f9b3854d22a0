"""mypy and pyright accept ``import asyncore`` and subclasses, strictly, and still find mistakes."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compat import typed_program
from tests.compat.test_typing import MISTAKES
from tests.distribution.environments import Environment
from tests.suites import packages

PYRIGHT = "pyright==1.1.414"
"""A version whose wheel has the program in it; the older ones fetch it from elsewhere."""

IMPORTS = "import asynchat\nimport asyncore\n"


@pytest.fixture(scope="module", params=["alone", "beside others"])
def environment(request: pytest.FixtureRequest, new: Callable[[], Environment]) -> Environment:
    """Others bring modules without types, which must not come first."""
    environment = new()
    environment.pip("install", "miniloop-asyncore")
    if request.param == "beside others":
        environment.pip("install", "standard-smtpd")
    return environment


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The typed program with its imports as they were on 3.11, and programs with mistakes."""
    source = Path(typed_program.__file__).read_text()
    changed = source.replace("from miniloop.compat import asynchat, asyncore\n", IMPORTS)
    assert changed != source
    (tmp_path / "typed.py").write_text(f"# pyright: strict\n{changed}")
    for name, code in MISTAKES.items():
        (tmp_path / f"mistake_{name}.py").write_text(f"{IMPORTS}\n{code}\n")
    return tmp_path


def judge(programs: Path, command: list[str]) -> None:
    """Run a type checker: it finds each mistake, and nothing in the typed program."""
    files = sorted(each.name for each in programs.glob("*.py"))
    done = subprocess.run(
        [*command, *files], cwd=programs, capture_output=True, text=True, timeout=120, check=False
    )
    lines = done.stdout.splitlines()
    found = [line for line in lines if "error:" in line or " - error" in line or "warning" in line]
    assert not [line for line in found if "typed.py" in line], done.stdout + done.stderr
    wrong = {line.split("mistake_")[1].split(".py")[0] for line in found if "mistake_" in line}
    assert wrong == set(MISTAKES), done.stdout + done.stderr


def version_of(environment: Environment) -> str:
    return environment.run("import sys; print('%d.%d' % sys.version_info[:2])")


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy(environment: Environment, programs: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull]
    of = ["--python-executable", str(environment.python), "--cache-dir", str(programs / "cache")]
    judge(programs, [*mypy, *of, "--python-version", version_of(environment)])


def test_pyright(environment: Environment, programs: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("pyright needs Node.js")
    try:
        folder = packages.installed("pyright", [PYRIGHT])
    except packages.UnavailableError as error:
        pytest.skip(str(error))
    pyright = [node, str(folder / "pyright" / "dist" / "index.js"), "--pythonpath"]
    of = [str(environment.python), "--pythonversion", version_of(environment)]
    judge(programs, [*pyright, *of])
