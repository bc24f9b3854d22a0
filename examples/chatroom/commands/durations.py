"""Times as people type them: 10m, 2h, 7d, 4w.

Rule of this file: convert text to seconds.
"""

from __future__ import annotations

import re

from ..people.names import Refused

_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
# Four digits: 191 years of weeks are enough, and all calendars reach that far.
_FORM = re.compile(r"([1-9][0-9]{0,3})([mhdw])")


def parse_duration(text: str) -> float:
    """Return the seconds that `text` means, such as ``10m``, ``2h``, ``7d`` or ``4w``.

    Raises:
        Refused: `text` is not a duration.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise Refused("A duration is typed like 10m, 2h, 7d or 4w.")
    return int(found[1]) * _SECONDS[found[2]]


def split_duration(text: str) -> tuple[float | None, str]:
    """Return the duration at the start of `text` (None if there is none) and the rest.

    A first word that begins with a digit must be a duration: "10min spam" would otherwise be a
    reason, and a sanction meant for ten minutes would have no end.

    Raises:
        Refused: The first word begins with a digit and is not a duration.
    """
    word, _, rest = text.partition(" ")
    if not word[:1].isdigit():
        return None, text
    return parse_duration(word), rest.strip()
