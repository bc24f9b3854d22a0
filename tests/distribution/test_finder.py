"""The finder, without an installation: its folder and ours are on PYTHONPATH."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distribution.environments import ROOT, SECOND

SOURCE = SECOND / "src"
OURS = "miniloop.compat.asyncore"
WHOSE = "import asyncore; print(asyncore.__name__)"
OTHER = "name = 'other'\n"


def run(code: str, *path: object) -> str:
    """Run a program with the finder, as the .pth file starts it, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import miniloop_asyncore\n{code}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=ROOT / "docs",  # where there is nothing to import
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["asyncore", "asynchat"])
def test_the_old_name_gives_the_module_itself(name: str) -> None:
    code = f"import {name}, miniloop.compat; print({name} is miniloop.compat.{name})"
    assert run(code, SOURCE, ROOT) == "True"


def test_it_keeps_its_own_name_and_can_be_reloaded() -> None:
    code = """
import importlib, asyncore
asyncore.socket_map[1] = "kept"
again = importlib.reload(asyncore)
print(again is asyncore, asyncore.__spec__.name, asyncore.socket_map)
"""
    assert run(code, SOURCE, ROOT) == f"True {OURS} {{1: 'kept'}}"


def test_to_find_is_not_to_import() -> None:
    code = """
import importlib.util, sys
spec = importlib.util.find_spec("asyncore")
print(spec.origin, spec.has_location, "miniloop" in sys.modules)
"""
    file = SOURCE / "miniloop_asyncore" / "names" / "asyncore.py"
    assert run(code, SOURCE, ROOT) == f"{file} True False"


def test_the_module_can_be_run_as_it_could() -> None:
    code = "import runpy; runpy.run_module('asyncore'); print('ran')"
    assert run(code, SOURCE, ROOT) == "ran"


def test_threads_that_import_it_at_once_get_one_module() -> None:
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
def get():
    barrier.wait()
    import asyncore
    found.add(id(asyncore))
    asyncore.dispatcher
for _ in range(50):
    for name in [*sys.modules]:
        if name in ("asyncore", "asynchat") or "compat" in name:
            del sys.modules[name]
    found, barrier = set(), threading.Barrier(4)
    threads = [threading.Thread(target=get) for _ in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
    assert len(found) == 1
print("one")
"""
    assert run(code, SOURCE, ROOT) == "one"


@pytest.mark.parametrize("name", ["asyncore.py", "asyncore/__init__.py"])
def test_a_file_of_the_programs_own_comes_first(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(OTHER)
    code = "import asyncore, asynchat; print(asyncore.name, asynchat.__name__)"
    assert run(code, tmp_path, SOURCE, ROOT) == "other miniloop.compat.asynchat"


def test_a_folder_that_is_no_package_does_not(tmp_path: Path) -> None:
    (tmp_path / "asyncore").mkdir()
    assert run(WHOSE, tmp_path, SOURCE, ROOT) == OURS


@pytest.mark.parametrize("place", ["len(sys.path)", "sys.path.index(library) + 1"])
def test_what_is_installed_comes_later(tmp_path: Path, place: str) -> None:
    (tmp_path / "asyncore.py").write_text(OTHER)
    code = f"import os, sys; library = os.path.dirname(os.__file__)\n{WHOSE}"
    code = code.replace("\n", f"; sys.path.insert({place}, {str(tmp_path)!r})\n")
    assert run(code, SOURCE, ROOT) == OURS


def test_without_miniloop_it_steps_aside(tmp_path: Path) -> None:
    (tmp_path / "asyncore.py").write_text(OTHER)
    code = f"""
import sys
sys.path.append({str(tmp_path)!r})
sys.modules["miniloop"] = None  # cannot be imported
import importlib.util
importlib.util.find_spec = lambda name: None  # nor found
import asyncore
print(getattr(asyncore, "name", "the library's"))
"""
    expected = "other" if sys.version_info >= (3, 12) else "the library's"
    ignored = "import warnings; warnings.simplefilter('ignore')"  # 3.11 announces the removal
    assert run(ignored + code, SOURCE) == expected


@pytest.mark.parametrize("name", ["miniloop.py", "miniloop/__init__.py"])
def test_a_miniloop_of_somebody_else_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('imported')\n")
    code = "import miniloop_asyncore; print(miniloop_asyncore.Finder.find_spec('asyncore'))"
    assert run(code, tmp_path, SOURCE) == "None"


@pytest.mark.parametrize("name", ["asyncore", "asynchat"])
def test_the_file_for_tools_works_without_the_finder(name: str) -> None:
    """A frozen program has no .pth file; its freezer took the file along."""
    code = f"""
import sys, miniloop_asyncore
sys.meta_path.remove(miniloop_asyncore.Finder)
import {name}, miniloop.compat
print({name} is miniloop.compat.{name})
"""
    names = SOURCE / "miniloop_asyncore" / "names"
    assert run(code, names, SOURCE, ROOT) == "True"


def test_to_start_it_imports_nothing_that_python_has_not() -> None:
    code = "import sys; before = {*sys.modules}; import miniloop_asyncore"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*{{*sys.modules}} - before)"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "miniloop_asyncore"


def test_the_pth_file_names_what_is_there() -> None:
    folder, line = (SOURCE / "miniloop_asyncore.pth").read_text().splitlines()
    assert (SOURCE / folder / "asyncore.py").is_file()
    assert line == "import miniloop_asyncore"
