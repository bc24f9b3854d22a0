"""What a page shows of its runs: the place of the player, and the steps as a list.

It stands between two markers, which ``fill`` puts before the chapter's breakages or exercises:

    <!-- plays: begin; written by python3 -m tests.book fill -->
    <!-- plays: end -->

A forge shows the list; the site puts the player above it (``docs/conf.py``).
"""

import re
from pathlib import Path
from typing import Any

from tests.book.pages import DOCS
from tests.book.runs import store
from tests.book.runs.catalogue import AFTERWARDS, SCENARIOS, Scenario

BEGIN = "<!-- plays: begin; written by python3 -m tests.book fill -->"
END = "<!-- plays: end -->"
_BLOCK = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}\n\n", re.DOTALL)
_BEFORE = ("## What breaks without this line\n", "## Exercises\n")
_INTRODUCTION = """\
These runs were recorded from the real code, on a simulated network. On the site they play: step
forward and back with the arrow keys, and look at the loop's line, the channels and the queues.
Here are their steps as text."""
_INTRODUCTION_TWIN = (
    """ The switch *without this line* plays the broken run beside the right one."""
)


def filled(page: Path, text: str) -> str:
    """Return a chapter's text with its runs; other pages stay as they are."""
    mine = [each for each in SCENARIOS if page == DOCS / "inside" / f"{each.chapter}.md"]
    text = without(text)
    if not mine:
        return text
    place = min((at for at in map(text.find, _BEFORE) if at >= 0), default=-1)
    block = f"{block_for(mine)}\n\n"
    if place < 0:
        return text.rstrip("\n") + "\n\n" + block.rstrip("\n") + "\n\n"
    return text[:place] + block + text[place:]


def without(text: str) -> str:
    """Return a chapter's text without its runs: what people have written."""
    return _BLOCK.sub("", text)


def block_for(scenarios: list[Scenario]) -> str:
    """Return all that stands between the markers, with them."""
    twins = any(each.twin for each in scenarios)
    parts = [BEGIN, "## Play it", _INTRODUCTION + (_INTRODUCTION_TWIN if twins else "")]
    parts += [one(each) for each in scenarios]
    parts += [AFTERWARDS[page] for page in {each.chapter for each in scenarios} & {*AFTERWARDS}]
    return "\n\n".join([*parts, END])


def one(scenario: Scenario) -> str:
    """Return the player's place and the list of one run."""
    recording = store.load(scenario.name)
    lines = [
        f"**{scenario.title}**", f'<div class="loop-player" data-run="{scenario.name}"></div>',
        "<details>\n<summary>The steps as text</summary>",
        "\n".join(steps(recording["right"])),
    ]  # fmt: skip
    if recording["broken"] is not None:
        lines += twin(recording)
    return "\n\n".join([*lines, "</details>"])


def twin(recording: dict[str, Any]) -> list[str]:
    """Return the broken run, from where it differs."""
    without, broken = recording["without"], recording["broken"]
    first = parting(recording)
    change = f"Without this line of `{without['file']}`:"
    gone = "\n".join(difference(without["old"], without["new"]))
    end = [broken["end"]] if broken["end"] else []
    return [
        f"{change} **{without['title']}**", f"```text\n{gone}\n```",
        f"It is the same run up to step {first}; then:",
        "\n".join(steps(broken, first)) or "Nothing happens any more.", *end,
    ]  # fmt: skip


def difference(old: str, new: str) -> list[str]:
    """Return the lines that go and those that come, marked as in a diff."""
    before, after = old.splitlines(), new.splitlines()
    return [f"-{line}" for line in before if line not in after] + [
        f"+{line}" for line in after if line not in before
    ] or [f"-{line}" for line in before] + [f"+{line}" for line in after]


def parting(recording: dict[str, Any]) -> int:
    """Return how many steps the two runs have in common."""
    right, broken = recording["right"]["steps"], recording["broken"]["steps"]
    pairs = zip(right, broken, strict=False)
    same = [a[:2] == b[:2] for a, b in pairs]
    return same.index(False) if False in same else len(same)


def steps(run: dict[str, Any], first: int = 0) -> list[str]:
    """Return the steps as items of a numbered list."""
    shown, before = [], None
    for index, (lane, text, stage, number, *_) in enumerate(run["steps"]):
        place = f"pass {number}" if number else ""
        place += f", {stage}" if stage else ""
        head = f"*{place}*, " if place and place != before else ""
        before = place
        if index >= first:
            shown.append(f"{index + 1}. {head}{lane}: `{text}`")
    return shown
