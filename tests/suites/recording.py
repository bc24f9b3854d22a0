"""Write down how each test ended, as unittest tells it.  Runs inside the suite's process."""

import unittest
from typing import Any

from tests.suites.results import Outcome, worse


class Record:
    """The outcome of each test by its id; the worst counts if there are several."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}

    def note(self, test: str, outcome: Outcome) -> None:
        self.outcomes[test] = worse(self.outcomes.get(test, outcome), outcome)


class RecordingResult(unittest.TextTestResult):
    """A result that also keeps a record.

    A subtest counts for its test: the parameters in its name may differ from run to run.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.record = Record()

    def _note(self, test: Any, outcome: Outcome) -> None:
        self.record.note(getattr(test, "test_case", test).id(), outcome)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if test.id() not in self.record.outcomes:  # nothing was reported but good subtests
            self._note(test, Outcome.PASSED)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._note(test, Outcome.ERROR)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._note(test, Outcome.FAILED)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self._note(test, Outcome.FAILED if failed else Outcome.ERROR)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        self._note(test, Outcome.SKIPPED)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self._note(test, Outcome.EXPECTED_FAILURE)

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._note(test, Outcome.UNEXPECTED_SUCCESS)


def run_unittest(target: str) -> tuple[dict[str, Outcome], int]:
    """Run what unittest calls ``target``; return the outcomes and the number of tests run."""
    tests = unittest.defaultTestLoader.loadTestsFromName(target)
    result = unittest.TextTestRunner(resultclass=RecordingResult, verbosity=2).run(tests)
    assert isinstance(result, RecordingResult)
    return result.record.outcomes, result.testsRun
