from __future__ import annotations

import math
from dataclasses import fields

import pytest

from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.limits import Limits


def make(name: str, value: float) -> WebLimits:
    return WebLimits(**{name: value})  # type: ignore[arg-type]  # ints where ints belong


@pytest.mark.parametrize("name", [each.name for each in fields(WebLimits)])
def test_each_limit_has_a_reason_a_unit_and_a_least_value(name: str) -> None:
    metadata = {each.name: each.metadata for each in fields(WebLimits)}[name]
    assert metadata["why"]
    assert metadata["unit"]
    for value in (metadata["least"] - 1, math.inf, math.nan):
        with pytest.raises(ValueError, match=f"{name} must be at least"):
            make(name, value)
    make(name, metadata["least"])


def test_no_name_means_two_limits() -> None:
    names = {each.name for each in fields(WebLimits)}
    assert names.isdisjoint(each.name for each in fields(Limits))


def test_a_line_of_the_room_fits_into_a_frame() -> None:
    assert Limits().max_line * 6 + 1024 <= WebLimits().max_frame
