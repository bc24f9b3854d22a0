"""Which tests execute which lines of the package, and how long they take: one unchanged run.

A test file is used when it imports the package, or is one of compat's, and imports nothing that
`OTHERS` names.  These are the tests of the modules, those on the simulated network, and those with
real sockets; not those of documents, examples and other programs, which are slow and see little.
Surveys are kept for each test file, so that the next run repeats only what has changed.
"""

import ast
import hashlib
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.mutants import inside
from tests.mutants.benches import Trial, results

OTHERS = (
    "examples",
    "tests.book",
    "tests.fuzz",
    "tests.integration",  # its helpers: the chat room's process, a browser
    "tests.mutants",
    "tests.suites",
)
COMPAT = ("miniloop.compat", "tests.compat", "tests.integration.test_compat_main")
"""Modules of compat and its tests; the last starts programs and imports nothing of the package."""
SLOWEST = 3.0
"""Seconds; a test that takes longer is not used."""
KEPT = "build/mutants"
"""Folder in the tree, ignored by git."""


class Survey:
    """What the tests execute."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.unusable: list[str] = []
        self._by_line: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._by_file: dict[str, list[str]] = {}

    def add(self, file: str, content: dict[str, Any]) -> None:
        """Add what was found for a test file."""
        self.unusable += content["failed"]
        tests: list[str] = content["tests"]
        self._by_file[file] = tests
        self.seconds.update(zip(tests, content["seconds"], strict=True))
        for module, lines in content["lines"].items():
            for line, numbers in lines.items():
                self._by_line[module, int(line)] += [tests[number] for number in numbers]

    def executing(self, module: str, lines: Iterable[int]) -> set[str]:
        """Return the tests that execute any of these lines, slow ones left out."""
        return {
            test
            for line in lines
            for test in self._by_line.get((module, line), ())
            if self.seconds[test] <= SLOWEST
        }

    def slow(self) -> list[str]:
        """Return the tests that are not used because they take too long."""
        return [test for test, seconds in self.seconds.items() if seconds > SLOWEST]

    def files(self) -> list[str]:
        """Return the test files that were run."""
        return [*self._by_file]

    def batch(self, file: str) -> dict[str, float]:
        """Return the seconds of all tests of a file."""
        return {test: self.seconds[test] for test in self._by_file.get(file, ())}


def survey(root: Path, files: list[str], jobs: int) -> Survey:
    """Run these test files in a copy of the tree, or read what an earlier run has found.

    Raises:
        RuntimeError: a file could not be run to its end, unchanged as it is.
    """
    found = Survey()
    folder = root / KEPT
    folder.mkdir(parents=True, exist_ok=True)
    kept = {file: folder / f"{_digest(root, file)}.json" for file in files}
    missing = [file for file, path in kept.items() if not path.exists()]
    for result in results(_trials(missing, kept), root, jobs):
        if result.status not in (0, 1, 5) or result.timed_out:
            raise RuntimeError(f"the tests do not run unchanged:\n{result.output[-6000:]}")
    for file, path in kept.items():
        found.add(file, json.loads(path.read_text()))
    for path in {*folder.glob("*.json")} - {*kept.values()}:
        path.unlink()
    return found


def _trials(files: list[str], paths: dict[str, Path]) -> Iterator[Trial]:
    for file in files:
        yield Trial(partial(inside.survey, file, paths[file]))


def _digest(root: Path, file: str) -> str:
    """Return a value that changes with the test file, its helpers, the package, and Python."""
    digest = hashlib.sha256(platform.python_version().encode() + file.encode())
    helpers = [path for path in _python_files(root, "tests") if not path.name.startswith("test_")]
    for path in [*_python_files(root, "miniloop"), *helpers, root / file]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _python_files(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).rglob("*.py"))


# -- which files ----------------------------------------------------------------------------------


def test_files(root: Path, with_compat: bool) -> list[str]:
    """Return the test files to use, the longest first, with those of compat or without."""
    paths = sorted((root / "tests").rglob("test_*.py"), key=lambda path: -path.stat().st_size)
    files = [path.relative_to(root).as_posix() for path in paths]
    return [file for file in files if _is_used(root, file, with_compat)]


def _is_used(root: Path, file: str, with_compat: bool) -> bool:
    imported = {*_imported(ast.parse((root / file).read_bytes()))}
    about = imported | {file.removesuffix(".py").replace("/", ".")}  # fixtures import compat
    if _any_inside(imported, OTHERS) or (not with_compat and _any_inside(about, COMPAT)):
        return False
    return _any_inside(about, ("miniloop", *COMPAT))


def _any_inside(modules: set[str], packages: tuple[str, ...]) -> bool:
    return any(
        module == package or module.startswith(f"{package}.")
        for module in modules
        for package in packages
    )


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
