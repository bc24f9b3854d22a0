"""What a command is, and one as somebody typed it.

Rule of this file: the two shapes that all commands share; the commands themselves are elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..hall.members import Member
from ..hall.messages import Moment
from ..people.names import Refused

if TYPE_CHECKING:
    from ..hall.hall import Hall


@dataclass(frozen=True, slots=True)
class Request:
    """One command as somebody typed it.

    Attributes:
        hall: Where it was typed.
        member: Who typed it.
        rest: What came after the command's name, without white space around it.
        now: When.
        nonce: What its sender calls it, see `AddMessage`; empty if it promises nothing.
    """

    hall: Hall
    member: Member
    rest: str
    now: Moment
    nonce: str = ""

    def answer(self, text: str) -> None:
        """Tell `text` to the one who asked, alone."""
        self.hall.notifier.notify(self.member, text)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is typed, what it does in a few words, and the doing.

    Attributes:
        name: The word after the slash.
        usage: How it is typed.
        help: What it does.
        run: Does it.
        restricted: Whether it is for operators alone; /help shows it to no one else.
    """

    name: str
    usage: str
    help: str
    run: Callable[[Request], None]
    restricted: bool = False

    def need(self, value: str) -> str:
        """Return `value`, or refuse with the usage if it is empty."""
        if not value:
            raise Refused(f"Usage: {self.usage}")
        return value
