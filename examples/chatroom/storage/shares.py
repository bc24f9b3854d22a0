"""When there is too much: which messages of which rooms go.

Rule of this file: weights and SQL; how much is too much is decided in retention.py.

The largest rooms are cut to one common size, from their oldest messages on.  By age alone somebody
who fills a room of his own would have everybody else's history forgotten.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from itertools import pairwise

PIECE = 5000
"""Messages weighed in one step: some ten milliseconds."""

# What a message takes: its row, its places in four indexes, and each word once more in the index
# of words. It need not be exact: the size is looked at again afterwards.
_WEIGHT = "150 + 2 * (length(CAST(text AS BLOB)) + length(CAST(spaced AS BLOB)))"
_WEIGH = f"""SELECT room, sum({_WEIGHT}), max(id)
    FROM (SELECT id, room, text, spaced FROM messages WHERE id > ? ORDER BY id LIMIT {PIECE})
    GROUP BY room"""
_OLDEST = f"SELECT id, {_WEIGHT} FROM messages WHERE room = ? ORDER BY id LIMIT ?"


def weigh(connection: sqlite3.Connection) -> Generator[None, None, Counter[int]]:
    """Return about how many bytes the messages of each room take, by the ids of the rooms' rows.

    Rests after each piece; what is said meanwhile need not be counted.
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
    """Return by room what is above the level that leaves `surplus` less than there is."""
    level = _level(weights.values(), surplus)
    return {room: weight - level for room, weight in weights.items() if weight > level}


def oldest(
    connection: sqlite3.Connection, room: int, weight: float, most: int
) -> tuple[list[int], int]:
    """Return the ids of the oldest messages of `room` that take `weight`, and what they take.

    Args:
        connection: The database.
        room: The id of the room's row.
        weight: How many bytes shall go.
        most: How many messages, at most.
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
    """Return how full the fullest may stay: a surface that sinks until `surplus` has run off."""
    heights = [*sorted(weights, reverse=True), 0]
    for count, (height, below) in enumerate(pairwise(heights), 1):
        room_for = count * (height - below)
        if surplus <= room_for:
            return height - surplus / count
        surplus -= room_for
    return 0.0
