"""The web door's events, from JSON.

Rule of this file: pure functions from JSON to safe values. A server is untrusted, too: each field
has its type and is clean, or the result is `BadEvent`.
"""

from __future__ import annotations

import json

from ..people.text import clean, shorten
from .room import Row

LONGEST_TEXT = 8192  # characters; the chat room's lines are far shorter
LONGEST_NAME = 200
MOST = 20_000  # entries of a list
MOST_MESSAGES = 1000  # of a list; a page of the history has 50
HIGHEST = 2**53 - 1

Json = dict[str, object]


class BadEvent(Exception):
    """An event is invalid; the text gives the reason."""


def parse(text: str) -> Json:
    """Return the event in `text`.

    Raises:
        BadEvent: It is invalid.
    """
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise BadEvent("it is no JSON") from None
    if not isinstance(event, dict):
        raise BadEvent("it is no JSON object")
    return event


def text_of(event: Json, key: str, longest: int = LONGEST_NAME) -> str:
    """Return a text, clean and bounded; empty if it is missing."""
    value = event.get(key, "")
    if not isinstance(value, str):
        raise BadEvent(f"{key} is no text")
    return shorten(clean(value), longest)


def number_of(event: Json, key: str) -> int:
    """Return a whole number from 0 on; 0 if it is missing."""
    value = event.get(key, 0)
    if type(value) is not int or not 0 <= value <= HIGHEST:
        raise BadEvent(f"{key} is no number")
    return value


def truth_of(event: Json, key: str, default: bool = False) -> bool:
    """Return a truth value."""
    value = event.get(key, default)
    if not isinstance(value, bool):
        raise BadEvent(f"{key} is neither true nor false")
    return value


def list_of(event: Json, key: str, most: int = MOST) -> list[Json]:
    """Return a list of objects."""
    value = event.get(key, [])
    if not isinstance(value, list) or len(value) > most:
        raise BadEvent(f"{key} is no list, or too long")
    if not all(isinstance(each, dict) for each in value):
        raise BadEvent(f"{key} has something else than objects")
    return value


def row_of(event: Json) -> Row:
    """Return the message in `event`."""
    return Row(
        kind=text_of(event, "kind"),
        text=text_of(event, "text", LONGEST_TEXT),
        sender=text_of(event, "sender"),
        recipient=text_of(event, "recipient"),
        at=_time_of(event),
        id=number_of(event, "id"),
        kept=truth_of(event, "kept", default=True),
    )


def _time_of(event: Json) -> float | None:
    value = event.get("at")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise BadEvent("at is no time")
    return float(value)
