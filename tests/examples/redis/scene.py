"""A Redis client on a simulated network, and what it reported."""

from __future__ import annotations

from typing import Any

from examples.redis_client import Address, RedisClient
from miniloop import EventLoop
from miniloop.testing import SimulatedNetwork
from tests.examples.redis.engine import HOST, Engine


class Scene:
    """A client, its server, and what the client reported."""

    def __init__(self, net: SimulatedNetwork, loop: EventLoop, **options: Any) -> None:
        self.net, self.loop = net, loop
        self.engine = Engine(net)
        self.replies: list[Any] = []
        self.pushes: list[list[Any]] = []
        self.lost: list[Exception] = []
        self.ready = 0
        options = {"address": Address(HOST), **options}
        self.client = RedisClient(
            loop, on_ready=self.on_ready, on_push=self.pushes.append, on_lost=self.lost.append,
            uniform=net.random.uniform, **options,
        )  # fmt: skip

    def on_ready(self) -> None:
        self.ready += 1

    def call(self, *words: Any, **options: Any) -> None:
        self.client.call(*words, on_reply=self.replies.append, **options)

    def connect(self) -> None:
        self.engine.run_until(lambda: self.client.connected)

    def run_until_replies(self, count: int) -> None:
        self.engine.run_until(lambda: len(self.replies) >= count, seconds=600)
        assert len(self.replies) == count

    def silence(self, name: bytes = b"SLOW") -> bytes:
        """Have the server leave this command unanswered."""
        self.engine.answers[name] = b""
        return name
