"""The runs that the chapters play are what the code does today."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.book.breaking import Breakage
from tests.book.pages import DOCS, ROOT
from tests.book.runs import broken, listing, moments, store
from tests.book.runs.catalogue import SCENARIOS, Scenario

pytest.importorskip("trustme", reason="no trustme to make the certificates of the TLS run with")
pytestmark = [pytest.mark.needs("epoll"), pytest.mark.needs("unix sockets")]

NAMED_TWINS = {
    "the stranger that receives another's event": "05-came-back",
    "the waker that sleeps for ever": "07-thread",
    "the bytes that never leave": "09-twenty-megabytes",
    "the listener that spins": "11-out-of-descriptors",
}


@pytest.fixture(scope="module")
def fresh() -> dict[str, store.Recording]:
    return store.fresh()


def halves(recording: store.Recording) -> Iterator[tuple[dict[str, Any], Breakage | None]]:
    """The right run, and the broken one with its change."""
    yield recording["right"], None
    if recording["broken"] is not None:
        scenario = next(each for each in SCENARIOS if each.name == recording["name"])
        assert scenario.twin is not None
        yield recording["broken"], scenario.twin.change()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_recording_is_what_happens_now(
    scenario: Scenario, fresh: dict[str, store.Recording]
) -> None:
    """``python3 -m tests.book record`` writes what this compares."""
    assert store.load(scenario.name) == fresh[scenario.name]
    assert (store.FOLDER / f"{scenario.name}.json").read_text() == store.text(fresh[scenario.name])


def test_the_trace_hooks_report_the_same_stages_and_flushes() -> None:
    """A recording does not come from the hooks, whose copies would hide the loop's own lines."""
    names = [each.name for each in SCENARIOS if _has_stages(store.load(each.name)["right"])]
    command = [sys.executable, "-m", "tests.book.runs.child", "--hooks", *names]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    for name, seen in json.loads(done.stdout).items():
        assert stages_and_flushes(store.load(name)["right"]) == [tuple(each) for each in seen], name
    assert len(names) > 15


def _has_stages(run: dict[str, Any]) -> bool:
    """Not the loops without stages, nor a run of which the middle is left out."""
    whole = not any(step[1].startswith("so it goes on") for step in run["steps"])
    return whole and any(step[2] for step in run["steps"])


def stages_and_flushes(run: dict[str, Any]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    place = None
    for _, text, stage, number, *_ in run["steps"]:
        if stage and (number, stage) != place:
            place = number, stage
            found.append(place)
        if (match := re.match(r"flush (fd \d+) \w+:", text)) and stage in ("refresh", ""):
            found.append((number, f"flush {match[1]}"))
    return found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_lit_lines_are_those_of_the_source(scenario: Scenario) -> None:
    for run, change in halves(store.load(scenario.name)):
        for file, number, function in run["lines"]:
            text = (ROOT / file).read_text()
            if change is not None and change.file == file:
                text = broken.changed(change)
            line = text.splitlines()[number - 1]
            assert run["source"][file][str(number)] == line
            assert f"def {function.rsplit('.', 1)[-1]}(" in text or "<" in function


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_steps_are_well_formed(scenario: Scenario) -> None:
    for run, _ in halves(store.load(scenario.name)):
        times = [step[4] for step in run["steps"]]
        assert times == sorted(times)
        assert 5 <= len(run["steps"]) <= 150
        for lane, text, stage, _, _, at, state in run["steps"]:
            assert lane in ("kernel", "loop", "handlers")
            assert stage in ("", "refresh", "wait", "deliver", "timers", "callbacks")
            assert 0 < len(text) < 110
            assert "0x" not in text
            assert all(each < len(run["lines"]) for each in at)
            assert state < len(run["states"])


def test_there_is_a_run_for_each_chapter_and_the_twins_that_were_promised() -> None:
    pages = {path.stem for path in (DOCS / "inside").glob("[0-9]*.md")}
    assert pages <= {each.chapter for each in SCENARIOS}
    assert len(SCENARIOS) >= 15
    twins = {each.name for each in SCENARIOS if each.twin}
    assert {*NAMED_TWINS.values()} <= twins
    assert len(twins) >= 8
    assert len({each.name for each in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_titles_are_one_sentence(scenario: Scenario) -> None:
    for title in [scenario.title, *([scenario.twin.title] if scenario.twin else [])]:
        assert re.fullmatch(r"[A-Z0-9][^.]*\.", title), title


def test_a_twin_differs_and_shows_what_it_is_for() -> None:
    for scenario in SCENARIOS:
        recording = store.load(scenario.name)
        if recording["broken"] is not None:
            assert listing.parting(recording) < len(recording["right"]["steps"]), scenario.name
    said = {name: _texts(run) for name, run in NAMED_TWINS.items()}
    stranger = said["the stranger that receives another's event"]
    connect = stranger.index("connect(fd 7) = EINPROGRESS")
    assert stranger[connect + 1] == "fd 7 Request.handle_connect()"  # nothing was connected
    assert "result(42)" not in said["the waker that sleeps for ever"]
    sent = [text for text in said["the bytes that never leave"] if text.startswith("send(")]
    assert sent == ["send(fd 6, 20,000,000 bytes) = 65,536"]
    assert said["the listener that spins"].count("accept(fd 5) = EMFILE") > 5


def _texts(name: str) -> list[str]:
    return [step[1] for step in store.load(name)["broken"]["steps"]]


def test_the_pages_show_their_runs() -> None:
    for page in (DOCS / "inside").glob("*.md"):
        assert listing.filled(page, page.read_text()) == page.read_text(), (
            "python3 -m tests.book fill"
        )


def test_files_that_no_run_has_are_not_left() -> None:
    assert {path.stem for path in store.FOLDER.glob("*.json")} == {s.name for s in SCENARIOS}


def test_the_moments_are_functions_that_there_are() -> None:
    for file, function in moments.MOMENTS:
        assert f"def {function.rsplit('.', 1)[-1]}(" in (ROOT / file).read_text(), function


def test_a_change_is_loaded_and_gone_again() -> None:
    """In a process of its own: here it would replace the package under everyone's feet."""
    program = (
        "from tests.book.breaking import Breakage\n"
        "from tests.book.runs import broken\n"
        "change = Breakage('x', '', 'miniloop/timers.py', '_COMPACT_ABOVE = 64', "
        "'_COMPACT_ABOVE = 65')\n"
        "for each in (change, None):\n"
        "    broken.load(each)\n"
        "    from miniloop import timers\n"
        "    print(timers._COMPACT_ABOVE)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "65\n64\n"
    with pytest.raises(ValueError, match="found 0 times"):
        broken.changed(Breakage("x", "", "miniloop/timers.py", "nowhere", ""))


def test_a_file_has_a_line_for_each_step() -> None:
    recording = store.load("06-timers")
    lines = store.text(recording).splitlines()
    assert json.loads("\n".join(lines)) == recording
    assert len(lines) > len(recording["right"]["steps"])
