"""Numbers with a unit, a reason and a minimum: the fields of the limits.

Rule of this file: declaring and checking a bound; the bounds themselves are in other files.
"""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import Any


def bound(default: float, unit: str, why: str, *, least: float = 1) -> Any:
    """Declare a field of a dataclass of limits; its metadata become the help of an option.

    Args:
        default: The default value.
        unit: Its unit, in words.
        why: Its purpose, in words.
        least: The lowest useful value.
    """
    # Any, as in dataclasses.field() itself: the annotation beside the call is the actual type.
    return field(default=default, metadata={"unit": unit, "why": why, "least": least})


def check_bounds(limits: Any) -> None:
    """Return if each field of the dataclass `limits` is a number and not below its minimum.

    Raises:
        ValueError: A field is invalid; the sentence names it.
    """
    for each in fields(limits):
        value, least = getattr(limits, each.name), each.metadata["least"]
        if not math.isfinite(value) or value < least:
            unit = each.metadata["unit"]
            raise ValueError(f"{each.name} must be at least {least} {unit}, not {value}.")
