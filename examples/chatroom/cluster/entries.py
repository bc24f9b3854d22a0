"""Parsing the engine's replies into entries and states: strictly, and within limits.

Rule of this file: values in, values out; no invalid entry is passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from .interface import Body, Entry

LONGEST_BODY = 16384
"""Bytes of a body's JSON."""
DEEPEST = 8
"""Nesting of objects and lists in a body; Python 3.12 and later parse any number of levels."""

LONGEST_NONCE = 200
"""Characters of a nonce."""

LATEST = 10**14
"""Milliseconds since the epoch: the year 5138, the upper limit of a place in a stream."""

_PLACE = re.compile(rb"(\d{1,15})-(\d{1,20})")
_NUMBER = re.compile(rb"\d{1,15}")


class BadReply(Exception):
    """A reply of the engine is invalid: none of its replies can be relied on."""


class BadEntry(Exception):
    """An entry is invalid; other entries may be valid."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as stored in the stream.

    Attributes:
        place: Its id.
        fields: Its fields.
    """

    place: bytes
    fields: Any

    @property
    def at(self) -> int:
        """Return its time in milliseconds."""
        return int(self.place.partition(b"-")[0])

    def entry(self, feed: str) -> Entry:
        """Return the parsed entry.

        Raises:
            BadEntry: It is invalid.
        """
        match self.fields:
            case [b"s", bytes(seq), b"n", bytes(nonce), b"b", bytes(body)]:
                if not (self.place.endswith(b"-0") and _NUMBER.fullmatch(seq)):
                    raise BadEntry("no number")
                return Entry(feed, self.at, int(seq), parse_body(body), _nonce(nonce))
        raise BadEntry("other fields than an entry has")


def _nonce(data: bytes) -> str:
    if len(data) > LONGEST_NONCE or not data.isascii():
        raise BadEntry("a nonce that nobody here sends")
    return data.decode()


def parse_body(data: bytes) -> Body:
    """Return the JSON object in `data`.

    Raises:
        BadEntry: It is missing, too long, or cannot be shown as text.
    """
    if len(data) > LONGEST_BODY:
        raise BadEntry("a body that is too long")
    try:
        body = json.loads(data.decode(), parse_constant=_refuse)
        if b"\\u" in data:
            json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate cannot be encoded
    except (ValueError, RecursionError) as problem:
        raise BadEntry(f"a body that is no JSON: {problem}") from None
    if not isinstance(body, dict):
        raise BadEntry("a body that is no object")
    if not _is_shallow(body, DEEPEST):
        raise BadEntry("a body with too many brackets within each other")
    return body


def _is_shallow(value: object, levels: int) -> bool:
    """Return whether objects and lists in `value` are nested at most `levels` deep."""
    if not isinstance(value, dict | list):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inside)


def pack_body(body: Body) -> bytes:
    """Return the JSON of `body`.

    Raises:
        ValueError: It is too long, or cannot be encoded.
    """
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(data) > LONGEST_BODY:
        raise ValueError(f"a body has at most {LONGEST_BODY} bytes, not {len(data)}")
    return data


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


# Replies


def parse_range(reply: Any, after: bytes, most: int) -> Iterator[Raw]:
    """Return the entries in a reply to `XRANGE`, or to `XREAD` for one stream.

    Args:
        reply: The reply.
        after: The place that precedes all entries; their places increase.
        most: The maximum number of entries.

    Raises:
        BadReply: It is invalid.
    """
    if not isinstance(reply, list) or len(reply) > most:
        raise BadReply("no list of entries, or too long a one")
    for each in reply:
        match each:
            case [bytes(place), fields] if _order(place) > _order(after):
                yield Raw(place, fields)
                after = place
            case _:
                raise BadReply("an entry without a place behind the one before")


def _order(place: bytes) -> tuple[int, int]:
    found = _PLACE.fullmatch(place)
    if found is None or int(found[1]) > LATEST:
        raise BadReply("a place that is none")
    return int(found[1]), int(found[2])


def parse_position(reply: Any) -> tuple[int, int]:
    """Return the time of a feed's last entry and its number; both 0 for one without entries.

    Raises:
        BadReply: It is invalid.
    """
    if not isinstance(reply, list) or len(reply) < 2:
        raise BadReply("no position")
    return parse_number(reply[0]), parse_number(reply[1])


def parse_number(value: Any) -> int:
    """Return a non-negative integer; None counts as 0.

    Raises:
        BadReply: It is not a non-negative integer.
    """
    if value is None:
        return 0
    if not isinstance(value, bytes) or not _NUMBER.fullmatch(value) or int(value) > LATEST:
        raise BadReply("no number")
    return int(value)


def parse_text(value: Any, most: int = 400) -> str:
    """Return a text from the engine.

    Raises:
        BadReply: It is not a text, or too long.
    """
    if not isinstance(value, bytes) or len(value) > most:
        raise BadReply("no text, or too long a one")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadReply("no text") from None


def parse_state(reply: Any) -> tuple[dict[str, Body], int]:
    """Return the values in a state, and the number of invalid values, which are left out.

    Names that begin with a dot belong to the scripts.

    Raises:
        BadReply: It is not a state.
    """
    if not isinstance(reply, list) or len(reply) % 2:
        raise BadReply("no state")
    state: dict[str, Body] = {}
    bad = 0
    for name, value in zip(reply[::2], reply[1::2], strict=True):
        try:
            field = parse_text(name)
            if not field.startswith("."):
                state[field] = parse_body(value if isinstance(value, bytes) else b"")
        except (BadReply, BadEntry):
            bad += 1
    return state, bad
