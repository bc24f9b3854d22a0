"""How the conformance run judges; the suites themselves run by ``python3 -m tests.suites``."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.suites import __main__ as command
from tests.suites import packages, report, results, running
from tests.suites.catalogue import NAMES, Suite, suites_for
from tests.suites.packages import Site
from tests.suites.recording_pytest import outcome_of
from tests.suites.results import Judgement, Outcome, Run, Verdict, judge

SUITE = Suite("toy", "toy", ("toy.asyncore",))
FUNCTIONS = (
    "dispatcher.__init__",
    "dispatcher.handle_read_event",
    "async_chat.__init__",
    "loop",
)


def honest(module: str, code: str, loaded: bool) -> results.Testimony:
    """Return what an honest process testifies."""
    return results.Testimony(
        modules={name: module.format(name) for name in NAMES},
        holders={"toy.asyncore": module.format("asyncore")},
        originals=("/lib/asyncore.py", "/lib/asynchat.py"),
        calls=dict.fromkeys(FUNCTIONS, 3),
        code=dict.fromkeys(FUNCTIONS, code),
        miniloop_loaded=loaded,
    )


OUTCOMES = {"a": Outcome.PASSED, "b": Outcome.SKIPPED}
BEFORE = Run(OUTCOMES, 2, 1.5, honest("/lib/{}.py", "/lib/asyncore.py", False))
AFTER = Run(OUTCOMES, 2, 1.25, honest("miniloop.compat.{}", "/x/miniloop/compat/y.py", True))


def with_outcomes(run: Run, **outcomes: Outcome) -> Run:
    return replace(run, outcomes=outcomes, count=len(outcomes))


def with_testimony(run: Run, **seen: object) -> Run:
    return replace(run, testimony=replace(run.testimony, **seen))  # type: ignore[arg-type]


# -- the judge ------------------------------------------------------------------------------------


def test_the_same_outcomes_on_the_right_modules_are_ok() -> None:
    assert judge(SUITE, BEFORE, AFTER) == Judgement(Verdict.OK)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED])
def test_a_test_that_only_passes_with_the_originals_is_a_failure(outcome: Outcome) -> None:
    before = with_outcomes(BEFORE, a=Outcome.PASSED)
    judgement = judge(SUITE, before, with_outcomes(AFTER, a=outcome))
    assert judgement.verdict is Verdict.FAILED
    assert judgement.reasons == (f"a: passed with the originals, {outcome} with ours",)


def test_a_test_that_did_not_run_with_ours_is_a_failure() -> None:
    judgement = judge(SUITE, BEFORE, with_outcomes(AFTER, a=Outcome.PASSED))
    assert judgement.reasons == ("b: skipped with the originals, not run with ours",)
    assert judgement.verdict is Verdict.FAILED


def test_a_bad_test_that_only_ours_runs_is_a_failure() -> None:
    after = with_outcomes(AFTER, a=Outcome.PASSED, b=Outcome.SKIPPED, c=Outcome.ERROR)
    assert judge(SUITE, BEFORE, after).verdict is Verdict.FAILED


def test_a_bad_test_that_ours_loses_is_a_failure() -> None:
    before = with_outcomes(BEFORE, a=Outcome.PASSED, b=Outcome.FAILED)
    assert judge(SUITE, before, with_outcomes(AFTER, a=Outcome.PASSED)).verdict is Verdict.FAILED


def test_what_fails_with_the_originals_too_is_not_ours_and_not_ok() -> None:
    bad = {"a": Outcome.PASSED, "b": Outcome.FAILED}
    judgement = judge(SUITE, with_outcomes(BEFORE, **bad), with_outcomes(AFTER, **bad))
    assert judgement.verdict is Verdict.LIKEWISE
    assert "b: FAILED with the originals" in judgement.reasons[0]


def test_another_number_of_tests_is_a_failure_even_with_the_same_outcomes() -> None:
    judgement = judge(SUITE, BEFORE, replace(AFTER, count=3))
    assert judgement == Judgement(Verdict.FAILED, ("2 tests with the originals, 3 with ours",))


def test_no_test_at_all_is_a_failure() -> None:
    judgement = judge(SUITE, with_outcomes(BEFORE), with_outcomes(AFTER))
    assert judgement == Judgement(Verdict.FAILED, ("no test ran",))


def test_a_suite_that_skips_everything_is_skipped() -> None:
    skipped = {"a": Outcome.SKIPPED}
    judgement = judge(SUITE, with_outcomes(BEFORE, **skipped), with_outcomes(AFTER, **skipped))
    assert judgement.verdict is Verdict.SKIPPED


@pytest.mark.parametrize("side", ["the originals", "ours"])
def test_a_process_without_a_result_is_a_failure(side: str) -> None:
    broken = Run(trouble="exit status -11")
    runs = (broken, AFTER) if side == "the originals" else (BEFORE, broken)
    assert judge(SUITE, *runs) == Judgement(Verdict.FAILED, (f"with {side}: exit status -11",))


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"modules": {}}, "asyncore was not imported, and not ours"),
        ({"modules": {n: f"/lib/{n}.py" for n in NAMES}}, "asynchat was /lib/asynchat.py, and not"),
        ({"modules": dict.fromkeys(NAMES, "miniloop.compat.asyncore")}, "asynchat was miniloop."),
        ({"holders": {}}, "toy.asyncore does not exist"),
        ({"holders": {"toy.asyncore": "/lib/asyncore.py"}}, "toy.asyncore was /lib/asyncore.py"),
        ({"searched": ("asyncore",)}, "somebody looked for another asyncore"),
        ({"original_functions": 2}, "2 functions of the originals were in memory"),
        ({"code": {"loop": "/lib/asyncore.py"}}, "loop was that of /lib/asyncore.py"),
        ({"calls": dict.fromkeys(FUNCTIONS, 0)}, "no dispatcher was made with ours"),
        ({"calls": {}}, "no dispatcher was made with ours"),
    ],
)
def test_a_doubt_that_it_was_ours_is_a_failure(seen: dict[str, object], reason: str) -> None:
    judgement = judge(SUITE, BEFORE, with_testimony(AFTER, **seen))
    assert judgement.verdict is Verdict.FAILED
    assert any(reason in given for given in judgement.reasons), judgement.reasons


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"miniloop_loaded": True}, "miniloop was imported beside the originals"),
        ({"modules": {"asyncore": "/other.py"}}, "the original asyncore was /other.py"),
        ({"code": {"loop": "/other.py"}}, "the original loop was that of /other.py"),
        ({"calls": {}}, "no dispatcher was made with the originals"),
    ],
)
def test_a_doubt_about_the_originals_is_a_failure(seen: dict[str, object], reason: str) -> None:
    judgement = judge(SUITE, with_testimony(BEFORE, **seen), AFTER)
    assert judgement.verdict is Verdict.FAILED
    assert any(reason in given for given in judgement.reasons), judgement.reasons


def test_a_suite_that_lives_elsewhere_needs_ours_under_both_names() -> None:
    suite = replace(SUITE, home="test.support")
    reasons = judge(suite, BEFORE, AFTER).reasons
    assert "test.support.asyncore was not imported, and not ours" in reasons


def test_a_second_attempt_that_is_ok_keeps_the_reasons_of_the_first() -> None:
    first, ok = Judgement(Verdict.FAILED, ("a",)), Judgement(Verdict.OK)
    assert results.another_attempt(first, ok) == Judgement(Verdict.UNSTEADY, ("a",))
    again = Judgement(Verdict.FAILED, ("b",))
    assert results.another_attempt(first, again) == again


# -- the catalogue --------------------------------------------------------------------------------


PROJECTS = {"pyftpdlib", "zope.server", "irc-bot", "asyncore-wsgi"}
"""What runs on every Python."""


def test_python_3_11_has_the_eight_suites_and_pyftpdlib() -> None:
    names = {suite.name for suite in suites_for((3, 11))}
    wanted = "asyncore asynchat smtpd smtplib poplib ftplib logging ssl"
    assert names == {f"test_{name}" for name in wanted.split()} | PROJECTS


@pytest.mark.parametrize("version", [(3, 12), (3, 13)])
def test_later_ones_have_those_that_were_left(version: tuple[int, int]) -> None:
    suites = {suite.name: suite for suite in suites_for(version)}
    stdlib = {name for name, suite in suites.items() if suite.home == "test.support"}
    assert stdlib == {f"test_{n}" for n in ("smtplib", "poplib", "ftplib", "logging", "ssl")}
    assert {*suites} - stdlib == {"standard-smtpd", "standard-smtpd: mail"} | PROJECTS


@pytest.mark.parametrize(
    ("version", "place"),
    [((3, 11), "smtpd"), ((3, 12), "test.smtpd"), ((3, 13), "test.support.smtpd")],
)
def test_smtpd_is_looked_for_where_it_moved(version: tuple[int, int], place: str) -> None:
    [suite] = [suite for suite in suites_for(version) if suite.name == "test_smtplib"]
    assert f"{place}.asyncore" in suite.holders
    assert f"{place}.asynchat" in suite.holders


# -- the report -----------------------------------------------------------------------------------


def entry(verdict: Verdict, *reasons: str, output: str = "") -> report.Entry:
    before, after = replace(BEFORE, output=output), with_outcomes(AFTER, a=Outcome.FAILED)
    return report.Entry("3.11.7", "toy", Judgement(verdict, reasons), before, after)


def test_a_line_has_both_counts_and_what_was_used() -> None:
    found = report.line(report.Entry("3.11.7", "toy", Judgement(Verdict.OK), BEFORE, AFTER))
    assert " ".join(found.split()) == (
        "3.11.7 toy 2 / 2 tests, 1 skipped ok 1.5 / 1.2 s"
        " 3 dispatchers (3 chats), 3 read events, 3 loops"
    )


def test_a_skipped_suite_says_why_in_its_line_and_in_the_end() -> None:
    skipped = report.Entry("3.11.7", "toy", Judgement(Verdict.SKIPPED, ("no network",)))
    assert report.line(skipped).endswith("SKIPPED: no network")
    assert report.summary("3.11.7", [skipped], 2.0) == [
        "SKIPPED: Python 3.11.7, toy, because no network",
        "suites on Python 3.11.7: 0 ok, 1 SKIPPED, 2 s",
    ]


def test_a_failure_shows_the_output_of_the_side_that_failed() -> None:
    lines = [*report.details(entry(Verdict.FAILED, "a: bad", output="not this"))]
    assert lines[0].strip() == "a: bad"
    assert "with ours, the end of it" in lines[1]
    assert not any("not this" in line for line in lines)


def test_ok_has_no_details_and_only_a_failure_has_output() -> None:
    assert [*report.details(entry(Verdict.OK))] == []
    assert len([*report.details(entry(Verdict.UNSTEADY, "a: bad"))]) == 1


@pytest.mark.parametrize(
    ("when", "outcome", "wanted"),
    [
        ("call", "passed", Outcome.PASSED),
        ("call", "failed", Outcome.FAILED),
        ("setup", "failed", Outcome.ERROR),
        ("teardown", "failed", Outcome.ERROR),
        ("setup", "skipped", Outcome.SKIPPED),
    ],
)
def test_pytest_s_words_are_translated(when: str, outcome: str, wanted: Outcome) -> None:
    facts = {"passed": outcome == "passed", "failed": outcome == "failed"}
    given = SimpleNamespace(when=when, outcome=outcome, skipped=outcome == "skipped", **facts)
    assert outcome_of(given) is wanted  # type: ignore[arg-type]


# -- the command ----------------------------------------------------------------------------------


def test_what_cannot_be_fetched_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(project: str, version: tuple[int, int]) -> Site:
        raise packages.UnavailableError("no network")

    monkeypatch.setattr(command, "site_for", refuse)
    [suite] = [suite for suite in suites_for((3, 13)) if suite.name == "pyftpdlib"]
    [found] = command.entries_of([suite], jobs=1)
    assert found.judgement == Judgement(Verdict.SKIPPED, ("no network",))


def test_without_python_s_test_package_its_suites_are_skipped() -> None:
    suite = Suite("test_x", "no_such_package.test_x", ())
    [found] = command.entries_of([suite], jobs=1)
    assert found.judgement.verdict is Verdict.SKIPPED
    assert "libpython" in found.judgement.reasons[0]


@pytest.mark.parametrize(
    ("failing", "verdict", "runs"),
    [
        (0, Verdict.OK, 2),
        (1, Verdict.UNSTEADY, 4),
        (2, Verdict.UNSTEADY, 6),
        (9, Verdict.FAILED, 6),
    ],
)
def test_only_what_fails_three_times_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, failing: int, verdict: Verdict, runs: int
) -> None:
    seen = []

    def run(suite: Suite, ours: bool, site: Site) -> Run:
        seen.append(ours)
        if not ours:
            return BEFORE
        return replace(AFTER, count=3) if len(seen) <= 2 * failing else AFTER

    monkeypatch.setattr(running, "run", run)
    entry = command.serial_entry(replace(SUITE, project="pyftpdlib"), Site(Path(), (), Path()))
    assert entry.judgement.verdict is verdict
    assert len(seen) == runs


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], {"test_ssl", "pyftpdlib"}),
        (["--part", "python"], {"test_ssl"}),
        (["--part", "projects"], {"pyftpdlib"}),
        (["--only", "test_ssl"], {"test_ssl"}),
    ],
)
def test_options_choose(arguments: list[str], wanted: set[str]) -> None:
    both = [suite for suite in suites_for((3, 11)) if suite.name in ("test_ssl", "pyftpdlib")]
    options = command.parse_arguments(arguments, ["test_ssl", "pyftpdlib"])
    assert {suite.name for suite in both if command.is_chosen(suite, options)} == wanted
