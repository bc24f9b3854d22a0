"""All that fuzzing has found worth keeping, each time the tests run."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import CORPUS, NAMES
from tests.fuzz.targets import TARGETS, split_simply
from tests.test_framing import TOO_LONG


def test_there_is_a_corpus_for_every_target_and_it_is_small() -> None:
    assert (
        tuple(TARGETS) == NAMES == tuple(name for name in NAMES if any((CORPUS / name).iterdir()))
    )
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_what_was_found_before_holds(name: str) -> None:
    for path in sorted((CORPUS / name).iterdir()):
        try:
            TARGETS[name](path.read_bytes())
        except BaseException as error:
            error.add_note(f"the input is {path}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_changes_of_what_was_found_hold_too(name: str) -> None:
    """A few hundred blind changes, the same in each run: what needs no coverage to be found."""
    inputs = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    choice = random.Random(name)
    for _ in range(300):
        TARGETS[name](changed(choice.choice(inputs), choice))


def changed(data: bytes, choice: random.Random) -> bytes:
    """`data` with some bytes changed, removed, or repeated."""
    changed = bytearray(data)
    for _ in range(choice.randint(1, 4)):
        at = choice.randint(0, len(changed))
        changed[at : at + choice.randint(0, 3)] = choice.randbytes(choice.randint(0, 3))
    return bytes(changed)


def test_the_simple_split_itself_is_right() -> None:
    assert split_simply(b"a\nbb\nc", [b"\n"], 9) == [b"a", b"bb"]
    assert split_simply(b"a\nbbb\nc\n", [b"\n"], 2) == [b"a", TOO_LONG, b"bb", b"c"]
    assert split_simply(b"abc\nd", [2, b"\n"], 9) == [b"ab", b"c"]
