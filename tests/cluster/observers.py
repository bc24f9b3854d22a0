"""Observing members, one at each node: every node must give the same answers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.integration.chatroom_process import Peer

from .talkers import PATIENCE
from .town import Node, Town

ROW = re.compile(r"^-- (\w+): (.*)$")
COUNT = re.compile(r"^-- (\w+) \((\d+)\)")


class Observer(Peer):
    """An observing member.

    Args:
        node: Its node.
        name: Its name; empty to log in later.
    """

    def __init__(self, node: Node, name: str = "") -> None:
        super().__init__(node.server, name)
        self.name = name
        self._asked = 0

    def hear(self, *typed: str) -> str:
        """Send lines, and return everything shown up to the answer."""
        self._asked += 1
        self.type(*typed, f"/nosuch{self._asked}")
        return self.expect(f"/nosuch{self._asked}").decode()

    def ask(self, command: str) -> list[str]:
        """Return the rows of an answer."""
        text = self.hear(command)
        return [line for line in text.replace("\r", "").split("\n") if line.startswith("-- ")]

    def who(self, room: str) -> set[str]:
        """Return the members in `room`, as this node sees them."""
        found = (ROW.match(row) for row in self.ask("/who"))
        rows = {match[1]: match[2] for match in found if match}
        return set(rows.get(room, "").split(", ")) - {""}

    def count(self, room: str) -> int:
        """Return the number of members in `room`, by the list of rooms."""
        found = (COUNT.match(row) for row in self.ask("/rooms"))
        return next((int(match[2]) for match in found if match and match[1] == room), 0)


@contextmanager
def watching(town: Town, mark: str) -> Iterator[Sequence[Observer]]:
    """Run an observer at each node."""
    observers: list[Observer] = []
    try:
        for number, node in enumerate(town.nodes):
            observers.append(Observer(node, f"eye{number}{mark}"))
        yield observers
    finally:
        for each in observers:
            each.socket.close()


def check_members(observers: Sequence[Observer], room: str, names: set[str]) -> None:
    """Check that each node comes to show exactly these members in `room`, in every list."""
    deadline = time.monotonic() + PATIENCE
    for each in observers:
        while (seen := each.who(room)) != names or each.count(room) != len(names):
            assert time.monotonic() < deadline, f"{each.name} sees {seen} in {room}, not {names}"
            time.sleep(0.05)


def check_whispers(observers: Sequence[Observer]) -> None:
    """Check that a private message reaches its recipient, once, and no other member."""
    for one in observers:
        one.type(*(f"/msg {other.name} psst to {other.name}" for other in observers))
    for one in observers:
        for other in observers:
            if one is not other:
                one.type(f"/msg {other.name} end")
    for each in observers:
        text = b"".join(each.expect(" to " + each.name + " alone: end") for _ in observers[1:])
        heard = re.findall(r"(\w+) to (\w+) alone: psst", text.decode())
        wanted = {(one.name, each.name) for one in observers}
        wanted |= {(each.name, other.name) for other in observers}
        assert sorted(heard) == sorted(wanted), f"{each.name} heard {sorted(heard)}"
