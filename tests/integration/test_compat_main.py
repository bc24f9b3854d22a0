"""``python3 -m miniloop.compat``: unmodified programs, run as a user would run them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SHOW = """\
import sys, asyncore, asynchat
print(__name__, sys.argv, sys.path[0], asyncore.__name__, asynchat.async_chat.__module__)
"""

ECHO = """\
import asynchat, asyncore, socket


class Echo(asynchat.async_chat):
    def __init__(self, sock):
        asynchat.async_chat.__init__(self, sock)
        self.set_terminator(b"\\n")
        self.line = b""

    def collect_incoming_data(self, data):
        self.line += data

    def found_terminator(self):
        self.push(self.line + b"\\n")
        self.line = b""


class Server(asyncore.dispatcher):
    def __init__(self):
        asyncore.dispatcher.__init__(self)
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.bind(("127.0.0.1", 0))
        self.listen(5)

    def handle_accepted(self, sock, addr):
        self.close()
        Echo(sock)


class Client(asyncore.dispatcher_with_send):
    def __init__(self, address):
        asyncore.dispatcher_with_send.__init__(self)
        self.create_socket()
        self.connect(address)
        self.send(b"hello\\n")

    def handle_read(self):
        print(self.recv(100).decode().strip())
        self.close()


Client(Server().socket.getsockname())
asyncore.loop(5)
print("done")
"""


def run(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "miniloop.compat", *map(str, args)]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    place = tmp_path / "there"
    place.mkdir()
    path = place / "program.py"
    path.write_text(SHOW)
    return path


def test_an_unmodified_program_that_talks_to_itself(tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    done = run("echo.py", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\ndone\n", "")


def test_a_program_is_main_with_its_own_arguments_and_directory(
    program: Path, tmp_path: Path
) -> None:
    done = run("there/program.py", "one", "-x", "--help", cwd=tmp_path)
    args = ["there/program.py", "one", "-x", "--help"]
    assert done.stdout == (
        f"__main__ {args} {program.parent.resolve()} miniloop.compat.asyncore asynchat\n"
    )
    assert done.returncode == 0


def test_a_program_imports_its_neighbours(program: Path, tmp_path: Path) -> None:
    (program.parent / "neighbour.py").write_text("import asyncore\nname = asyncore.__name__\n")
    program.write_text("import neighbour\nprint(neighbour.name)\n")
    assert run(program, cwd=tmp_path).stdout == "miniloop.compat.asyncore\n"


def test_a_module_is_found_in_the_current_directory(program: Path) -> None:
    done = run("-m", "program", "a", "-m", cwd=program.parent)
    path = program.resolve()
    assert done.stdout == (
        f"__main__ {[str(path), 'a', '-m']} {path.parent} miniloop.compat.asyncore asynchat\n"
    )


def test_a_package_with_a_main(program: Path) -> None:
    package = program.parent / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("from . import other\n")
    (package / "other.py").write_text("import asynchat\nprint(asynchat.__name__)\n")
    assert run("-m", "package", cwd=program.parent).stdout == "miniloop.compat.asynchat\n"


@pytest.mark.parametrize("name", ["program.zip", "program.pyz"])
def test_a_zip_file(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("__main__.py", SHOW + "import inside\n")
        archive.writestr("inside.py", "print('inside')\n")
    done = run(name, "a", cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout == (
        f"__main__ {[name, 'a']} {tmp_path / name} miniloop.compat.asyncore asynchat\ninside\n"
    )


def test_a_directory(program: Path, tmp_path: Path) -> None:
    program.rename(program.parent / "__main__.py")
    done = run("there", cwd=tmp_path)
    folder = tmp_path / "there"
    assert done.stdout == f"__main__ {['there']} {folder} miniloop.compat.asyncore asynchat\n"


@pytest.mark.parametrize("name", ["program.py", "program.zip"])
def test_the_current_directory_is_not_searched(program: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "stray.py").touch()
    code = "import importlib.util\nprint(importlib.util.find_spec('stray'))\n"
    program.write_text(code)
    with zipfile.ZipFile(program.parent / "program.zip", "w") as archive:
        archive.writestr("__main__.py", code)
    assert run(f"there/{name}", cwd=tmp_path).stdout == "None\n"


@pytest.mark.parametrize(
    ("code", "status"), [("", 0), ("raise SystemExit(3)", 3), ("import sys; sys.exit('why')", 1)]
)
def test_the_exit_status_is_the_programs(program: Path, code: str, status: int) -> None:
    program.write_text(code)
    done = run("program.py", cwd=program.parent)
    assert done.returncode == status
    assert done.stderr == ("why\n" if "why" in code else "")


def test_a_traceback_shows_the_programs_line(program: Path) -> None:
    program.write_text("def fail():\n    raise ValueError('on purpose')\n\nfail()\n")
    done = run("program.py", cwd=program.parent)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ValueError: on purpose")
    assert 'program.py", line 2, in fail' in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = run("nowhere.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "python3 -m miniloop.compat: there is no file 'nowhere.py'\n"


def test_a_missing_module_is_named(tmp_path: Path) -> None:
    done = run("-m", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "python3 -m miniloop.compat: there is no module 'nowhere' that could be run\n"
    )


def test_a_directory_without_a_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("empty", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "python3 -m miniloop.compat: there is no __main__.py in 'empty'\n"


def test_what_a_module_imports_is_its_own_to_miss(program: Path) -> None:
    program.write_text("import nowhere_at_all\n")
    done = run("-m", "program", cwd=program.parent)
    assert done.stderr.rstrip().endswith("No module named 'nowhere_at_all'")


def test_the_file_is_absolute(program: Path, tmp_path: Path) -> None:
    """Daemons change to another directory and look for their files beside ``__file__``."""
    program.write_text("print(__file__, __package__, __spec__, __loader__.name)\n")
    done = run("there/program.py", cwd=tmp_path)
    assert done.stdout == f"{program} None None __main__\n"


OUTLIVES = """\
import asyncore, atexit, pickle, threading

class Kept:
    pass

atexit.register(lambda: print(len(pickle.dumps(Kept())) > 0, Kept.__module__))
ended = threading.main_thread().join
threading.Thread(target=lambda: (ended(), print(len(pickle.dumps(Kept())) > 0))).start()
"""


@pytest.mark.parametrize("args", [("program.py",), ("-m", "program")])
def test_main_is_there_as_long_as_anybody_runs(program: Path, args: tuple[str, ...]) -> None:
    program.write_text(OUTLIVES)
    done = run(*args, cwd=program.parent)
    assert (done.stdout, done.stderr) == ("True\nTrue __main__\n", "")


@pytest.mark.parametrize("args", [(), ("-m",), ("-x", "program.py")])
def test_nothing_to_run_shows_the_usage(program: Path, args: tuple[str, ...]) -> None:
    done = run(*args, cwd=program.parent)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python3 -m miniloop.compat PROGRAM [ARGS]")
    assert done.stdout == ""


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(tmp_path: Path, option: str) -> None:
    done = run(option, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: python3 -m miniloop.compat PROGRAM [ARGS]")
