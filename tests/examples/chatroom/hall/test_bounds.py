from __future__ import annotations

from dataclasses import dataclass

import pytest

from examples.chatroom.hall.bounds import bound, check_bounds


@dataclass
class Some:
    lines: int = bound(5, "lines", "why not", least=2)
    pause: float = bound(1.5, "seconds", "to rest", least=0)


def test_what_is_declared_is_at_hand_for_help() -> None:
    check_bounds(Some())
    assert Some.__dataclass_fields__["lines"].metadata == {
        "unit": "lines",
        "why": "why not",
        "least": 2,
    }


@pytest.mark.parametrize("wrong", [1, float("nan"), float("inf")])
def test_what_makes_no_sense_is_named(wrong: int) -> None:
    with pytest.raises(ValueError, match=r"^lines must be at least 2 lines, not "):
        check_bounds(Some(lines=wrong))
