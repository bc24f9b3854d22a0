"""Whether the engine does its work: one answer for all who use it.

Rule of this file: the state of the link, and when it is tried again.

Whatever shows that the engine cannot be relied on ends the link: a connection that breaks, a time
limit, an answer such as LOADING or READONLY, and one that makes no sense.  After a pause with
chance in it the node greets the engine again.
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
"""Seconds after which a link that holds is good: the next pause is a short one again."""

MOST_REPLY = 96 << 20
"""Bytes of one reply: each of 4,096 feeds has an entry of the longest kind."""

ANSWERS = frozenset({"NOSCRIPT"})
"""Errors that the caller handles."""


class State(enum.Enum):
    """How the engine is; set by `EngineLink._become()` alone."""

    AWAY = "away"
    GREETING = "greeting"
    UP = "up"
    CLOSED = "closed"


class EngineLink:
    """The way to the engine.

    Args:
        loop: The loop that serves it.
        options: The engine.
        greet: Called when the engine can be asked; calls `greeted()` or `fail()` in the end.
        on_up: Called when the engine does its work.
        on_down: Called with the reason when it does not any more.
        needed: Whether an orderly stop of the loop must not end it yet.

    Attributes:
        reason: Why the engine is away, for a person; empty before the first try has ended.
        turn: How often the link has changed; what was asked in an earlier turn is of no use.
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
        """How the engine is."""
        return self._state

    @property
    def up(self) -> bool:
        """Whether the engine does its work."""
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
        """The engine has taken the greeting."""
        if self._state is State.GREETING:
            self._become(State.UP)
            self.reason = ""
            log.info("The engine at %s is there.", self._options.address)
            self._on_up()

    def fail(self, reason: str) -> None:
        """The engine cannot be relied on: leave it alone for a while."""
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
        """Leave the engine for good; nothing is called any more."""
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
        """Greet the engine, if it can be asked and no pause goes on."""
        if self._state is State.AWAY and self._retry is None and self.cluster.connected:
            self._become(State.GREETING)
            self._greet()

    def _become(self, state: State) -> None:
        self._state = state
        self._since = self._loop.time()
        self.turn += 1
