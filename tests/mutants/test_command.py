"""The whole command on a toy package, whose survivors are known."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.command import main

ROOT = Path(__file__).resolve().parents[2]
TOY = '''\
"""A toy."""

LIMIT = 5


class Counter:
    """Counts."""

    def __init__(self):
        self.count = 0
        self.spare = 0

    def add(self, number):
        """Add so many."""
        if number > LIMIT:
            raise ValueError(f"at most {LIMIT}")
        while number > 0:
            number -= 1
            self.count += 1
        return self.count

    def untested(self):
        return self.count
'''
TESTS = """\
import pytest

from miniloop.toy import LIMIT, Counter


def test_counts():
    counter = Counter()
    assert counter.add(3) == 3
    assert counter.add(2) == 5


def test_too_many():
    with pytest.raises(ValueError, match="at most"):
        Counter().add(LIMIT + 1)


def test_that_fails_anyway():
    assert Counter().add(1) == 2
"""
EQUIVALENT = """
[[equivalent]]
module = "toy.py"
where = "Counter.__init__"
line = "self.spare = 0"
old = "0"
new = "1"
reason = "The attribute is not read."

[[equivalent]]
module = "toy.py"
where = "Counter.gone"
line = "return 0"
old = "0"
new = "1"
reason = "The method is gone."
"""
PROGRAM = """
import sys
from tests.mutants import inside

inside.GRACE = 0.5  # seconds until a hanging mutant is ended
from tests.mutants.command import main

sys.exit(main(sys.argv[1:]))
"""
FILES = {
    "miniloop/__init__.py": "",
    "miniloop/toy.py": TOY,
    "tests/__init__.py": "",
    "tests/test_toy.py": TESTS,
    "tests/mutants/equivalent.toml": EQUIVALENT,
    "pyproject.toml": "",
}


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", PROGRAM, "--tree", str(root), *arguments]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_the_toy(toy: Path) -> None:
    done = command(toy, "--all")
    assert done.stdout.splitlines() == [
        "20 mutants",
        "2 tests in 1 files",
        "- `toy.py:11` Counter.__init__: 'self.spare = 0' -> 'pass'",
        "- `toy.py:11` Counter.__init__: '0' -> '(-1)'",
        "- `toy.py:15` Counter.add: '>' -> '>='",
        "- `toy.py:23` Counter.untested: 'self.count' -> 'None'",
        "- equivalent, not counted: `toy.py:11` Counter.__init__: '0' -> '1':"
        " The attribute is not read.",
        "- this entry matches no mutant any more: `toy.py` Counter.gone: '0' -> '1' in 'return 0'",
        "- fails without any change, not used: tests/test_toy.py::test_that_fails_anyway",
        "the core     15 of 19 (78.9%)",
        "noticed: 15 of 19 (78.9%), 2 of them by a time limit; wanted: 95%",
    ], done.stderr
    assert done.returncode == 1
    for name, text in FILES.items():
        assert (toy / name).read_text() == text


def test_a_line(toy: Path) -> None:
    done = command(toy, "toy:19")
    assert "3 of 3 (100.0%)" in done.stdout, done.stderr
    assert done.returncode == 0


def test_a_list(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tree", str(toy), "toy:11", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "- `toy.py:11` Counter.__init__: 'self.spare = 0' -> 'pass'",
        "- `toy.py:11` Counter.__init__: '0' -> '(-1)'",
        "- `toy.py:11` Counter.__init__: '0' -> '1'  equivalent: The attribute is not read.",
    ]


def test_the_seed_and_the_size_of_the_sample(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def listed(seed: str) -> str:
        main(["--tree", str(toy), "--list", "--most", "5", "--seed", seed])
        return capsys.readouterr().out

    assert listed("1") == listed("1") != listed("2")
    assert len(listed("1").splitlines()) == 5


def test_tests_that_do_not_run_at_all_are_an_error(toy: Path) -> None:
    (toy / "tests/test_toy.py").write_text("import miniloop.toy\nimport nothing_of_that_name\n")
    done = command(toy, "--all")
    assert "RuntimeError: the tests do not run unchanged" in done.stderr
    assert "nothing_of_that_name" in done.stderr


def test_what_is_not_there_is_refused(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--tree", str(toy), "nowhere"])
    assert ended.value.code == 2
    assert "nowhere: there is no such module or folder in miniloop" in capsys.readouterr().err


CHILDREN = """
import os, select, sys, time
from pathlib import Path
from tests.mutants.benches import Trial, results

reader, writer = os.pipe()

def allocates():
    try:
        return len(bytearray(3 << 30)) and 0
    except MemoryError:
        return 1

def leaves_a_child():
    if os.fork() == 0:
        time.sleep(3600)
    return 3

def breaks():
    raise KeyError("unexpected")

trials = [Trial(allocates), Trial(leaves_a_child), Trial(breaks)]
for result in results(trials, Path(sys.argv[1]), 1):
    print(result.status, flush=True)
    if result.status == 3:
        os.close(writer)  # the last one, if the grandchild is dead
        print(len(select.select([reader], [], [], 10)[0]), flush=True)
"""


def test_a_child_is_bounded_ends_with_all_it_started_and_may_not_break(toy: Path) -> None:
    program = [sys.executable, "-c", CHILDREN, str(toy)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["1", "3", "1"]
    assert "the child for the unchanged tree broke" in done.stderr
