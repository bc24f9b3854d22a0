"""A client for one Redis server or a Redis Cluster; a program need not know which.

    cluster = RedisCluster(loop, parse_url("redis://127.0.0.1:7001"))
    cluster.call("GET", "greeting", key="greeting", on_reply=print)

Rule of this file: which server a command goes to.  There is one ``RedisClient`` for each master.
``CLUSTER SLOTS`` is asked of the first server that answers, again after a ``MOVED``, and each
second while a master cannot be reached.  Commands follow ``MOVED`` and ``ASK`` a few times.

All servers are told the same user and password, so that of a cluster is trusted as one: a server
that names strangers as its masters gets the password sent there, unless TLS is used.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import hiredis

from examples.redis.address import Address
from examples.redis.command import Word
from examples.redis.replies import MOST_BYTES, ProtocolError, brief, error_code
from examples.redis.slots import SlotMap, parse_redirect, parse_slots
from examples.redis_client import (
    MOST_COMMANDS,
    TIMEOUT,
    USUAL,
    QueueFull,
    RedisClient,
    ignore,
    never,
)
from miniloop import EventLoop

__all__ = ["RedisCluster"]

logger = logging.getLogger("redis_client")

MOST_REDIRECTS = 5
PAUSE = 1.0
"""Seconds between two questions for the masters."""


class RedisCluster:
    """All masters of a cluster, or the one server that there is.

    Args:
        loop: the loop that serves it.
        address: any server of the cluster.  With TLS, each certificate has to be for the name or
            the address by which the cluster calls that server.
        on_ready: called without arguments when all masters are known and connected, each time
            again after one was lost.
        on_lost: called with the reason when that has ended, and when a try to reach it failed.
        timeout: seconds for a command, and for the connect.
        most_commands: as with ``RedisClient``, for each master.
        most_reply: longest reply in bytes.
        first: as with ``RedisClient``.
        longest: the same.
        uniform: the same.
        needed: the same.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        *,
        on_ready: Callable[[], object] = ignore,
        on_lost: Callable[[Exception], object] = ignore,
        timeout: float = TIMEOUT,
        most_commands: int = MOST_COMMANDS,
        most_reply: int = MOST_BYTES,
        first: float = 0.1,
        longest: float = 5.0,
        uniform: Callable[[float, float], float] = random.uniform,
        needed: Callable[[], bool] = never,
    ) -> None:
        """Connect with the next callbacks."""
        self.closed = False
        self._loop = loop
        self._seed = address
        self._on_ready, self._on_lost = on_ready, on_lost
        self._options: dict[str, Any] = {
            "timeout": timeout, "most_commands": most_commands, "most_reply": most_reply,
            "first": first, "longest": longest, "uniform": uniform, "needed": needed,
        }  # fmt: skip
        self._clients: dict[Address, RedisClient] = {}
        self._map: SlotMap | None = None  # None: one server, or not known yet
        self._masters: tuple[Address, ...] = ()  # () until they are known
        self._asking = False
        self._again: Any = None  # the timer of the next question
        self._was_ready = False
        self._client(address)

    def __repr__(self) -> str:
        """Show the first server and the state."""
        state = "closed" if self.closed else "connected" if self.connected else "not connected"
        return f"<RedisCluster {self._seed} {len(self._masters)} masters {state}>"

    @property
    def connected(self) -> bool:
        """Whether all masters are known and connected."""
        return bool(self._masters) and all(self._clients[each].connected for each in self._masters)

    @property
    def sharded(self) -> bool:
        """Whether it is a cluster: then a command has keys of one slot only."""
        return self._map is not None

    @property
    def masters(self) -> tuple[Address, ...]:
        """The masters; none until they are known."""
        return self._masters

    def address_of(self, key: Word) -> Address:
        """Return the server that has the key, as far as is known."""
        return (self._map and self._map.master(key)) or self._seed

    def at(self, address: Address) -> RedisClient:
        """Return the client of a server, for commands about connections."""
        return self._client(address)

    def call(
        self,
        *words: Word,
        key: Word,
        on_reply: Callable[[Any], object] = ignore,
        timeout: float | None = USUAL,
    ) -> None:
        """Send a command to the master of its keys.

        Args:
            words: its name and arguments.
            key: one of its keys; all of them are in one slot.
            on_reply: called once, as with ``RedisClient.call()``; never after ``close()``.  A
                ``MOVED`` or ``ASK`` gets here only after five of them.
            timeout: seconds for each server that is asked.

        Raises:
            QueueFull: too many commands have no answer yet.
            RuntimeError: the client is closed.
            TypeError: a word is neither text nor bytes nor a number.
            ValueError: there is no command, or one that a shared connection cannot carry.
        """
        if self.closed:
            raise RuntimeError("call() on a closed RedisCluster")
        _Call(self, words, on_reply, timeout).send(self.address_of(key))

    def close(self) -> None:
        """Close all connections for good; nothing is called any more.  Again is harmless."""
        self.closed = True
        if self._again is not None:
            self._again.cancel()
        for client in self._clients.values():
            client.close()

    # -- the masters ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask which masters there are: soon, and not more often than each second."""
        if self._again is None and not self.closed:
            self._again = self._loop.call_later(PAUSE, self._ask_again)

    def _ask_again(self) -> None:
        self._again = None
        client = next((each for each in self._clients.values() if each.connected), None)
        if client is not None:
            self._ask(client)
        elif not self.connected:
            self.refresh()

    def _ask(self, client: RedisClient) -> None:
        if not self._asking:
            self._asking = True
            client.call("CLUSTER", "SLOTS", on_reply=partial(self._learn, client.address))

    def _learn(self, asked: Address, reply: Any) -> None:
        self._asking = False
        try:
            found = None if _has_no_cluster(reply) else parse_slots(_checked(reply), asked)
            if found is not None and not found.whole:
                raise ProtocolError("some slots of the cluster have no master")
        except (ProtocolError, ConnectionError) as error:
            self._fail(error)
            return
        self._map = found
        self._masters = (asked,) if found is None else found.masters
        for address in self._masters:
            self._client(address)
        self._tidy()
        self._look()

    def _tidy(self) -> None:
        """Close connections to those that are no masters any more and owe no answer."""
        for address, client in tuple(self._clients.items()):
            if address not in self._masters and address != self._seed and not len(client):
                client.close()
                del self._clients[address]

    def _client(self, address: Address) -> RedisClient:
        client = self._clients.get(address)
        if client is None:
            client = self._clients[address] = RedisClient(
                self._loop, address, on_ready=partial(self._ready, address), on_lost=self._lost,
                **self._options,
            )  # fmt: skip
        return client

    def _ready(self, address: Address) -> None:
        if not self._masters:
            self._loop.call_soon(self._ask, self._clients[address])
        else:
            self._loop.call_soon(self._look)

    def _lost(self, reason: Exception) -> None:
        if not self.connected:
            self._fail(reason)

    def _fail(self, reason: Exception) -> None:
        self._was_ready = False
        self.refresh()
        self._on_lost(reason)

    def _look(self) -> None:
        """Say it when all masters are there."""
        if self.connected and not self._was_ready and not self.closed:
            self._was_ready = True
            self._on_ready()
        elif not self.connected:
            self.refresh()


