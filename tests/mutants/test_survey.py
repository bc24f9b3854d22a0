"""Which test files are used."""

from pathlib import Path

import pytest

from tests.mutants.survey import test_files as used_files

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "tests/test_loop.py": "from miniloop import EventLoop\n",
    "tests/net/test_tls.py": "import miniloop.net.tls\n",
    "tests/integration/test_promises.py": "import miniloop\nfrom tests.driving import settle\n",
    "tests/test_documents.py": "import miniloop\nfrom tests.book.pages import pages\n",
    "tests/examples/test_room.py": "import miniloop\nfrom examples import chatroom\n",
    "tests/integration/test_room.py": "import miniloop\nfrom tests.integration import browser\n",
    "tests/test_imports.py": "import ast\n",
    "tests/driving.py": "import miniloop\n",
}
COMPAT = {
    "tests/compat/test_fifo.py": "def test_it(asyncore): ...\n",
    "tests/integration/test_compat_main.py": "import subprocess\n",
    "tests/test_both.py": "from miniloop import compat\n",
}
USED = {"tests/test_loop.py", "tests/net/test_tls.py", "tests/integration/test_promises.py"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {**FILES, **COMPAT}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_those_of_the_package(root: Path) -> None:
    assert {*used_files(root, with_compat=False)} == USED


def test_those_of_compat_when_it_is_examined(root: Path) -> None:
    assert {*used_files(root, with_compat=True)} == USED | {*COMPAT}


def test_every_module_of_the_package_with_tests_of_its_own_is_seen_by_them() -> None:
    """The rule leaves out no mirrored test file of this project."""
    modules = (ROOT / "miniloop").rglob("*.py")
    mirrored = {
        f"tests/{module.relative_to(ROOT / 'miniloop').parent / f'test_{module.name}'}"
        for module in modules
    }
    there = {file for file in mirrored if (ROOT / file).exists()}
    assert there
    assert there <= {*used_files(ROOT, with_compat=True)}
