"""A command's definition, and one typed command.

Rule of this file: the two types that all commands share; the commands are in other files.
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
    """One command as it was typed.

    Attributes:
        hall: The hall in which it was typed.
        member: The member that typed it.
        rest: The text after the command's name, without white space around it.
        now: The time at which it was received.
        nonce: The sender's identifier for the line, see `AddMessage`; empty if there is none.
    """

    hall: Hall
    member: Member
    rest: str
    now: Moment
    nonce: str = ""

    def answer(self, text: str) -> None:
        """Send `text` to this member alone."""
        self.hall.notifier.notify(self.member, text)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its usage, its help text and its function.

    Attributes:
        name: The word after the slash.
        usage: The usage text.
        help: What the command does, in a few words.
        run: The function that runs the command.
        restricted: Whether only operators may run it; /help lists it for operators only.
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
