"""Who has to go where connections without a place are too many.

Rule of this file: choosing; closing is the caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

_Connection = TypeVar("_Connection")


def one_too_many(waiting: Mapping[_Connection, str]) -> _Connection:
    """Return the oldest connection of the source that has most.

    A request is answered in milliseconds, so a newcomer needs no more time than that: a crowd from
    one address keeps nobody else out.

    Args:
        waiting: The connections, the oldest first, each with its source; at least one.
    """
    crowd = Counter(waiting.values()).most_common(1)[0][0]
    return next(each for each, source in waiting.items() if source == crowd)
