"""Which connection is closed when there are too many without a place.

Rule of this file: choose the connection; the caller closes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

_Connection = TypeVar("_Connection")


def one_too_many(waiting: Mapping[_Connection, str]) -> _Connection:
    """Return the oldest connection of the source with the most connections.

    A request is answered in milliseconds, so a new connection needs no more time than that: many
    connections from one address do not keep other clients out.

    Args:
        waiting: The connections with their sources, oldest first; at least one.
    """
    crowd = Counter(waiting.values()).most_common(1)[0][0]
    return next(each for each, source in waiting.items() if source == crowd)
