"""``--which`` says whose modules a program gets, and why, and what else is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FINDER = ROOT / "packaging" / "asyncore" / "src"
STILL = sys.version_info < (3, 12)
AT_THE_END = "Under python3 -m miniloop.compat PROGRAM both are miniloop's.\n"


def which(*arguments: str, path: object = "", options: tuple[str, ...] = ()) -> str:
    """Run it with a further folder on PYTHONPATH, in a folder where there is nothing to import."""
    done = subprocess.run(
        [sys.executable, *options, "-m", "miniloop.compat", "--which", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])},
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(AT_THE_END)
    return done.stdout.removesuffix(AT_THE_END)


def site(folder: Path, *lines: str) -> Path:
    """Make a ``sitecustomize``, which Python runs when it starts, as it does .pth files."""
    (folder / "sitecustomize.py").write_text("\n".join([*lines, ""]))
    return folder


def install(folder: Path, project: str) -> Path:
    """Install a distribution with a module asyncore, as pip leaves it."""
    (folder / "asyncore").mkdir()
    (folder / "asyncore" / "__init__.py").touch()
    about = folder / f"{project.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n")
    (about / "RECORD").write_text("asyncore/__init__.py,,\n")
    return folder / "asyncore" / "__init__.py"


@pytest.mark.skipif(not STILL, reason="Python 3.12 removed asyncore")
def test_the_standard_librarys() -> None:
    said = which()
    assert "asyncore: the standard library's, because this Python still has it.\n" in said
    assert f"    {os.path.dirname(os.__file__)}{os.sep}asynchat.py\n" in said


@pytest.mark.skipif(STILL, reason="Python 3.11 has asyncore")
def test_nobodys() -> None:
    why = "Python 3.12 removed it, and nothing that is installed brings it back."
    assert which() == f"asyncore: not found. {why}\nasynchat: not found. {why}\n"


def test_a_program_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "asyncore.py").touch()
    (tmp_path / "program.py").touch()
    said = which(str(tmp_path / "program.py"))
    reason = "because its folder is on sys.path before the others"
    assert f"asyncore: the program's own, {reason}.\n    {tmp_path / 'asyncore.py'}\n" in said
    assert str(tmp_path) not in which()


def test_a_program_in_a_directory_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "asynchat.py").touch()
    assert "asynchat: the program's own" in which(str(tmp_path))


def test_another_distribution_on_pythonpath(tmp_path: Path) -> None:
    file = install(tmp_path, "some-asyncore")
    said = which(path=tmp_path)
    why = "because it is installed, and miniloop-asyncore is not"
    assert f"asyncore: some-asyncore 1.0, {why}.\n    {file}\n" in said
    assert ("hidden: the standard library's" in said) == STILL


def test_two_distributions_with_one_file(tmp_path: Path) -> None:
    install(tmp_path, "some-asyncore")
    about = tmp_path / "other_asyncore-2.0.dist-info"
    (tmp_path / "some_asyncore-1.0.dist-info").rename(about)
    (tmp_path / "asyncore" / "__init__.py").unlink()
    (tmp_path / "asyncore").rmdir()
    install(tmp_path, "third-asyncore")
    assert "asyncore: some-asyncore 1.0 and third-asyncore 1.0, because" in which(path=tmp_path)


def test_the_finder(tmp_path: Path) -> None:
    site(tmp_path, "import sys", f"sys.path.append({str(FINDER)!r})", "import miniloop_asyncore")
    said = which(path=tmp_path)
    assert "asyncore: miniloop's, because miniloop-asyncore comes before all" in said
    assert f"    {FINDER / 'miniloop_asyncore' / 'names' / 'asynchat.py'}\n" in said


def test_the_finder_and_a_distribution_before_the_library(tmp_path: Path) -> None:
    install(tmp_path, "some-asyncore")
    site(tmp_path, "import sys", f"sys.path.append({str(FINDER)!r})", "import miniloop_asyncore")
    said = which(path=tmp_path)
    assert "asyncore: some-asyncore 1.0, because its folder is on sys.path before the" in said


def test_a_finder_that_is_not_at_work(tmp_path: Path) -> None:
    install(tmp_path, "some-asyncore")
    path = f"{FINDER}{os.pathsep}{tmp_path}"
    there = "asyncore: some-asyncore 1.0, because miniloop-asyncore is there, but"
    assert f"{there} not in a site directory" in which(path=path)
    assert f"{there} Python ran with -S" in which(path=path, options=("-S",))


@pytest.mark.skipif(STILL, reason="Python 3.11 has asyncore")
def test_nobodys_although_the_finder_is_there() -> None:
    said = which(path=FINDER, options=("-S",))
    assert "asyncore: not found. miniloop-asyncore is there, but Python ran with -S" in said


def test_installed_at_the_start(tmp_path: Path) -> None:
    site(tmp_path, "import miniloop.compat", "miniloop.compat.install()")
    said = which(path=tmp_path)
    assert "asyncore: miniloop's, because something installed or imported it when" in said


def test_a_missing_program_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "miniloop.compat", "--which", "nowhere.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "python3 -m miniloop.compat: there is no file 'nowhere.py'\n"
