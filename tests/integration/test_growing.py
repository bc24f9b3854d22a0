"""The growing loop of docs/inside/: each scenario fails before its step, and passes from it on."""

import logging
from collections.abc import Iterator

import pytest

from examples.inside.growing.__main__ import STEPS, main, on_the_step_before
from examples.inside.growing.scenarios import SCENARIOS
from examples.inside.growing.stage import play
from tests.book.pages import blocks

NUMBERS = {"high-number", "came-back", "no-descriptors"}
"""They choose a descriptor's number, or use them all up."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_fails_before_its_step_and_passes_from_it_on(name: str) -> None:
    if name in NUMBERS:
        pytest.importorskip("resource", reason="Windows has no limit of descriptors to lower")
    scenario, first = SCENARIOS[name]
    symptoms = {step: play(step, scenario) for step in STEPS}
    assert {step for step, symptom in symptoms.items() if not symptom} == {
        *STEPS[STEPS.index(first) :]
    }, symptoms


def test_each_step_passes_a_scenario_that_the_step_before_fails() -> None:
    assert {first for _, first in SCENARIOS.values()} == {*STEPS}


def test_the_command_prints_what_the_book_shows(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("resource", reason="Windows has no limit of descriptors to lower")
    shown = [each.text for each in blocks(language="console") if "inside.growing" in each.text]
    (table,) = [text for text in shown if text.startswith("$ python3 -m examples.inside.growing\n")]
    assert table.split("\n", 1)[1].splitlines() == on_the_step_before()
    for text in shown:
        command, _, printed = text.partition("\n")
        if printed and text != table:
            assert main(command.split()[4:]) == 0
            assert capsys.readouterr().out == printed


def test_a_scenario_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "came-back" in capsys.readouterr().out
