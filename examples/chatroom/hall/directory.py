"""The names in use and their holders.

Rule of this file: names and their holders; nothing about rooms, and no messages to members.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from ..people.names import Name, Refused, check_name, fold
from ..people.text import shorten
from .members import Member


class Directory:
    """The names in use, each with its holder.

    Two names that look alike cannot both be in use, or a member could pass for another.

    Args:
        longest: The longest name, in characters.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._by_key: dict[str, Member] = {}
        self._by_look: dict[str, Member] = {}

    def find(self, raw: str) -> Member:
        """Return the member called `raw`.

        Raises:
            Refused: There is no member with that name.
        """
        found = self._by_key.get(fold(raw))
        if found is None:
            raise Refused(f"There is nobody called {shorten(raw, self._longest)} here.")
        return found

    def __iter__(self) -> Iterator[Member]:
        """Iterate over the holders of names."""
        return iter(tuple(self._by_key.values()))

    def named(self, key: str) -> Member | None:
        """Return the member whose name has the key `key`."""
        return self._by_key.get(key)

    def holder(self, name: Name) -> Member | None:
        """Return the member that has `name` or a name that looks like it."""
        return self._by_key.get(name.key) or self._by_look.get(name.skeleton)

    def check(self, member: Member, raw: str, mono: float, *, again: bool = False) -> Name:
        """Return the name that `raw` spells, if `member` may have it at the time `mono` (seconds).

        Args:
            member: The member that asks.
            raw: The name as it was typed.
            mono: The time, in seconds on the monotonic clock, for how much longer a name is held.
            again: Whether the name is available although a member at another server holds it: that
                may be the same person's earlier session.

        Raises:
            Refused: The name is invalid, in use, or looks like one in use.
        """
        name = check_name(raw, self._longest)
        holder = self._by_key.get(name.key, member)
        if holder is not member and not (again and holder.node):
            raise Refused(_taken(name, holder, mono))
        alike = self._by_look.get(name.skeleton, member)
        if alike is not member and alike is not holder:
            raise Refused(f"That name looks like {alike.shown}'s; please choose another.")
        return name

    def claim(self, member: Member, name: Name) -> None:
        """Give `member` the checked `name`, in place of its present name."""
        self.release(member)
        member.name = name
        self._by_key[name.key] = self._by_look[name.skeleton] = member

    def release(self, member: Member) -> None:
        """Free the name of `member`; the member's last lines still show it."""
        if member.name is not None:
            for names, text in self._entries(member.name):
                if names.get(text) is member:  # another member may have taken it over
                    del names[text]

    def _entries(self, name: Name) -> tuple[tuple[dict[str, Member], str], ...]:
        return (self._by_key, name.key), (self._by_look, name.skeleton)


def _taken(name: Name, holder: Member, mono: float) -> str:
    if holder.held_until is None:
        return f"The name {name.shown} is taken; please choose another."
    seconds = max(1, ceil(holder.held_until - mono))
    unit = "second" if seconds == 1 else "seconds"
    return (
        f"The name {name.shown} is held for {seconds} more {unit}, for the one whose connection "
        "was lost; please wait, or choose another."
    )
