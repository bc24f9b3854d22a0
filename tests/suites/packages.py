"""Fetch what the suites of other projects need from PyPI, into ``.venv/``.

pip is that of the project's own virtual environment, and so is pytest.  What is fetched goes into
folders of its own beside it, which only the processes of these suites look into.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests import __main__ as checks
from tests.suites import catalogue

CACHE = checks.VENV.parent / "suites"
LIMIT = 300.0
"""Seconds for one call of pip."""


class UnavailableError(Exception):
    """Something cannot be had here; the text says why."""


@dataclass(frozen=True)
class Site:
    """Where the suites of a project run.

    Attributes:
        python: the interpreter.
        path: folders to import from before all others; each run gets its own copy of ``source``.
        source: the sdist that holds the tests, None where they are installed or ours.
        inside: the folder of ``source`` to import from, ``.`` for its top.
        settings: environment variables for the tests.
    """

    python: Path
    path: tuple[Path, ...]
    source: Path | None
    inside: str = "."
    settings: Mapping[str, str] = field(default_factory=dict)


def site_for(project: str, version: tuple[int, int]) -> Site:
    """Fetch what a project's suites need, unless it is there already.

    Raises:
        UnavailableError: it cannot be fetched, or there is nothing to run it with.
    """
    try:
        checks.prepare()
    except SystemExit as error:
        raise UnavailableError(str(error)) from None
    python, originals = checks.venv_python(), catalogue.PYASYNCORE if version >= (3, 12) else ()
    if project == "standard-smtpd":  # which brings its originals
        source = sdist(catalogue.STANDARD_SMTPD)
        return Site(python, (installed(project, [catalogue.STANDARD_SMTPD]),), source, "tests")
    path = (installed(project, [*NEEDS[project], *originals]),)
    if project != "pyftpdlib":
        return Site(python, path, None)
    settings = {"GITHUB_ACTIONS": "true"}  # its authors' word for "be patient"
    return Site(python, path, sdist(catalogue.PYFTPDLIB), settings=settings)


NEEDS: dict[str, Sequence[str]] = {
    "pyftpdlib": catalogue.PYFTPDLIB_NEEDS,
    "zope.server": (catalogue.ZOPE_SERVER,),
    "irc-bot": (catalogue.IRC_BOT,),
    "asyncore-wsgi": (catalogue.ASYNCORE_WSGI,),
}
"""What is installed for a project, beside the originals."""


def installed(name: str, requirements: Sequence[str]) -> Path:
    """Return a folder with the requirements in it."""
    wanted = " ".join(requirements)
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:8]
    folder = CACHE / checks.VENV.name / f"{name}-{digest}"
    if not folder.is_dir():
        checks.say(f"fetching {wanted} from PyPI ...")
        with complete(folder) as partial:
            pip("install", "--target", str(partial), *requirements)
    return folder


@contextmanager
def complete(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which gets its name once it is full.

    Another process may be filling one too: the first to finish names it.
    """
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    try:
        yield partial
        with suppress(OSError):
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sdist(requirement: str) -> Path:
    """Return the source archive of a pinned project."""
    project, _, version = requirement.partition("==")
    folder = CACHE / "sdists"
    pattern = f"{project.replace('-', '_')}-{version}.tar.gz"
    if not (folder / pattern).is_file():
        checks.say(f"fetching the source of {requirement} from PyPI ...")
        pip("download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), requirement)
    if not (folder / pattern).is_file():
        raise UnavailableError(f"pip fetched no {pattern}")
    return folder / pattern


def pip(*arguments: str) -> None:
    """Run pip without its chatter; its last words are the reason if it fails."""
    options = ["--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "15"]
    command = [str(checks.venv_python()), "-m", "pip", *options, *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"pip {arguments[0]} took more than {LIMIT:.0f} s") from None
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = words[-1] if words else f"exit status {done.returncode}"
        raise UnavailableError(f"pip {arguments[0]} {arguments[-1]} failed: {reason}")


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an sdist; return its top folder."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):  # 3.11.0 to 3.11.3 have none
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)
    [top] = folder.iterdir()
    return top
