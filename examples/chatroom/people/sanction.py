"""One ban or mute: the stored record, and its wording.

Rule of this file: values and pure functions; `sanctions.Sanctions` holds those in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from .targets import describe, from_subject

BAN, MUTE = "ban", "mute"


@dataclass(frozen=True, slots=True)
class SaveSanction:
    """Store a ban or a mute; a later one on the same subject replaces it.

    Attributes:
        kind: ``"ban"`` or ``"mute"``.
        subject: ``"name:..."`` or ``"address:..."``.
        until: Seconds since the epoch; None without an end.
        by: The shown name of the operator.
        reason: In the operator's words, perhaps empty.
    """

    kind: str
    subject: str
    until: float | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ForgetSanction:
    """Forget a sanction."""

    kind: str
    subject: str


def subject_shown(sanction: SaveSanction) -> str:
    """Return the subject of `sanction` as members write it."""
    return describe(from_subject(sanction.subject))


def sentence(what: str, until: float | None, reason: str) -> str:
    """Return `what` as a sentence with its end and its reason, if it has them."""
    end = f" until {clock(until)}" if until is not None else ""
    return f"{what}{end}: {reason}" if reason else f"{what}{end}."


def clock(wall: float) -> str:
    """Return a time that is clear in any time zone."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M UTC")


def in_force(sanction: SaveSanction, wall: float) -> bool:
    """Return whether `sanction` is still in force at the time `wall` (seconds since the epoch)."""
    return sanction.until is None or sanction.until > wall
