"""Empty environments of other Pythons, and the wheels to install in them."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pip

from tests import __main__ as checks
from tests.suites import catalogue, packages

ROOT = checks.ROOT
SECOND = ROOT / "packaging" / "asyncore"
PYTHONS = ("3.12", "3.13")
RIVALS = (
    catalogue.STANDARD_SMTPD,
    *(f"standard-{name}==3.13.0" for name in catalogue.NAMES),
    *catalogue.PYASYNCORE,
)
PIP = Path(pip.__path__[0], "__pip-runner__.py")
"""The tests' own, which every Python can run: the environments need none.

This file, which ``pip --python`` starts too, hides what else is installed beside it.
"""

OLDER = "0.0.1"
"""The version of the second wheel of miniloop-asyncore, for upgrades."""


def project(folder: Path) -> dict[str, Any]:
    """Return the table ``project`` of a ``pyproject.toml``."""
    with (folder / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


MAIN = str(project(ROOT)["name"])


@cache
def find_python(version: str) -> str | None:
    """Return an interpreter of a version; None if there is none on PATH and none of pyenv's."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [str(each) for each in sorted(versions.glob(f"{version}.*/bin/python"))]
    for candidate in [sys.executable, f"python{version}", *found]:
        if version_of(candidate) == version:
            return candidate
    return None


def version_of(python: str) -> str:
    """Return the version of an interpreter; nothing if it does not run, as pyenv's shims may."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def fetch_rivals() -> Path:
    """Return a folder with the wheels of the other distributions.

    Raises:
        packages.UnavailableError: they cannot be fetched.
    """
    folder = packages.CACHE / f"rivals-{hashlib.sha256(repr(RIVALS).encode()).hexdigest()[:8]}"
    if not folder.is_dir():
        checks.say(f"fetching {' '.join(RIVALS)} from PyPI ...")
        only = ["--only-binary", ":all:", "--python-version", "3.13", "--no-deps"]
        with packages.complete(folder) as partial:
            packages.pip("download", *only, "--dest", str(partial), *RIVALS)
    return folder


def build(folder: Path, wheels: Path) -> None:
    """Build our two wheels, and an older one of the second, without the network."""
    older = folder / "older"
    shutil.copytree(SECOND, older)
    settings = older / "pyproject.toml"
    version = project(SECOND)["version"]
    settings.write_text(settings.read_text().replace(f'"{version}"', f'"{OLDER}"', 1))
    for source in (ROOT, SECOND, older):
        command = [str(checks.venv_python()), "-m", "hatchling", "build", "-t", "wheel"]
        subprocess.run([*command, "-d", str(wheels)], cwd=source, check=True, capture_output=True)


class Environment:
    """A virtual environment without pip; that of the tests installs into it.

    Attributes:
        python: its interpreter.
        site: its ``site-packages``.
        settings: the environment variables of its processes: ours, without what changes Python.
    """

    def __init__(self, folder: Path, base: str, wheels: Path) -> None:
        command = [base, "-m", "venv", "--without-pip", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        self.wheels = wheels
        self.settings = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
        # pip's code, compiled, is kept for all environments: that takes longer than to install.
        self.settings["PYTHONPYCACHEPREFIX"] = str(wheels.parent / "compiled")
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.site = Path(self.run("import sysconfig; print(sysconfig.get_path('purelib'))"))

    def pip(self, action: str, *arguments: str) -> None:
        """Install or uninstall, from the wheels only."""
        local = ["--no-index", "--no-compile", "--find-links", str(self.wheels)]
        options = ["-q", "--disable-pip-version-check", action]
        options += local if action == "install" else ["-y"]
        done = subprocess.run(
            [str(self.python), str(PIP), *options, *arguments],
            env={**self.settings, "PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def start(
        self, *arguments: str, settings: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run its Python, which sees nothing of the tests' environment."""
        return subprocess.run(
            [str(self.python), *arguments],
            env={**self.settings, **(settings or {})},
            cwd=cwd or self.python.parent,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """Run code, or options and code, and return what it printed; it must print no error."""
        done = self.start(*arguments[:-1], "-c", arguments[-1])
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.strip()

    def left(self) -> Iterator[str]:
        """Yield what is in ``site-packages``, but for what Python itself compiled."""
        for path in self.site.rglob("*"):
            if "__pycache__" not in path.parts:
                yield str(path.relative_to(self.site))
