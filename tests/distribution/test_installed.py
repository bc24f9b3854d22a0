"""Programs in an environment where miniloop-asyncore is installed, beside standard-smtpd."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distribution.environments import MAIN, ROOT, SECOND, Environment, project

OURS = "miniloop.compat.asyncore"
WHOSE = "import asyncore; print(asyncore.__name__)"


@pytest.fixture(scope="module")
def environment(new: Callable[[], Environment]) -> Environment:
    environment = new()
    environment.pip("install", "miniloop-asyncore", "standard-smtpd")
    return environment


def test_the_requirement_is_the_main_distribution() -> None:
    second = project(SECOND)
    assert second["dependencies"] == [f"{MAIN}>=0.1.0"]
    assert second["requires-python"] == ">=3.12"
    assert project(ROOT)["version"] >= "0.1.0"


def test_no_file_of_the_wheel_is_one_that_another_has(wheels: Path) -> None:
    listed: dict[str, set[str]] = {}
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            listed[wheel.name.split("-")[0]] = set(archive.namelist())
    ours = listed.pop("miniloop_asyncore")
    assert {name.split("/")[0] for name in ours if "dist-info" not in name} == {
        "miniloop_asyncore.pth", "miniloop_asyncore", "asyncore-stubs", "asynchat-stubs",
    }  # fmt: skip
    assert len(listed) == 6
    assert not [name for name, files in listed.items() if ours & files]


@pytest.mark.parametrize("options", [[], ["-I"], ["-P"], ["-s"], ["-E"], ["-OO"]], ids=str)
def test_options_of_python(environment: Environment, options: list[str]) -> None:
    assert environment.run(*options, WHOSE) == OURS


def test_without_site_nothing_that_is_installed_is_found(environment: Environment) -> None:
    done = environment.start("-S", "-c", WHOSE)
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'asyncore'\n")


def test_a_program_that_imports_neither_loads_nothing_else(environment: Environment) -> None:
    loaded = environment.run("import sys; print(*sys.modules)").split()
    assert [name for name in loaded if "miniloop" in name] == ["miniloop_asyncore"]
    assert "typing" not in loaded


CHILDREN = """
import multiprocessing, subprocess, sys

def whose(_):
    import asyncore
    return asyncore.__name__

if __name__ == "__main__":
    for method in ("spawn", "forkserver", "fork"):
        if method in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context(method).Pool(1) as pool:
                print(*pool.map(whose, [1]))
    code = "import asyncore; print(asyncore.__name__)"
    print(subprocess.check_output([sys.executable, "-c", code], text=True), end="")
"""


def test_children(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(CHILDREN)
    done = environment.start("program.py", cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.split() == [OURS] * 4


MAIL = """
import asyncore, smtplib, threading, warnings
warnings.simplefilter("ignore")
import smtpd

class Server(smtpd.SMTPServer):
    def process_message(self, peer, mailfrom, rcpttos, data, **keywords):
        print(mailfrom, rcpttos, data.split(b"\\n")[-1])

server = Server(("127.0.0.1", 0), None)
port = server.socket.getsockname()[1]

def client():
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as peer:
        peer.sendmail("a@example.org", ["b@example.org"], "Subject: x\\n\\nhello")
    server.close()

thread = threading.Thread(target=client)
thread.start()
asyncore.loop(0.1)
thread.join()
print(asyncore.__name__)
"""


def test_smtpd_carries_mail(environment: Environment) -> None:
    assert environment.run(MAIL) == f"a@example.org ['b@example.org'] b'hello'\n{OURS}"


def test_which_is_as_the_page_shows_it(environment: Environment, tmp_path: Path) -> None:
    said = environment.start("-m", "miniloop.compat", "--which", cwd=tmp_path).stdout
    page = (ROOT / "docs" / "howto" / "port-from-asyncore.md").read_text()
    shown = page.split("$ python3 -m miniloop.compat --which", 1)[1].split("```")[0]
    assert said.replace(str(environment.site.parent), "...") == shown.split("\n", 1)[1]


def test_a_folder_that_pip_made(new: Callable[[], Environment], tmp_path: Path) -> None:
    """``pip install --target`` and PYTHONPATH: no .pth file is read, so a program says it."""
    environment = new()
    environment.pip("install", "--target", str(tmp_path), "miniloop-asyncore", "standard-smtpd")

    def run(*arguments: str) -> str:
        return environment.start(*arguments, settings={"PYTHONPATH": str(tmp_path)}).stdout.strip()

    assert run("-c", WHOSE) == "asyncore"
    assert "miniloop-asyncore is there, but not in a site directory" in run(
        "-m", "miniloop.compat", "--which"
    )
    assert run("-c", f"import miniloop_asyncore; {WHOSE}") == OURS
