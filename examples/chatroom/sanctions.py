"""Who may not come in, and who has to be silent."""

from __future__ import annotations

from collections.abc import Sequence

from .history import SaveSanction
from .members import Member
from .names import Name


class Sanctions:
    """PLACEHOLDER for the one who writes this: what hall.py and speech.py call."""

    def __init__(self, known: Sequence[SaveSanction] = ()) -> None:
        self._known = known

    def check_address(self, address: str, wall: float) -> None:
        """Raise Refused if the address is banned."""

    def check_name(self, name: Name, wall: float) -> None:
        """Raise Refused if the name is banned."""

    def check_voice(self, member: Member, wall: float) -> None:
        """Raise Refused if the member is muted."""
