"""Which messages of which rooms are deleted when the size limit is exceeded.

Rule of this file: weights and SQL; retention.py decides how much is deleted.

The largest rooms are cut to one common size, from their oldest messages on.  With age alone as the
criterion, a member that fills its own room could have all other rooms' history deleted.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from itertools import pairwise

PIECE = 5000
"""Messages weighed in one step: some ten milliseconds."""

# The size of a message: its row, its entries in four indexes, and each word again in the index of
# words. It need not be exact: the total size is checked again afterwards.
_WEIGHT = "150 + 2 * (length(CAST(text AS BLOB)) + length(CAST(spaced AS BLOB)))"
_WEIGH = f"""SELECT room, sum({_WEIGHT}), max(id)
    FROM (SELECT id, room, text, spaced FROM messages WHERE id > ? ORDER BY id LIMIT {PIECE})
    GROUP BY room"""
_OLDEST = f"SELECT id, {_WEIGHT} FROM messages WHERE room = ? ORDER BY id LIMIT ?"


def weigh(connection: sqlite3.Connection) -> Generator[None, None, Counter[int]]:
    """Return the approximate size of each room's messages in bytes, by the ids of the rooms' rows.

    Yields after each part; messages stored meanwhile need not be counted.
    """
    weights: Counter[int] = Counter()
    last = 0
    while rows := connection.execute(_WEIGH, (last,)).fetchall():
        for room, weight, highest in rows:
            weights[room] += weight
            last = max(last, highest)
        yield
    return weights


def excess(weights: Mapping[int, int], surplus: float) -> dict[int, float]:
    """Return for each room the size above the level that removes `surplus` in total."""
    level = _level(weights.values(), surplus)
    return {room: weight - level for room, weight in weights.items() if weight > level}


def oldest(
    connection: sqlite3.Connection, room: int, weight: float, most: int
) -> tuple[list[int], int]:
    """Return the ids of the oldest messages of `room` with the total `weight`, and their weight.

    Args:
        connection: The database.
        room: The id of the room's row.
        weight: How many bytes to delete.
        most: The maximum number of messages.
    """
    found: list[int] = []
    taken = 0
    for number, own in connection.execute(_OLDEST, (room, most)).fetchall():
        if taken >= weight:
            break
        found.append(number)
        taken += own
    return found, taken


def _level(weights: Iterable[int], surplus: float) -> float:
    """Return the common maximum size that reduces the total by `surplus`."""
    heights = [*sorted(weights, reverse=True), 0]
    for count, (height, below) in enumerate(pairwise(heights), 1):
        room_for = count * (height - below)
        if surplus <= room_for:
            return height - surplus / count
        surplus -= room_for
    return 0.0
