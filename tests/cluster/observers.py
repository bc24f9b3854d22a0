"""Members that look on, one at each node: what is asked at one is answered as at any other."""

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
    """One of them.

    Args:
        node: Where it is.
        name: Its name; empty to log in later.
    """

    def __init__(self, node: Node, name: str = "") -> None:
        super().__init__(node.server, name)
        self.name = name
        self._asked = 0

    def hear(self, *typed: str) -> str:
        """Type lines, and return all that was shown up to the answer."""
        self._asked += 1
        self.type(*typed, f"/nosuch{self._asked}")
        return self.expect(f"/nosuch{self._asked}").decode()

    def ask(self, command: str) -> list[str]:
        """Return the rows of an answer."""
        text = self.hear(command)
        return [line for line in text.replace("\r", "").split("\n") if line.startswith("-- ")]

    def who(self, room: str) -> set[str]:
        """Return who is in `room`, as this node sees it."""
        found = (ROW.match(row) for row in self.ask("/who"))
        rows = {match[1]: match[2] for match in found if match}
        return set(rows.get(room, "").split(", ")) - {""}

    def count(self, room: str) -> int:
        """Return how many are in `room`, as the list of rooms has it."""
        found = (COUNT.match(row) for row in self.ask("/rooms"))
        return next((int(match[2]) for match in found if match and match[1] == room), 0)


@contextmanager
def watching(town: Town, mark: str) -> Iterator[Sequence[Observer]]:
    """Have an observer at each node."""
    observers: list[Observer] = []
    try:
        for number, node in enumerate(town.nodes):
            observers.append(Observer(node, f"eye{number}{mark}"))
        yield observers
    finally:
        for each in observers:
            each.socket.close()


def check_members(observers: Sequence[Observer], room: str, names: set[str]) -> None:
    """Each node comes to see these members in `room`, and no others, whatever is asked."""
    deadline = time.monotonic() + PATIENCE
    for each in observers:
        while (seen := each.who(room)) != names or each.count(room) != len(names):
            assert time.monotonic() < deadline, f"{each.name} sees {seen} in {room}, not {names}"
            time.sleep(0.05)


def check_whispers(observers: Sequence[Observer]) -> None:
    """What one says to another alone reaches that one, once, and no other."""
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
