"""Deletes old data: the oldest messages of the largest rooms, in small steps.

Rule of this file: SQL and arithmetic.  `sweep()` is a generator that yields after each small
transaction, so that new messages are stored in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from .history_file import transaction
from .schema import AGE
from .shares import excess, oldest, weigh

BATCH = 200
"""Messages deleted in one transaction: some ten milliseconds on a slow machine."""

PAGES = 200
"""Pages freed, or written while the index of words is merged, in one transaction."""

ROOM_AFTER = 0.9
"""The part of the allowed bytes that is in use after a sweep, so that not every sweep deletes."""

UNTIDY = 0.2
"""The ratio of removed to remaining messages from which merging the index is worth its cost."""

NOTE_EVERY = 600.0
"""Seconds between two records of the time; a restart loses at most this much of it."""

LEAST_BYTES = 262_144
"""The lowest allowed limit: an empty history takes some twenty pages of 4,096 bytes."""


@dataclass(slots=True)
class Trimmed:
    """What a sweep has removed so far.

    Attributes:
        messages: The number of messages.
        rooms: The number of rooms.
        sanctions: The number of sanctions.
        bytes: The present size of the history, in bytes.
        problem: Why it ended early, as half a sentence; empty if it did not.
    """

    messages: int = 0
    rooms: int = 0
    sanctions: int = 0
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """The limits on what is kept.

    Attributes:
        keep_age: Seconds that messages are kept; None: no limit.
        keep_bytes: Bytes that the database may take; None: no limit.
        keep_rooms: Rooms that are kept; beyond that the longest unused are deleted with their
            messages.

    Raises:
        ValueError: A value is too small to keep anything.
    """

    keep_age: float | None = None
    keep_bytes: int | None = None
    keep_rooms: int = 1000

    def __post_init__(self) -> None:
        """Reject values that would keep nothing."""
        if self.keep_age is not None and not self.keep_age > 0:
            raise ValueError(f"keep_age must be more than 0 seconds, not {self.keep_age}.")
        if self.keep_bytes is not None and self.keep_bytes < LEAST_BYTES:
            raise ValueError(f"keep_bytes must be at least {LEAST_BYTES}, not {self.keep_bytes}.")
        if self.keep_rooms < 1:
            raise ValueError(f"keep_rooms must be at least 1, not {self.keep_rooms}.")


def sweep(
    connection: sqlite3.Connection, retention: Retention, now: float, trimmed: Trimmed
) -> Iterator[None]:
    """Remove what exceeds `retention` at the time `now`, one transaction a step.

    Args:
        connection: The database.
        retention: The limits.
        now: Seconds since the epoch, by the steady clock.
        trimmed: Updated with what is removed.
    """
    trimmed.sanctions += _change(connection, "DELETE FROM sanctions WHERE until <= ?", now)
    _change(connection, "UPDATE upkeep SET time = ? WHERE time < ?", now, now - NOTE_EVERY)
    yield
    if retention.keep_age is not None:
        yield from _forget_old(connection, now - retention.keep_age, trimmed)
    yield from _forget_rooms(connection, retention.keep_rooms, trimmed)
    if retention.keep_bytes is not None:
        yield from _shrink(connection, retention.keep_bytes, trimmed)
    if _is_untidy(connection):
        yield from _tidy(connection)
    yield from _give_back(connection)
    trimmed.bytes = used_bytes(connection)


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the pages that are in use."""
    pages, free, size = (
        _ask(connection, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _forget_old(connection: sqlite3.Connection, before: float, trimmed: Trimmed) -> Iterator[None]:
    oldest = f"SELECT id FROM messages WHERE {AGE} < ? ORDER BY {AGE} LIMIT ?"
    yield from _forget(connection, oldest, (before, BATCH), trimmed)
    trimmed.rooms += _change(
        connection,
        "DELETE FROM rooms WHERE used < ?"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE room = rooms.id)",
        before,
    )
    yield


def _forget_rooms(connection: sqlite3.Connection, keep: int, trimmed: Trimmed) -> Iterator[None]:
    surplus = "SELECT id FROM rooms ORDER BY used DESC, id DESC LIMIT -1 OFFSET ?"
    oldest = f"SELECT id FROM messages WHERE room IN ({surplus}) LIMIT ?"
    yield from _forget(connection, oldest, (keep, BATCH), trimmed)
    trimmed.rooms += _change(connection, f"DELETE FROM rooms WHERE id IN ({surplus})", keep)
    yield


def _shrink(connection: sqlite3.Connection, keep: int, trimmed: Trimmed) -> Iterator[None]:
    """Delete from the largest rooms the estimated share that exceeds the limit."""
    while (used := used_bytes(connection)) > keep:
        weights = yield from weigh(connection)
        if not weights:
            return
        surplus = weights.total() * (1 - ROOM_AFTER * keep / used)
        for room, weight in excess(weights, surplus).items():
            yield from _forget_oldest(connection, room, weight, trimmed)
        yield from _tidy(connection)


def _forget_oldest(
    connection: sqlite3.Connection, room: int, weight: float, trimmed: Trimmed
) -> Iterator[None]:
    while weight > 0:
        numbers, taken = oldest(connection, room, weight, BATCH)
        if not numbers:
            return
        weight -= taken
        trimmed.messages += _change(
            connection, "DELETE FROM messages WHERE room = ? AND id <= ?", room, numbers[-1]
        )
        yield


def _forget(
    connection: sqlite3.Connection, which: str, values: tuple[float, ...], trimmed: Trimmed
) -> Iterator[None]:
    """Delete the messages that the query `which` selects, until it selects none."""
    while gone := _change(connection, f"DELETE FROM messages WHERE id IN ({which})", *values):
        trimmed.messages += gone
        yield


def _is_untidy(connection: sqlite3.Connection) -> bool:
    removed = _ask(connection, "SELECT removed FROM upkeep")
    return removed > UNTIDY * _ask(connection, "SELECT count(*) FROM messages")


def _tidy(connection: sqlite3.Connection) -> Iterator[None]:
    """Merge the index of words into one segment, `PAGES` at a time.

    FTS5 only marks removed rows; marks and words are deleted when their segments are merged.
    """
    pages = -PAGES  # negative: begin to merge everything; positive: continue
    while True:
        before = connection.total_changes
        _change(connection, "INSERT INTO words (words, rank) VALUES ('merge', ?)", pages)
        yield
        if connection.total_changes - before < 2:  # as FTS5's manual says: nothing was left to do
            break
        pages = PAGES
    _change(connection, "UPDATE upkeep SET removed = 0")


def _give_back(connection: sqlite3.Connection) -> Iterator[None]:
    """Return the free pages at the file's end to the file system."""
    while free := _ask(connection, "PRAGMA freelist_count"):
        connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        yield
        if _ask(connection, "PRAGMA freelist_count") >= free:
            return
    # PASSIVE: does not wait; when it succeeds, the file is truncated to its new length.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _change(connection: sqlite3.Connection, statement: str, *values: float) -> int:
    """Run one statement in a transaction; return how many rows it changed."""
    with transaction(connection):
        return connection.execute(statement, values).rowcount


def _ask(connection: sqlite3.Connection, question: str, *values: float) -> int:
    rows = connection.execute(question, values).fetchall()
    return int(rows[0][0])
