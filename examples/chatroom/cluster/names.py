"""Names that belong to one member in the whole cluster.

Rule of this file: claiming, keeping and releasing names.

A name is held for a limited time, and kept by renewing it before that.  So the name of a
member whose node has stopped becomes free after a while, and a name that was lost meanwhile is
detected when it is renewed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from examples.redis.command import Word
from miniloop import EventLoop, TimerHandle

from .engine_options import EngineOptions
from .entries import BadReply, parse_text
from .interface import Away, Granted, NameClaim, Taken
from .link import EngineLink
from .scripts import CLAIM, RELEASE

Answered = Callable[[Granted | Taken | Away], None]

PARTS = 10
"""Steps in which all names are renewed between two heartbeats, to spread the load."""


class Names:
    """The names of this node's members.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: The duration for which a name is held.
        node: This node.
        incarnation: This process.
        on_lost: Called with a name that another member has now.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        node: str,
        incarnation: str,
        on_lost: Callable[[NameClaim], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._options = options
        self._keys = options.keys
        self._node, self._incarnation = node, incarnation
        self._on_lost = on_lost
        self._held: OrderedDict[str, NameClaim] = OrderedDict()  # the next one to renew first
        self._asked: dict[str, NameClaim] = {}  # claimed, and not released before the answer
        self._given_back: dict[str, NameClaim] = {}  # while the engine was away
        self._timer: TimerHandle | None = None

    def __len__(self) -> int:
        """Return how many names are held."""
        return len(self._held)

    def claim(self, name: NameClaim, answered: Answered) -> None:
        """Claim a name; see `Feeds.claim()`."""
        if not self._link.up:
            self._loop.call_soon(answered, Away())
            return
        self._asked[name.skeleton] = name
        self._ask(name, partial(self._claimed, name, answered))

    def hold(self, name: NameClaim) -> None:
        """Hold a name whose owner the engine does not know yet."""
        self._held[name.skeleton] = name
        self._given_back.pop(name.skeleton, None)

    def release(self, name: NameClaim) -> None:
        """Release a name."""
        held = self._held.get(name.skeleton)
        if held is not None and held.member == name.member:
            del self._held[name.skeleton]
        asked = self._asked.get(name.skeleton)
        if asked is not None and asked.member == name.member:
            del self._asked[name.skeleton]
        if self._link.up:
            self._release(name)
        else:
            self._given_back[name.skeleton] = name

    def _release(self, name: NameClaim) -> None:
        key = self._keys.name(name.skeleton)
        RELEASE.run(self._link.call, [key], [self._owner(name)], _ignore)

    def release_all(self) -> None:
        """Release all names."""
        for name in tuple(self._held.values()):
            self.release(name)

    def resume(self) -> None:
        """Renew all names, since they may have expired: the engine is available."""
        self._stop()
        given_back, self._given_back = self._given_back, {}
        for name in given_back.values():
            self._release(name)
        self._renew(len(self._held))

    def pause(self) -> None:
        """Stop renewing: the engine is away."""
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _renew(self, count: int) -> None:
        """Renew the names that are due, and schedule the next step."""
        for _ in range(min(count, len(self._held))):
            skeleton, name = next(iter(self._held.items()))
            self._held.move_to_end(skeleton)
            self._ask(name, partial(self._renewed, name))
        share = -(-len(self._held) // PARTS)
        self._timer = self._loop.call_later(self._options.beat / PARTS, self._renew, share)

    def _ask(self, name: NameClaim, on_reply: Callable[[Any], None]) -> None:
        arguments: list[Word] = [
            self._owner(name), name.before, self._node, name.shown, name.now,
            int(self._options.span * 1000),
        ]  # fmt: skip
        CLAIM.run(self._link.call, [self._keys.name(name.skeleton)], arguments, on_reply)

    def _claimed(self, name: NameClaim, answered: Answered, reply: Any) -> None:
        outcome = self._read(reply)
        if self._asked.get(name.skeleton) is name:
            del self._asked[name.skeleton]
            if isinstance(outcome, Granted):
                self.hold(name)
        answered(outcome)

    def _renewed(self, name: NameClaim, reply: Any) -> None:
        if isinstance(self._read(reply), Taken) and self._held.get(name.skeleton) is name:
            del self._held[name.skeleton]
            self._on_lost(name)

    def _read(self, reply: Any) -> Granted | Taken | Away:
        if isinstance(reply, Exception):
            return Away()
        try:
            return Granted() if reply == 1 and reply is not True else _taken(reply)
        except BadReply as problem:
            self._link.fail(f"an answer about a name: {problem}")
            return Away()

    def _owner(self, name: NameClaim) -> str:
        return f"{self._incarnation}/{name.member}"


def _taken(reply: Any) -> Taken:
    if not isinstance(reply, list) or len(reply) != 3:
        raise BadReply("no owner")
    owner, node, shown = (parse_text(each) for each in reply)
    incarnation, _, member = owner.partition("/")
    if not (member.isascii() and member.isdigit() and len(member) <= 15):
        raise BadReply("no owner")
    return Taken(node, incarnation, int(member), shown)


def _ignore(reply: object) -> None:
    """Ignore the reply: a name that is not released expires by itself."""
