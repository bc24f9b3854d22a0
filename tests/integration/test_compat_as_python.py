"""``python3 -m miniloop.compat`` gives a program what Python alone gives it, whatever its form."""

import os
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SHOW = """\
import sys
import mylibrary
loader = type(__loader__).__name__
print(__name__, __file__, __package__, __cached__, __spec__ and __spec__.name, loader)
print(sys.argv, [entry for entry in sys.path if "program" in entry])
print((lambda: 0).__code__.co_filename)
"""

FORMS = {
    "a file": ["program/source.py"],
    "a directory": ["program"],
    "a zip file": ["program.zip"],
    "compiled": ["program/compiled.pyc"],
    "compiled, under another name": ["program/compiled"],
    "a module": ["-m", "program.source"],
    "a package": ["-m", "program"],
    "a module on PYTHONPATH": ["-m", "program_module"],
}
SAFE = {
    "as usual": ([], {}),
    "-P": (["-P"], {}),
    "PYTHONSAFEPATH": ([], {"PYTHONSAFEPATH": "1"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same program in every form, and a library elsewhere."""
    folder = tmp_path_factory.mktemp("forms")
    program, libraries = folder / "program", folder / "libraries"
    program.mkdir()
    libraries.mkdir()
    for name in ("source.py", "__main__.py"):
        (program / name).write_text(SHOW)
    (libraries / "program_module.py").write_text(SHOW)
    (libraries / "mylibrary.py").touch()
    py_compile.compile(str(program / "source.py"), str(program / "compiled.pyc"), doraise=True)
    (program / "compiled").write_bytes((program / "compiled.pyc").read_bytes())
    with zipfile.ZipFile(folder / "program.zip", "w") as archive:
        archive.writestr("__main__.py", SHOW)
    return folder


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the folder; our package is found behind the program's libraries."""
    path = os.pathsep.join([str(folder / "libraries"), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("way", SAFE)
@pytest.mark.parametrize("form", FORMS)
def test_a_program_sees_what_it_sees_under_python(folder: Path, form: str, way: str) -> None:
    options, settings = SAFE[way]
    alone = run(folder, *options, *FORMS[form], "a", **settings)
    ours = run(folder, *options, "-m", "miniloop.compat", *FORMS[form], "a", **settings)
    assert ours.stdout == alone.stdout
    assert ours.returncode == alone.returncode
    if alone.returncode:  # the current directory is not searched
        assert ours.stderr.startswith("python3 -m miniloop.compat: there is no module ")


def test_isolated(folder: Path) -> None:
    """``-I`` ignores PYTHONPATH, so a site directory has to bring us: the tests' own does."""
    (folder / "program" / "alone.py").write_text("import sys\nprint(sys.path)\n")
    alone = run(folder, "-I", "program/alone.py")
    ours = run(folder, "-I", "-m", "miniloop.compat", "program/alone.py")
    assert (ours.stdout, ours.stderr) == (alone.stdout, "")


FAILS = """\
import os
os.chdir(os.sep)
def fail():
    raise ValueError("on purpose")  # this line
fail()
"""


@pytest.mark.parametrize("form", ["failing.py", "failing", "failing.zip"])
def test_a_traceback_is_pythons_own_after_chdir(tmp_path: Path, form: str) -> None:
    (tmp_path / "failing").mkdir()
    (tmp_path / "libraries").mkdir()
    (tmp_path / "failing" / "__main__.py").write_text(FAILS)
    (tmp_path / "failing.py").write_text(FAILS)
    with zipfile.ZipFile(tmp_path / "failing.zip", "w") as archive:
        archive.writestr("__main__.py", FAILS)
    done = run(tmp_path, "-m", "miniloop.compat", form)
    file = tmp_path / form if form == "failing.py" else tmp_path / form / "__main__.py"
    assert f'File "{file}", line 4, in fail' in done.stderr
    from_the_program_on = done.stderr[done.stderr.index(f'  File "{file}", line 5') :]
    assert run(tmp_path, form).stderr.endswith(from_the_program_on)  # it shows source lines or not
    assert form == "failing.zip" or "# this line" in done.stderr


@pytest.mark.parametrize("content", [b"", b"no code", b"\0" * 30], ids=["empty", "text", "zeros"])
def test_a_compiled_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.pyc").write_bytes(content)
    done = run(tmp_path, "-m", "miniloop.compat", "broken.pyc")
    assert done.returncode == 1
    expected = "python3 -m miniloop.compat: 'broken.pyc' holds no code for this Python: "
    assert done.stderr.startswith(expected)
    assert done.stderr.count("\n") == 1


def test_a_compiled_file_of_this_python_that_is_cut_is_named(folder: Path, tmp_path: Path) -> None:
    code = (folder / "program" / "compiled.pyc").read_bytes()
    (tmp_path / "cut.pyc").write_bytes(code[:-20])
    done = run(tmp_path, "-m", "miniloop.compat", "cut.pyc")
    assert done.stderr.startswith("python3 -m miniloop.compat: 'cut.pyc' holds no code")


def test_a_package_without_a_main_is_named(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "namespace").mkdir()
    for name in ("package", "namespace"):
        done = run(tmp_path, "-m", "miniloop.compat", "-m", name)
        assert done.returncode == 1
        expected = f"python3 -m miniloop.compat: {name!r} is a package without a module __main__\n"
        assert done.stderr == expected


def test_a_zip_file_without_a_main_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "no.zip", "w") as archive:
        archive.writestr("other.py", "")
    done = run(tmp_path, "-m", "miniloop.compat", "no.zip")
    assert done.stderr == "python3 -m miniloop.compat: there is no __main__.py in 'no.zip'\n"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A socket's file exists and cannot be opened, not even by root."""
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "file"))
        done = run(tmp_path, "-m", "miniloop.compat", "file")
    assert done.returncode == 1
    assert done.stderr.startswith("python3 -m miniloop.compat: cannot read 'file': ")


def test_a_program_waits_for_nothing_that_only_which_needs(folder: Path) -> None:
    (folder / "program" / "loaded.py").write_text("import sys\nprint(*sys.modules)\n")
    loaded = run(folder, "-m", "miniloop.compat", "program/loaded.py").stdout.split()
    assert "miniloop.compat.asyncore" in loaded
    assert "importlib.metadata" not in loaded
    assert "miniloop.compat.which" not in loaded
