"""The link to the engine: one state for all its users.

Rule of this file: the state of the link, and when it is retried.

Every sign of an unreliable engine ends the link: a lost connection, a time limit, an error
such as LOADING or READONLY, and an invalid reply.  After a pause of random length
the node greets the engine again.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from examples.redis.command import Word
from examples.redis.replies import brief, error_code
from examples.redis_client import QueueFull
from examples.redis_cluster import RedisCluster
from miniloop import EventLoop, TimerHandle

from .engine_options import EngineOptions

log = logging.getLogger("chatroom")

GOOD = 10.0
"""Seconds until a link counts as stable: the next pause is a short one again."""

MOST_REPLY = 96 << 20
"""Bytes of one reply: each of 4,096 feeds has an entry of maximum length."""

ANSWERS = frozenset({"NOSCRIPT"})
"""Errors that the caller handles."""


class State(enum.Enum):
    """The state of the link; set by `EngineLink._become()` alone."""

    AWAY = "away"
    GREETING = "greeting"
    UP = "up"
    CLOSED = "closed"


class EngineLink:
    """The link to the engine.

    Args:
        loop: The loop that serves it.
        options: The engine and its limits.
        greet: Called when the engine can be reached; must call `greeted()` or `fail()` in the end.
        on_up: Called when the engine becomes available.
        on_down: Called with the reason when it is not available any more.
        needed: Returns whether an orderly stop of the loop must not end it yet.

    Attributes:
        reason: Why the engine is away, as text; empty before the first attempt has ended.
        turn: How often the link has changed; replies to requests of an earlier turn are invalid.
    """

    def __init__(
        self,
        loop: EventLoop,
        options: EngineOptions,
        *,
        greet: Callable[[], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        needed: Callable[[], bool],
    ) -> None:
        self.reason = ""
        self.turn = 0
        self._state = State.AWAY
        self._loop = loop
        self._options = options
        self._greet, self._on_up, self._on_down = greet, on_up, on_down
        self._ceiling = options.first
        self._since = loop.time()
        self._retry: TimerHandle | None = None
        self.cluster = RedisCluster(
            loop, options.address, on_ready=self._try, on_lost=self._lost,
            timeout=options.timeout, most_reply=MOST_REPLY, most_commands=50_000,
            first=options.first, longest=options.longest, uniform=options.uniform,
            needed=needed,
        )  # fmt: skip

    @property
    def state(self) -> State:
        """Return the state of the link."""
        return self._state

    @property
    def up(self) -> bool:
        """Return whether the engine is available."""
        return self._state is State.UP

    def call(self, *words: Word, key: Word, on_reply: Callable[[Any], object]) -> None:
        """Send a command to the server that has `key`.

        Args:
            words: The command.
            key: One of its keys.
            on_reply: Called once, from the loop, with the reply or an exception; an exception has
                ended the link already.
        """
        if self._state is State.CLOSED:
            return
        try:
            self.cluster.call(*words, key=key, on_reply=partial(self._judge, words[0], on_reply))
        except QueueFull as error:
            self._loop.call_soon(self._judge, words[0], on_reply, error)

    def _judge(self, name: Word, on_reply: Callable[[Any], object], reply: Any) -> None:
        if isinstance(reply, Exception) and error_code(reply) not in ANSWERS:
            self.fail(f"{name!s}: {brief(reply)}")
        on_reply(reply)

    def greeted(self) -> None:
        """Mark the link as up: the engine has accepted the greeting."""
        if self._state is State.GREETING:
            self._become(State.UP)
            self.reason = ""
            log.info("The engine at %s is there.", self._options.address)
            self._on_up()

    def fail(self, reason: str) -> None:
        """End the link, and pause before the next attempt."""
        before = self._state
        if before not in (State.GREETING, State.UP):
            return
        self.reason = reason
        if self._loop.time() - self._since > GOOD:
            self._ceiling = self._options.first
        self._become(State.AWAY)
        self._plan()
        if before is State.UP:
            log.warning("The engine at %s is away: %s", self._options.address, reason)
            self._on_down(reason)

    def close(self) -> None:
        """Close the link for good; no callback is called any more."""
        if self._retry is not None:
            self._retry.cancel()
        self._become(State.CLOSED)
        self.cluster.close()

    def _lost(self, reason: Exception) -> None:
        self.reason = brief(reason)
        self.fail(self.reason)

    def _plan(self) -> None:
        if self._retry is None:
            pause = self._options.uniform(self._ceiling / 2, self._ceiling)
            self._ceiling = min(2 * self._ceiling, self._options.longest)
            self._retry = self._loop.call_later(pause, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._try()

    def _try(self) -> None:
        """Greet the engine, if it can be reached and no pause is running."""
        if self._state is State.AWAY and self._retry is None and self.cluster.connected:
            self._become(State.GREETING)
            self._greet()

    def _become(self, state: State) -> None:
        self._state = state
        self._since = self._loop.time()
        self.turn += 1
