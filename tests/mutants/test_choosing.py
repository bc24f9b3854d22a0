"""Which tests run against a mutant."""

from tests.mutants import choosing
from tests.mutants.finding import mutants_of
from tests.mutants.mutant import Mutant
from tests.mutants.source import Source
from tests.mutants.survey import SLOWEST, Survey

MODULE = "miniloop/net/toy.py"
OWN, OTHER, THIRD = "tests/net/test_toy.py", "tests/net/test_other.py", "tests/test_third.py"
TEXT = """\
LIMIT = 0
class C:
    flag = True
    def f(self):
        return self.g()
"""
OF_MODULE, OF_CLASS, OF_FUNCTION = 1, 3, 5


def mutant_in(line: int) -> Mutant:
    mutants = mutants_of(Source(MODULE, TEXT.encode()))
    return next(mutant for mutant in mutants if mutant.line == line)


def surveyed(*tests: tuple[str, float, list[int]]) -> Survey:
    """A survey of tests, each with its seconds and the lines of the module that it executes."""
    survey = Survey()
    for file in {name.partition("::")[0] for name, _, _ in tests}:
        inside = [test for test in tests if test[0].startswith(f"{file}::")]
        lines: dict[str, list[int]] = {}
        for number, (_, _, executed) in enumerate(inside):
            for line in executed:
                lines.setdefault(str(line), []).append(number)
        names, seconds = [test[0] for test in inside], [test[1] for test in inside]
        content = {"tests": names, "seconds": seconds, "lines": {MODULE: lines}, "failed": []}
        survey.add(file, content)
    return survey


def test_the_modules_own_tests_come_first_and_then_the_fastest_file() -> None:
    survey = surveyed((f"{THIRD}::a", 0.2, [5]), (f"{OTHER}::b", 0.1, [5]), (f"{OWN}::c", 1.0, [5]))
    assert choosing.batches(mutant_in(OF_FUNCTION), survey) == [
        (OWN, {f"{OWN}::c": 1.0}),
        (OTHER, {f"{OTHER}::b": 0.1}),
        (THIRD, {f"{THIRD}::a": 0.2}),
    ]


def test_of_those_that_do_not_execute_the_line_only_the_modules_own_run_and_last() -> None:
    """The line may run in a process that such a test starts."""
    survey = surveyed(
        (f"{OWN}::a", 0.1, [4]),
        (f"{OWN}::b", 0.1, [5]),
        (f"{OWN}::c", SLOWEST + 0.1, [4]),
        (f"{OTHER}::d", 0.2, [5]),
        (f"{OTHER}::e", 0.1, [4]),
    )
    assert choosing.batches(mutant_in(OF_FUNCTION), survey) == [
        (OWN, {f"{OWN}::b": 0.1}),
        (OTHER, {f"{OTHER}::d": 0.2}),
        (OWN, {f"{OWN}::a": 0.1}),
    ]


def test_slow_tests_do_not_run() -> None:
    survey = surveyed((f"{OWN}::a", SLOWEST + 0.1, [5]), (f"{OTHER}::b", 0.1, [5]))
    assert choosing.batches(mutant_in(OF_FUNCTION), survey) == [(OTHER, {f"{OTHER}::b": 0.1})]


def test_others_run_up_to_the_budget_and_the_modules_own_always() -> None:
    count = int(choosing.BUDGET / 2)
    others = [(f"{OTHER}::{number}", 2.1, [5]) for number in range(count + 1)]
    owns = [(f"{OWN}::{number}", 2.9, [5]) for number in range(count + 1)]
    first, second = choosing.batches(mutant_in(OF_FUNCTION), surveyed(*owns, *others))
    assert len(first[1]) == count + 1
    assert len(second[1]) == int(choosing.BUDGET / 2.1)


def test_what_runs_on_import_is_noticed_by_tests_of_what_is_around_it() -> None:
    survey = surveyed((f"{OWN}::a", 0.1, [5]), (f"{OTHER}::b", 0.1, [6]))
    assert choosing.executing(mutant_in(OF_CLASS), survey) == {f"{OWN}::a"}
    assert choosing.executing(mutant_in(OF_MODULE), survey) == {f"{OWN}::a", f"{OTHER}::b"}
    survey = surveyed((f"{OTHER}::b", 0.1, [6]))
    assert choosing.executing(mutant_in(OF_CLASS), survey) == {f"{OTHER}::b"}


def test_the_modules_own_files() -> None:
    names = [
        OWN,
        "tests/net/test_toy_records.py",
        "tests/integration/test_toy.py",
        "tests/integration/test_net_toy.py",
        "tests/net/test_toys.py",
        "tests/net/test_net_toy.py",
        "tests/test_toy.py",
    ]
    survey = surveyed(*((f"{name}::a", 0.1, [5]) for name in names))
    assert {*choosing.own(mutant_in(OF_FUNCTION), survey)} == {*names[:4]}
