"""Who holds which name.

Rule of this file: names and their holders; nothing about rooms, nobody is spoken to from here.
"""

from __future__ import annotations

from math import ceil

from ..people.names import Name, Refused, check_name, fold
from ..people.text import shorten
from .members import Member


class Directory:
    """The names taken, and by whom.

    Two names that look alike cannot both be taken, or one person could pass for the other.

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
            Refused: There is nobody of that name.
        """
        found = self._by_key.get(fold(raw))
        if found is None:
            raise Refused(f"There is nobody called {shorten(raw, self._longest)} here.")
        return found

    def check(self, member: Member, raw: str, mono: float) -> Name:
        """Return the name that `raw` spells, if `member` may have it at the time `mono` (seconds).

        Raises:
            Refused: It is none, it is taken, or it looks like somebody else's.
        """
        name = check_name(raw, self._longest)
        holder = self._by_key.get(name.key, member)
        if holder is not member:
            raise Refused(_taken(name, holder, mono))
        alike = self._by_look.get(name.skeleton, member)
        if alike is not member:
            raise Refused(f"That name looks like {alike.shown}'s; please choose another.")
        return name

    def claim(self, member: Member, name: Name) -> None:
        """Give `member` the checked `name`, in place of the one it has."""
        self.release(member)
        member.name = name
        self._by_key[name.key] = self._by_look[name.skeleton] = member

    def release(self, member: Member) -> None:
        """The name of `member` is free again; the member goes on showing it in its last lines."""
        if member.name is not None:
            self._by_key.pop(member.name.key, None)
            self._by_look.pop(member.name.skeleton, None)


def _taken(name: Name, holder: Member, mono: float) -> str:
    if holder.held_until is None:
        return f"The name {name.shown} is taken; please choose another."
    seconds = max(1, ceil(holder.held_until - mono))
    unit = "second" if seconds == 1 else "seconds"
    return (
        f"The name {name.shown} is held for {seconds} more {unit}, for the one whose connection "
        "was lost; please wait, or choose another."
    )
