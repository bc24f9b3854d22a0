"""Which tests to run against a mutant, and in which order.  Pure logic."""

from collections import defaultdict
from pathlib import PurePosixPath

from tests.mutants.inside import Batch
from tests.mutants.mutant import Mutant
from tests.mutants.survey import SLOWEST, Survey

BUDGET = 10.0
"""Seconds, unchanged, for tests other than the module's own: a line of the loop has a thousand."""


def batches(mutant: Mutant, survey: Survey) -> list[Batch]:
    """Return the tests that execute the mutant: the module's own files first, then fast ones.

    Last come the module's other tests, since one that starts a process may execute the line there.
    """
    own_files = own(mutant, survey)
    tests = executing(mutant, survey)
    by_file: dict[str, dict[str, float]] = defaultdict(dict)
    left = BUDGET
    for test in sorted(tests, key=lambda test: (survey.seconds[test], test)):
        file = test.partition("::")[0]
        seconds = survey.seconds[test]
        if file not in own_files:
            if seconds > left:
                continue
            left -= seconds
        by_file[file][test] = seconds
    first = sorted(
        by_file.items(), key=lambda batch: (batch[0] not in own_files, sum(batch[1].values()))
    )
    last = [(file, _without(survey.batch(file), tests)) for file in own_files]
    return first + [batch for batch in last if batch[1]]


def _without(tests: dict[str, float], others: set[str]) -> dict[str, float]:
    return {
        test: seconds
        for test, seconds in tests.items()
        if test not in others and seconds <= SLOWEST
    }


def executing(mutant: Mutant, survey: Survey) -> set[str]:
    """Return the tests that execute the changed lines.

    What runs on import runs for every test, so it counts as executed by the tests that execute
    something of the function, class or module around it: the smallest for which there are any.
    """
    if not mutant.on_import:
        return survey.executing(mutant.file, mutant.lines)
    for scope in mutant.scopes:
        if tests := survey.executing(mutant.file, scope):
            return tests
    return set()


def own(mutant: Mutant, survey: Survey) -> list[str]:
    """Return the module's own test files: ``tests/net/test_tls.py`` for ``miniloop/net/tls.py``.

    Those in ``tests/integration``, where the folder may stand before the name
    (``test_compat_main.py`` for ``compat/__main__.py``), and those whose name goes on
    (``test_tls_records.py``), too.
    """
    module = PurePosixPath(mutant.module)
    name = module.stem.strip("_")
    with_folder = "_".join([*module.parent.parts, name])
    starts = (
        f"tests/{module.parent / f'test_{name}_'}",
        f"tests/integration/test_{name}_",
        f"tests/integration/test_{with_folder}_",
    )
    return [file for file in survey.files() if f"{file.removesuffix('.py')}_".startswith(starts)]
