"""Every fenced block of every page is run or compared, or listed here with the reason why not."""

import re
from pathlib import Path

import pytest

from tests.book.pages import ROOT, Block, blocks, blocks_of
from tests.docs.declared import COMMANDS, OTHER_BLOCKS

SILENT = {
    "text": "a picture, or what a program printed at another time: no program",
    "{toctree}": "the site's table of contents: built by python3 -m tests --only docs",
    "{eval-rst}": "the site's reference: built by python3 -m tests --only docs",
}
RUN = {
    "python": "tests/test_documents.py::test_a_block_runs",
    "pycon": "tests/docs/test_experiments.py::test_experiments",
}
MARKED = {
    "code": "tests/docs/test_pages.py::test_excerpts_are_what_the_source_says",
    "whole": "tests/docs/test_pages.py::test_excerpts_are_what_the_source_says",
    "diff": "tests/docs/test_pages.py::test_excerpts_are_what_the_source_says",
    "members": "tests/docs/test_pages.py::test_excerpts_are_what_the_source_says",
    "kernel": "tests/integration/test_page_of_the_kernel.py::test_the_calls_are_those_of_the_page",
    "breaks": "tests/docs/test_breaking.py::test_it_breaks",
    "session": "tests/integration/test_tutorial.py::test_transcript",
    "shell": "tests/integration/test_tutorial.py::test_commands_of_a_shell",
}
COMMENT = re.compile(r"\s+#\s.*$")


def who_runs(block: Block) -> str | None:
    """Return the test that runs a block, or the reason why none does; None: it is not known."""
    if block.kind:
        return MARKED.get(block.kind)
    if block.language in RUN | SILENT:
        return (RUN | SILENT)[block.language]
    if block.language == "console":
        return who_runs_commands(block)
    return next((why for start, why in OTHER_BLOCKS.items() if block.text.startswith(start)), None)


def who_runs_commands(block: Block) -> str | None:
    """Every command of it has to be known."""
    found = commands_of(block)
    known = [why for command in found for start, why in COMMANDS.items() if _is(command, start)]
    return known[0] if found and len(known) == len(found) else None


def commands_of(block: Block) -> list[str]:
    """Return what is typed: the lines with a prompt, or all where none has one."""
    lines = [line for line in block.text.splitlines() if line.strip()]
    typed = [line[2:] for line in lines if line.startswith("$ ")]
    return [COMMENT.sub("", line) for line in typed or lines]


def _is(command: str, known: str) -> bool:
    return re.fullmatch(re.escape(known).replace(r"\.\.\.", r"[\w-]+"), command) is not None


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.name)
def test_it_is_run_or_declared(block: Block) -> None:
    assert who_runs(block), "run it, or write into tests/docs/declared.py why it is not run"


def reasons() -> set[str]:
    return {*SILENT.values(), *RUN.values(), *MARKED.values()} | {
        why for table in (COMMANDS, OTHER_BLOCKS) for why in table.values()
    }


@pytest.mark.parametrize("why", sorted(reasons()))
def test_tests_that_are_named_exist(why: str) -> None:
    """A reason that looks like a test is one."""
    for file, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", why):
        assert f"def {test}(" in (ROOT / file).read_text()


def test_what_is_declared_is_still_there() -> None:
    texts = [block.text for block in blocks() if not block.kind]
    plain = [block for block in blocks(language="console") if not block.kind]
    commands = [command for block in plain for command in commands_of(block)]
    for start in OTHER_BLOCKS:
        assert any(text.startswith(start) for text in texts), start
    for known in COMMANDS:
        assert any(_is(command, known) for command in commands), known


def test_a_block_that_nobody_runs_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ python3 -m nowhere\n```\n\n```js\nlet a\n```\n\n```python\n1\n```\n"
    )
    assert [who_runs(block) is None for block in blocks_of(page)] == [True, True, False]
