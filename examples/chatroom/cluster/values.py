"""Values in JSON objects from a feed, each of its type and bounded.

Rule of this file: pure functions; what the objects mean is in bodies.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..people.names import Name, Refused, check_name
from ..people.text import clean
from .interface import Body

LONGEST = 8192
"""Characters of a text, more than any door accepts."""
LONGEST_NAME = 100
LONGEST_KEY = 400
HIGHEST = 2**53 - 1


class BadBody(Exception):
    """A value is invalid; the text gives the reason, for the log."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a member: `number` within the process `incarnation`."""

    incarnation: str
    number: int

    @property
    def field(self) -> str:
        """Return its field in a state."""
        return f"member/{self.incarnation}/{self.number}"


def text_of(body: Body, key: str, longest: int, default: str | None = None) -> str:
    """Return the text at `key`, cleaned.

    Raises:
        BadBody: It is missing without a default, or it is too long.
    """
    value = body.get(key, default)
    if not isinstance(value, str) or len(value) > longest:
        raise BadBody(f"{key!r} is no text, or too long")
    return clean(value)


def number_of(body: Body, key: str) -> int:
    """Return the non-negative integer at `key`.

    Raises:
        BadBody: It is missing or invalid.
    """
    value = body.get(key)
    if type(value) is not int or not 0 <= value <= HIGHEST:
        raise BadBody(f"{key!r} is no number")
    return value


def flag_of(body: Body, key: str) -> bool:
    """Return the boolean at `key`; False if it is missing.

    Raises:
        BadBody: It is not a boolean.
    """
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise BadBody(f"{key!r} is not true or false")
    return value


def ref_of(body: Body, key: str) -> Ref:
    """Return the member's reference at `key`.

    Raises:
        BadBody: It is missing or invalid.
    """
    match body.get(key):
        case [str(incarnation), int(number)] if 0 < len(incarnation) <= LONGEST_NAME:
            return Ref(incarnation, number_of({key: number}, key))
    raise BadBody(f"{key!r} is no member")


def name_of(body: Body, key: str) -> Name:
    """Return the name at `key`.

    Raises:
        BadBody: It is missing or invalid.
    """
    try:
        return _checked(text_of(body, key, LONGEST_NAME))
    except Refused as refusal:
        raise BadBody(f"{key!r}: {refusal}") from None


@lru_cache(maxsize=4096)
def _checked(shown: str) -> Name:
    return check_name(shown, LONGEST_NAME)


def of_kind(state: Mapping[str, Body], prefix: str) -> dict[str, Body]:
    """Return the values of `state` under `prefix`, by the rest of their fields."""
    start = f"{prefix}/"
    return {key[len(start) :]: body for key, body in state.items() if key.startswith(start)}
