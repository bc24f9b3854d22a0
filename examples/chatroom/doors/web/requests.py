"""A browser's requests, from JSON.

Rule of this file: pure functions from JSON to typed values; no sockets, no room.

The input is untrusted: known keys only, each of its type and bounded, or `BadRequest`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ...people.text import clean, shorten

HIGHEST = 2**53 - 1
"""The highest integer that JavaScript represents exactly."""
LONGEST = 200
"""Characters of a name, a key or a token; a message is bounded by its frame."""

_NONCE = re.compile(r"[0-9A-Za-z_-]{0,64}")


class BadRequest(Exception):
    """A request is invalid; the text tells the client's author why.

    Attributes:
        number: The request's number, or 0 if it has none.
    """

    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.number = number


# The possible requests.  The fields' names decide how they are checked, see _CHECKS.


@dataclass(frozen=True, slots=True)
class Enter:
    """Come in under this name; the token of an ended seat proves that the name was its member's."""

    name: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """Return to the seat with this token, of whose events `seen` have arrived."""

    token: str
    seen: int | None


@dataclass(frozen=True, slots=True)
class Say:
    """Process a typed line, speech or command, in `room`."""

    n: int
    room: str
    text: str
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Join another room."""

    n: int
    room: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room."""

    n: int
    room: str


@dataclass(frozen=True, slots=True)
class Whisper:
    """Send a message to one member alone."""

    n: int
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class GetPage:
    """Return the history before the message with the id `before`."""

    n: int
    room: str
    before: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """Find the newest messages, or the newest before the message with the id `before`."""

    n: int
    room: str
    text: str
    before: int = 0


@dataclass(frozen=True, slots=True)
class ListRooms:
    """Return the list of rooms."""

    n: int


Opening = Enter | Resume
Request = Say | Join | Leave | Whisper | GetPage | Search | ListRooms

_SHAPES: dict[str, type[Opening | Request]] = {
    "enter": Enter,
    "resume": Resume,
    "say": Say,
    "join": Join,
    "leave": Leave,
    "whisper": Whisper,
    "page": GetPage,
    "search": Search,
    "rooms": ListRooms,
}


def decode(text: str) -> Opening | Request:
    """Return the request in `text`.

    Raises:
        BadRequest: `text` is not a valid request.
    """
    given = _parse(text)
    do = given.pop("do", None)
    number = given["n"] if _is_number(given.get("n")) else 0
    shape = _SHAPES.get(do) if isinstance(do, str) else None
    if shape is None:
        raise BadRequest(f'"do" must be one of: {", ".join(_SHAPES)}.', number)
    try:
        return shape(**_checked(shape, given))
    except BadRequest as problem:
        raise BadRequest(f"{do}: {problem}", number) from None


def _parse(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise BadRequest("A request must be one JSON object.") from None
    if not isinstance(given, dict):
        raise BadRequest("A request must be one JSON object.")
    return given


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _checked(shape: type, given: dict[str, Any]) -> dict[str, Any]:
    known = {each.name: each for each in fields(shape)}
    for key in given:
        if key not in known:
            raise BadRequest(f"{shorten(clean(key), 40)!r} is not known here.")
    for name, each in known.items():
        if name not in given:
            if each.default is MISSING:
                raise BadRequest(f'"{name}" is missing.')
        elif not _CHECKS[name][0](given[name]):
            raise BadRequest(f'"{name}" must be {_CHECKS[name][1]}.')
    return given


def _is_number(value: object) -> bool:
    return type(value) is int and 1 <= value <= HIGHEST  # True is an int as well


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= HIGHEST


def _is_text(value: object) -> bool:
    # JSON can spell half of a surrogate pair, which is not a character and not valid UTF-8.
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and _is_text(value)


_SHORT = (_is_short, f"a text of at most {LONGEST} characters")
_TEXT = (_is_text, "a text")
_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "n": (_is_number, "a whole number from 1 on"),
    "seen": (lambda value: value is None or _is_count(value), "a whole number or null"),
    "before": (_is_count, "a whole number"),
    "nonce": (
        lambda value: isinstance(value, str) and _NONCE.fullmatch(value) is not None,
        "at most 64 letters, digits, - or _",
    ),
    "name": _SHORT,
    "token": _SHORT,
    "room": _SHORT,
    "key": _SHORT,
    "to": _SHORT,
    "text": _TEXT,
}