@dataclass
class _Call:
    """A command that looks for its server."""

    cluster: RedisCluster
    words: tuple[Word, ...]
    on_reply: Callable[[Any], object]
    timeout: float | None
    redirects: int = 0

    def send(self, address: Address, asking: bool = False) -> None:
        client = self.cluster.at(address)
        if asking:
            client.call("ASKING")
        answered = partial(self._answered, address)
        client.call(*self.words, on_reply=answered, timeout=self.timeout)

    def _answered(self, asked: Address, reply: Any) -> None:
        if self.cluster.closed:
            return
        try:
            if self.redirects < MOST_REDIRECTS and self._follow(asked, reply):
                return
        except (ProtocolError, QueueFull) as error:
            reply = error
        self.on_reply(reply)

    def _follow(self, asked: Address, reply: Any) -> bool:
        """Go where the server says; return whether it said that."""
        redirect = parse_redirect(reply, asked) if error_code(reply) in ("MOVED", "ASK") else None
        if redirect is None:
            return False
        self.redirects += 1
        if not redirect.once:
            self.cluster.refresh()
        self.send(redirect.address, redirect.once)
        return True


def _has_no_cluster(reply: Any) -> bool:
    return error_code(reply) == "ERR" and "cluster support disabled" in str(reply)


def _checked(reply: Any) -> Any:
    if isinstance(reply, Exception):
        refused = isinstance(reply, hiredis.ReplyError)
        raise ConnectionError(f"CLUSTER SLOTS {'refused: ' if refused else ''}{brief(reply)}")
    return reply
