"""The interpreter stripped to what Windows has, and the tests' way round what is missing there."""

import importlib
import json
import select
import subprocess
import sys
from pathlib import Path

import pytest

from miniloop.selectors import EpollSelector
from tests.needs import missing_name, too_many_skipped
from tests.stripped import ROOT

ELSEWHERE = {
    "examples.bench.servers.handwritten": "a loop by hand over epoll",
    "examples.bench.servers.twisted_lines": "Twisted decides by sys.platform",
    "examples.bench.servers.uvloop_protocol": "uvloop is not for Windows",
    "examples.servers.epoll": "shows epoll",
    "examples.servers.forking": "shows fork",
    "examples.servers.poll": "shows poll",
    "examples.servers.prefork": "shows fork",
    "examples.servers.twisted": "Twisted decides by sys.platform",
    "examples.tk_clock": "Tk is a package of its own on some systems",
}
"""Modules that are not for Windows, or that this imitation of it misleads."""

OLDER = {"examples.bench.servers.asyncore_program", "examples.porting.step0_asyncore"}
"""Modules for a Python that still has asyncore, before 3.12."""

IMPORTS = """
import importlib, json, sys
failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:
        failed[name] = repr(error)
print(json.dumps(failed))
"""

CHECKS = """
import asyncio, os, select, selectors, signal, socket, subprocess
assert selectors.DefaultSelector is selectors.SelectSelector
assert sorted(signal.Signals) == [2, 4, 6, 8, 11, 15]
for module, name in (
    (select, "epoll"), (select, "poll"), (socket, "AF_UNIX"), (os, "fork"), (os, "set_blocking"),
    (signal, "SIGHUP"), (socket.socket, "sendmsg"), (socket.socket(), "sendmsg"),
):
    assert not hasattr(module, name), name
for name in ("fcntl", "termios", "pty"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise AssertionError(name)
for files in ([0], []):
    try:
        select.select(files, [], [], 0)
    except OSError as error:
        print(error.errno)
ours, theirs = socket.socketpair()
theirs.send(b"x")
assert ours.family == socket.AF_INET
assert select.select([ours], [], [], 20)[0] == [ours]
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
    assert process.communicate(b"x", timeout=20) == (b"x", None)
with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
    process.kill()
    assert process.wait(20) == -9
assert asyncio.run(asyncio.sleep(0, "asyncio")) == "asyncio"
"""


def stripped(*arguments: str) -> str:
    """Run Python with these arguments, stripped; return what it prints."""
    command = [sys.executable, "-m", "tests.stripped", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules() -> list[str]:
    paths = [path for top in ("miniloop", "examples") for path in (ROOT / top).rglob("*.py")]
    names = (".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(paths))
    return [name.removesuffix(".__init__") for name in names]


def test_what_windows_lacks_is_gone_and_subprocess_and_asyncio_work() -> None:
    assert stripped("-c", CHECKS).split() == ["10038", "10022"]


def test_every_module_but_those_for_other_systems_can_be_imported() -> None:
    failed: dict[str, str] = json.loads(stripped("-c", IMPORTS, *modules()).splitlines()[-1])
    excused = ELSEWHERE.keys() | (OLDER if sys.version_info >= (3, 12) else set())
    assert {name: error for name, error in failed.items() if name not in excused} == {}
    assert failed.keys() >= {f"examples.servers.{name}" for name in ("epoll", "forking", "poll")}


def test_a_python_that_cannot_be_stripped_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "fnmatch.py").write_text("fnmatchcase = None")
    source = (ROOT / "tests/stripped/sitecustomize.py").read_text()
    (tmp_path / "sitecustomize.py").write_text(source)
    command = [sys.executable, "-c", "print('it runs')"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert "this Python cannot be stripped" in done.stderr


# -- tests that need what is missing ---------------------------------------------------------------


def lacking(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Exception:
    """Return the error of asking a module for a name that it lacks."""
    monkeypatch.delattr(f"{module}.{name}", raising=False)
    with pytest.raises(AttributeError) as raised:
        getattr(importlib.import_module(module), name)
    return raised.value


@pytest.mark.parametrize("name", ["socket.AF_UNIX", "os.fork", "select.EPOLLIN", "signal.SIGHUP"])
def test_a_name_that_windows_lacks_is_no_failure(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, what = name.partition(".")
    assert missing_name(lacking(module, what, monkeypatch)) == name


def test_a_wrong_name_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_name(lacking("socket", "AF_NIX", monkeypatch)) == ""
    assert missing_name(AttributeError("nothing")) == ""


def test_a_name_that_the_package_asks_for_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll", raising=False)
    with pytest.raises(AttributeError) as raised:
        EpollSelector()
    assert missing_name(raised.value) == ""


def test_a_module_that_windows_lacks_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pty", "nowhere"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError) as raised:
        importlib.import_module("pty")
    assert missing_name(raised.value) == "pty"
    with pytest.raises(ImportError) as raised:
        importlib.import_module("nowhere")
    assert missing_name(raised.value) == ""


@pytest.mark.parametrize(
    ("passed", "skipped", "too_many"),
    [(2900, 190, False), (900, 101, True), (901, 100, False), (10, 80, False)],
)
def test_a_run_that_skips_a_tenth_of_the_tests_proves_too_little(
    passed: int, skipped: int, too_many: bool
) -> None:
    assert too_many_skipped(passed, skipped) == too_many
