"""The Lua scripts that run inside the engine; each runs as one atomic step.

Rule of this file: loading them and calling them by hash.  `lua/` explains what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha1
from pathlib import Path
from typing import Any, Protocol

from examples.redis.command import Word
from examples.redis.replies import error_code

FOLDER = Path(__file__).with_name("lua")


class Call(Protocol):
    """Sends a command to the server that has `key`."""

    def __call__(self, *words: Word, key: Word, on_reply: Callable[[Any], object]) -> None: ...  # noqa: D102 - see above


@dataclass(frozen=True)
class Script:
    """A Lua script.

    Attributes:
        source: Its text.
    """

    source: str

    @cached_property
    def sha(self) -> str:
        """Return the script's SHA-1 hash, its name in the engine."""
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def run(
        self,
        call: Call,
        keys: Sequence[str],
        arguments: Sequence[Word],
        on_reply: Callable[[Any], object],
    ) -> None:
        """Run the script, and load it first if the engine does not have it (`NOSCRIPT`).

        Args:
            call: Sends a command.
            keys: Its keys, all in one slot.
            arguments: The other arguments.
            on_reply: Called once with the reply.
        """
        rest = (len(keys), *keys, *arguments)
        answered = partial(self._answered, call, rest, keys[0], on_reply)
        call("EVALSHA", self.sha, *rest, key=keys[0], on_reply=answered)

    def _answered(
        self,
        call: Call,
        rest: tuple[Word, ...],
        key: str,
        on_reply: Callable[[Any], object],
        reply: Any,
    ) -> None:
        if error_code(reply) == "NOSCRIPT":
            call("EVAL", self.source, *rest, key=key, on_reply=on_reply)
        else:
            on_reply(reply)


def _load(name: str, *before: str) -> Script:
    return Script("\n".join((FOLDER / f"{each}.lua").read_text() for each in (*before, name)))


PUBLISH = _load("publish", "feed")
SNAPSHOT = _load("snapshot", "feed")
BEAT = _load("beat", "feed")
BURY = _load("bury", "feed")
CLEAR = _load("clear", "feed")
MAKE_ROOM = _load("make_room", "feed")
CLAIM = _load("claim")
RELEASE = _load("release")
ALL = (PUBLISH, SNAPSHOT, BEAT, BURY, CLEAR, MAKE_ROOM, CLAIM, RELEASE)
