"""Which tests a usual run leaves out."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
from tests import long

def pytest_configure(config):
    config.addinivalue_line("markers", long.MARK)

def pytest_collection_modifyitems(config, items):
    long.select(config, items)
"""
TESTS = """
import pytest

def test_short():
    pass

@pytest.mark.long
def test_long():
    pass
"""


@pytest.mark.parametrize(("value", "passed", "left_out"), [("", 1, 1), ("1", 2, 0)])
def test_long_tests_run_when_they_are_wanted(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    passed: int,
    left_out: int,
) -> None:
    monkeypatch.setenv("LONG", value)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-n", "0")
    outcome.assert_outcomes(passed=passed, deselected=left_out)
