"""Write down how each test ended, as pytest tells it.  Runs inside the suite's process."""

import pytest

from tests.suites.recording import Record
from tests.suites.results import Outcome


class Plugin:
    """Writes each report into a record."""

    def __init__(self) -> None:
        self.record = Record()
        self.count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "setup":
            self.count += 1
        if report.when == "call" or report.outcome != "passed":
            self.record.note(report.nodeid, outcome_of(report))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            outcome = Outcome.ERROR if report.outcome == "failed" else Outcome.SKIPPED
            self.record.note(report.nodeid, outcome)


def outcome_of(report: pytest.TestReport) -> Outcome:
    """Translate one report, of setup, the test itself or teardown."""
    if hasattr(report, "wasxfail"):
        return Outcome.EXPECTED_FAILURE if report.skipped else Outcome.UNEXPECTED_SUCCESS
    if report.failed:
        return Outcome.FAILED if report.when == "call" else Outcome.ERROR
    return Outcome.SKIPPED if report.skipped else Outcome.PASSED


def run_pytest(target: str) -> tuple[dict[str, Outcome], int]:
    """Run the tests under the folder ``target``, without the options its project likes.

    Those ask for plugins that change the output, and that run tests in parallel.
    """
    plugin = Plugin()
    arguments = ["-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-v"]
    pytest.main([*arguments, target], plugins=[plugin])
    return plugin.record.outcomes, plugin.count
