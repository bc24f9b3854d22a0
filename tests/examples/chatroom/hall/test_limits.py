from __future__ import annotations

import dataclasses
import math

import pytest

from examples.chatroom.hall.limits import Limits


@pytest.mark.parametrize("each", dataclasses.fields(Limits), ids=lambda each: each.name)
def test_each_limit_has_its_unit_and_its_reason(each: dataclasses.Field[float]) -> None:
    assert each.metadata["unit"]
    assert each.metadata["why"]


@pytest.mark.parametrize("each", dataclasses.fields(Limits), ids=lambda each: each.name)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_each_limit_refuses_nonsense(each: dataclasses.Field[float], value: float) -> None:
    with pytest.raises(ValueError, match=each.name):
        Limits(**{each.name: value})  # type: ignore[arg-type]  # nonsense on purpose


def test_the_time_out_comes_after_the_ping() -> None:
    with pytest.raises(ValueError, match="longer than idle_ping"):
        Limits(idle_ping=10, idle_timeout=10)
