"""The programs in README and docs compile, and those that are whole programs run."""

import ast
import inspect
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.book.pages import pages

ROOT = Path(__file__).resolve().parent.parent
PAGES = pages()
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NEEDS = {r"system\.workers": "fork", r"\bFileDispatcher\b": "files", r"Guest\(|\.step\(": "guests"}
SERVES = re.compile(r"loop\.run\(\)|loops\[0\]\.run\(\)|\brun\(serve\b")
TAKEN = re.compile(r"pip install (-\S+ )*'?miniloop(?![\w-])")  # another project, on PyPI
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def needs(block: str) -> list[pytest.MarkDecorator]:
    """Return what a block needs of the system."""
    found = [need for name, need in NEEDS.items() if re.search(name, block)]
    return [pytest.mark.needs(*found)]


def blocks() -> list[Any]:
    return [
        pytest.param(
            name := f"{page.relative_to(ROOT)}-{number}", block, id=name, marks=needs(block)
        )
        for page in PAGES
        for number, block in enumerate(BLOCK.findall(page.read_text()), 1)
    ]


@pytest.mark.parametrize(("name", "block"), blocks())
def test_a_block_runs(name: str, block: str, request: pytest.FixtureRequest) -> None:
    """A server is started and stopped; anything else is executed, and its tests with it."""
    if not SERVES.search(block):
        names: dict[str, object] = {"__name__": "block"}
        exec(compile(ast.parse(block), name, "exec"), names)
        run_tests(names, request)
        return
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port = finder.getsockname()[1]
    answer = talk(block.replace("1234", str(port)), port)
    assert answer == b"hello\nworld\n"


def run_tests(names: dict[str, object], request: pytest.FixtureRequest) -> None:
    """Call the functions that pytest would, with the fixtures that they name."""
    for name, function in list(names.items()):
        if name.startswith("test_") and callable(function):
            wanted = (
                [] if hasattr(function, "hypothesis") else inspect.signature(function).parameters
            )
            function(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def talk(program: str, port: int) -> bytes:
    """Run a line-echo server, send it two lines, stop it, and return what came back."""
    command = [sys.executable, "-W", "error", "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as server:
        try:
            with connect(port, server) as client:
                client.sendall(b"hello\nworld\n")
                client.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: client.recv(4096), b""))
        finally:
            server.terminate()
        assert server.stderr is not None
        assert server.stderr.read() == b""
        assert server.wait(10) == 0
    return answer


def connect(port: int, server: subprocess.Popen[bytes]) -> socket.socket:
    """Connect as soon as the server listens."""
    while server.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except ConnectionRefusedError:
            continue
    raise AssertionError("the server ended before it listened")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", page.read_text()))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_suggests_the_project_that_has_our_name_on_pypi(page: Path) -> None:
    assert not TAKEN.search(page.read_text())


def test_what_would_be_found() -> None:
    found = ["pip install miniloop", "pip install -U miniloop", "pip install 'miniloop[chat]'"]
    assert [line for line in found if not TAKEN.search(line)] == []
    assert not TAKEN.search("pip install miniloop-sockets")
