"""What runs in a forked child, in a copy of the tree: pytest on chosen tests, under time limits."""

import faulthandler
import json
import os
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import Phase, settings

OPTIONS = (
    "-q",
    "-p", "no:cacheprovider",
    "-p", "no:faulthandler",  # the time limits here use its watchdog
    "--assert=plain",  # rewriting the tests' modules takes two seconds each
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # hypothesis was imported before the fork
    "--hypothesis-profile=mutants",
    "--basetemp=temporary",
)  # fmt: skip
GRACE = 5.0
"""Seconds that a test may take beyond ten times its unchanged run; the machine may be busy."""
BETWEEN = 30.0
"""Seconds for imports and for fixtures of a module."""
UNKNOWN = 120.0
"""Seconds for a test in the survey, which finds out how long it takes."""
SOFTWARE_ERROR = 70
"""Exit status for an error of this command itself (sysexits.h); pytest's end at 5."""

Batch = tuple[str, dict[str, float]]
"""A test file, and the seconds that each of its chosen tests takes unchanged."""

# A failing example is enough: shrinking and explaining it takes minutes.
settings.register_profile(
    "mutants",
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)


def try_out(batches: Sequence[Batch]) -> int:
    """Run the batches up to the first failure; return the exit status, 0 if nothing failed."""
    output = os.dup(1)  # pytest's capture takes the place of 1 during a test
    for file, tests in batches:
        plugins = [_Chosen(tests), _Limits(tests, output)]
        try:
            status = pytest.main([*OPTIONS, "-x", file], plugins=plugins)
        except Exception:  # a socket left open, found while pytest ends
            traceback.print_exc()
            return int(pytest.ExitCode.INTERNAL_ERROR)
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return int(status)
    return 0


def survey(file: str, result: Path) -> int:
    """Run a test file; write down which lines each test executes, and how long it takes."""
    root = os.getcwd()
    measured = coverage.Coverage(
        data_file=None, config_file=False, include=[f"{root}/miniloop/*"], messages=False
    )
    stopwatch = _Stopwatch(measured)
    measured.start()
    status = pytest.main([*OPTIONS, file], plugins=[stopwatch, _Limits({}, os.dup(1))])
    measured.stop()
    tests = [*stopwatch.seconds]
    numbers = {test: number for number, test in enumerate(tests)}
    data = measured.get_data()
    lines = {
        os.path.relpath(name, root): {
            line: sorted(numbers[test] for test in by if test in numbers)
            for line, by in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
    content = {"tests": tests, "seconds": [*stopwatch.seconds.values()], "lines": lines}
    result.write_text(json.dumps(content | {"failed": stopwatch.failed}))
    return int(status)


class _Chosen:
    """Runs nothing but the chosen tests, the fastest first."""

    def __init__(self, tests: dict[str, float]) -> None:
        self._tests = tests

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._tests),
            key=lambda item: self._tests[item.nodeid],
        )


class _Limits:
    """Ends the process with status 1, and its stacks in the output, when a test takes too long."""

    def __init__(self, tests: dict[str, float], output: int) -> None:
        self._tests = tests
        self._output = output
        self._watch(BETWEEN)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        usual = self._tests.get(item.nodeid)
        self._watch(UNKNOWN if usual is None else GRACE + 10 * usual)
        result = yield
        self._watch(BETWEEN)
        return result

    def _watch(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._output)


class _Stopwatch:
    """Notes the time of each test that passes, and has coverage note the test for each line."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self._not_passed: set[str] = set()
        self._measured = measured

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        self._measured.switch_context(item.nodeid)
        started = time.perf_counter()
        result = yield
        if item.nodeid not in self._not_passed:
            self.seconds[item.nodeid] = round(time.perf_counter() - started, 4)
        self._measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self._not_passed.add(report.nodeid)
        if report.failed:
            self.failed.append(report.nodeid)
