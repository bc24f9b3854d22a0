"""New rooms, each with a unique number.

Rule of this file: requesting a number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from examples.redis.command import Word
from miniloop import EventLoop

from .engine_options import EngineOptions
from .entries import BadReply, pack_body, parse_text
from .interface import Alike, Away, Body, TooMany
from .link import EngineLink
from .nodes import HALL
from .scripts import MAKE_ROOM

FIRST = 1
"""The lowest number of a room; 0 belongs to the lobby, which always exists."""

MOST = 4096

Outcome: TypeAlias = "int | Alike | TooMany | Away"


class RoomNumbers:
    """Registers rooms in the hall's feed.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: Its limits.
        seen: Returns the latest known time of a feed.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        seen: Callable[[str], int],
    ) -> None:
        self._loop = loop
        self._link = link
        self._options = options
        self._seen = seen

    def make(
        self,
        key: str,
        skeleton: str,
        body: Body,
        most: int,
        answered: Callable[[Outcome], None],
    ) -> None:
        """Register a room; see `Feeds.make_room()`."""
        if not self._link.up:
            self._loop.call_soon(answered, Away())
            return
        keys = [self._options.keys.stream(HALL), self._options.keys.state(HALL)]
        arguments: list[Word] = [
            self._options.most_entries, self._seen(HALL), key, skeleton,
            str(body.get("shown", key)), pack_body(body), most, FIRST,
        ]  # fmt: skip
        MAKE_ROOM.run(self._link.call, keys, arguments, partial(self._made, answered))

    def _made(self, answered: Callable[[Outcome], None], reply: Any) -> None:
        try:
            outcome = _parse(reply)
        except BadReply as problem:
            self._link.fail(f"the answer about a room: {problem}")
            outcome = Away()
        answered(outcome)


def _parse(reply: Any) -> Outcome:
    match reply:
        case Exception():
            return Away()
        case bool():
            raise BadReply("no number")
        case int(number) if 0 <= number < MOST:
            return number
        case [b"alike", shown]:
            return Alike(parse_text(shown))
        case [b"many"]:
            return TooMany()
    raise BadReply("no number")
