"""Numbers with a unit, a reason and a least value: what the limits are made of.

Rule of this file: how a bound is declared and checked; which ones there are, others say.
"""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import Any


def bound(default: float, unit: str, why: str, *, least: float = 1) -> Any:
    """Declare a field of a dataclass of limits; its metadata become an option's help.

    Args:
        default: The value unless given.
        unit: Its unit, in words.
        why: What it is for, in words.
        least: The least value that makes sense.
    """
    # Any, as in dataclasses.field() itself: the annotation beside the call is the true type.
    return field(default=default, metadata={"unit": unit, "why": why, "least": least})


def check_bounds(limits: Any) -> None:
    """Return if each field of the dataclass `limits` is a number, and not below its least.

    Raises:
        ValueError: One is not; the sentence says which.
    """
    for each in fields(limits):
        value, least = getattr(limits, each.name), each.metadata["least"]
        if not math.isfinite(value) or value < least:
            unit = each.metadata["unit"]
            raise ValueError(f"{each.name} must be at least {least} {unit}, not {value}.")
