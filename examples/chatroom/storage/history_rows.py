"""The stored data as rows: writing them and reading them back.

Rule of this file: SQL and values; no threads, no files, and errors are left to the caller.
Data that is read is bounded and checked: other programs can write to the user's file.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..hall.history import (
    AddMessage,
    AddWaiting,
    Answer,
    ForgetMessage,
    ForgetRoom,
    ForgetWaiting,
    Remembered,
    SaveRoom,
    Write,
)
from ..hall.messages import Kind, Message
from ..people.names import fold
from ..people.sanction import ForgetSanction, SaveSanction
from .problems import Clash
from .search_query import match_expression, spaced

LONGEST = 65_536
"""Most characters of a text that are read back; the doors' limits are far below."""

MOST_SANCTIONS = 10_000
MOST_ROWS = 5000
"""Most messages examined for one page, even if few of them match: some ten milliseconds."""

MOST_COUNTED = 20_000
"""Most matches that are counted, in all rooms: some tenth of a second.  Beyond that the count of
one room is a lower bound."""

MOST_WAITING = 100_000

HIGHEST_ID = 2**63 - 1
FAR = 86_400.0
"""Seconds by which two clocks differ when one of them is wrong."""

LATEST = 250_000_000_000.0
"""Seconds since the epoch; Python's calendar does not reach later times."""

_SPOKEN = {kind.value: kind for kind in (Kind.SAID, Kind.ACTED)}
"""The kinds that are stored.  The others are the server's own, which no row may imitate."""

COLUMNS = f"""m.id, m.kind, substr(m.sender, 1, {LONGEST}), substr(m.text, 1, {LONGEST}),
    m.at, r.shown"""
_PAGE = f"""SELECT {COLUMNS} FROM rooms r JOIN messages m ON m.room = r.id
    WHERE r.key = ? AND m.id < ? ORDER BY m.id DESC LIMIT {MOST_ROWS}"""
# CROSS: the index of words is read first; it returns the newest first without sorting.
_SEARCH = f"""SELECT {COLUMNS} FROM words
    CROSS JOIN messages m ON m.id = words.rowid CROSS JOIN rooms r ON r.id = m.room
    WHERE words MATCH ? AND r.key = ? AND words.rowid < ?
    ORDER BY words.rowid DESC LIMIT {MOST_ROWS}"""
# The newest ones first, so that a count that stops early contains those that are shown.
_COUNT = f"""SELECT r.key IS ?, sender, count(*) FROM
    (SELECT m.room, substr(m.sender, 1, {LONGEST}) AS sender FROM words
     CROSS JOIN messages m ON m.id = words.rowid
     WHERE words MATCH ? ORDER BY words.rowid DESC LIMIT {MOST_COUNTED})
    LEFT JOIN rooms r ON r.id = room GROUP BY 1, 2"""
_ROOMS = f"""SELECT key, shown, substr(topic, 1, {LONGEST}), lock, founder, used FROM
    (SELECT * FROM rooms ORDER BY used DESC, id DESC LIMIT ?) ORDER BY id"""

_WAITING = f"""SELECT nonce, text FROM waiting
    WHERE length(text) <= {LONGEST} ORDER BY id LIMIT ?"""


class Writer:
    """Runs the writes of one transaction.

    Args:
        connection: The database, in a transaction.
        now: Seconds since the epoch by the steady clock, for rows without a time of their own, or
            with an impossible one.

    Attributes:
        repeated: The ids of messages that were stored already under another id.
    """

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.repeated: set[int] = set()
        self._connection = connection
        self._now = now
        self._rooms: dict[str, int] = {}  # the ids of the rooms' rows, by the rooms' keys

    def do(self, write: Write) -> None:
        """Run one write.

        Raises:
            Clash: The id of a message belongs to another one.
            sqlite3.Error: The database refuses it.
        """
        match write:
            case AddMessage():
                self._add(write)
            case SaveRoom():
                self._save_room(write)
            case ForgetRoom():
                self._rooms.pop(write.key, None)
                self._execute("DELETE FROM rooms WHERE key = ?", write.key)
            case ForgetMessage():
                self._execute("DELETE FROM messages WHERE id = ?", min(write.number, HIGHEST_ID))
            case SaveSanction():
                self._execute(
                    "INSERT OR REPLACE INTO sanctions VALUES (?, ?, ?, ?, ?)",
                    *(write.kind, write.subject, write.until, write.by, write.reason),
                )
            case ForgetSanction():
                self._execute(
                    "DELETE FROM sanctions WHERE kind = ? AND subject = ?",
                    *(write.kind, write.subject),
                )
            case AddWaiting():
                self._execute(
                    "INSERT INTO waiting (nonce, text) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    *(write.nonce, write.text),
                )
            case ForgetWaiting():
                self._execute("DELETE FROM waiting WHERE nonce = ?", write.nonce)

    def _add(self, write: AddMessage) -> None:
        message, nonce = write.message, _digest(write.nonce)
        at = self._now if message.at is None else message.at
        stored = self._now if abs(at - self._now) > FAR else None
        values = (message.kind.value, message.sender, message.text, at, stored, nonce)
        added = self._execute(
            "INSERT INTO messages (id, room, spaced, kind, sender, text, at, stored, nonce)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(message.id, self._room(write), spaced(message.text), *values),
        )
        if not added.rowcount:
            self._explain(message.id, values)

    def _explain(self, number: int, values: Sequence[object]) -> None:
        """Find out why a message could not be added: it, or one with its nonce, exists."""
        known = self._execute("SELECT id FROM messages WHERE nonce = ?", values[-1]).fetchone()
        if known is not None and known[0] != number:
            self.repeated.add(number)
            return
        # Its own id may exist when a commit was reported as failed but had succeeded.
        same = self._execute(
            "SELECT 1 FROM messages WHERE id = ? AND kind = ? AND sender = ? AND text = ?",
            *(number, *map(_encodable, values[:3])),
        ).fetchone()
        if same is None:
            raise Clash("another program has written into it")

    def _room(self, write: AddMessage) -> int:
        if write.room not in self._rooms:
            found = self._execute(
                "INSERT INTO rooms (key, shown, used) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET used = excluded.used RETURNING id",
                *(write.room, write.message.room, self._now),
            ).fetchone()
            self._rooms[write.room] = found[0]
        return self._rooms[write.room]

    def _save_room(self, room: SaveRoom) -> None:
        self._execute(
            "INSERT INTO rooms (key, shown, topic, lock, founder, used) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET shown = excluded.shown, topic = excluded.topic,"
            " lock = excluded.lock, founder = excluded.founder, used = excluded.used",
            *(room.key, room.shown, room.topic, room.lock, room.founder, self._now),
        )

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, [_encodable(value) for value in values])


def read_page(
    connection: sqlite3.Connection,
    room: str,
    before: int,
    count: int,
    unheard: frozenset[str] = frozenset(),
) -> Answer:
    """Return up to `count` messages of `room` before the id `before`; 0 means the newest.

    Messages of the senders `unheard` do not count; at most `MOST_ROWS` are examined.
    """
    return _heard(connection.execute(_PAGE, (_encodable(room), _highest(before))), count, unheard)


def _highest(before: int) -> int:
    return max(0, min(before, HIGHEST_ID)) if before else HIGHEST_ID


def _heard(cursor: sqlite3.Cursor, count: int, unheard: frozenset[str]) -> Answer:
    """Return up to `count` of the wanted messages in the rows of `cursor`, the newest first."""
    found: list[Any] = []
    looked = last = 0
    with contextlib.closing(cursor):  # the rest of the rows is not read
        for row in cursor:
            if len(found) == max(0, count):
                return Answer(tuple(messages_of(reversed(found))), more=True)
            looked, last = looked + 1, row[0]
            if not (unheard and fold(row[2]) in unheard):
                found.append(row)
    more = looked == MOST_ROWS
    return Answer(tuple(messages_of(reversed(found))), more, next=last if more and not found else 0)


def read_matches(
    connection: sqlite3.Connection,
    room: str,
    query: str,
    count: int,
    before: int = 0,
    unheard: frozenset[str] = frozenset(),
) -> Answer:
    """Return up to `count` of the newest messages of `room` that have all words of `query`.

    Only those before the id `before`, unless it is 0; those of the senders `unheard` are neither
    shown nor counted.  At most `MOST_ROWS` of the room are examined, and `MOST_COUNTED` of all
    rooms are counted.
    """
    expression = match_expression(query)
    if not expression:
        return Answer()
    key = _encodable(room)
    cursor = connection.execute(_SEARCH, (expression, key, _highest(before)))
    answer = _heard(cursor, count, unheard)
    counts = connection.execute(_COUNT, (key, expression)).fetchall()
    total = sum(many for here, sender, many in counts if here and fold(sender) not in unheard)
    counted = sum(many for _, _, many in counts) < MOST_COUNTED
    return replace(answer, total=total, counted=counted)


def read_all(
    connection: sqlite3.Connection, recent: int, most_rooms: int, now: float
) -> Remembered:
    """Return what a server needs at its start."""
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'messages'").fetchone()
    rows = connection.execute(_ROOMS, (most_rooms,)).fetchall()
    rooms = [SaveRoom(*row[:-1]) for row in rows]
    sanctions = connection.execute(
        "SELECT kind, subject, until, operator, reason FROM sanctions"
        " WHERE until IS NULL OR until > ? LIMIT ?",
        (now, MOST_SANCTIONS),
    ).fetchall()
    return Remembered(
        last_id=last[0] if last else 0,
        rooms=tuple(
            (room, read_page(connection, room.key, 0, recent).messages if recent > 0 else ())
            for room in rooms
        ),
        sanctions=tuple(SaveSanction(*row) for row in sanctions),
        used={row[0]: row[-1] for row in rows},
        waiting=tuple(AddWaiting(*row) for row in connection.execute(_WAITING, (MOST_WAITING,))),
    )


def last_time(connection: sqlite3.Connection) -> float:
    """Return the time of the last sweep, in seconds since the epoch; 0 if there was none."""
    rows = connection.execute("SELECT max(time) FROM upkeep").fetchone()
    return min(max(0.0, float(rows[0] or 0.0)), LATEST)


def messages_of(rows: Iterable[Sequence[Any]]) -> Iterable[Message]:
    """Iterate over the messages in rows of `COLUMNS`, without those of an unknown kind."""
    for number, kind, sender, text, at, room in rows:
        if kind in _SPOKEN:  # otherwise another program, perhaps a later version, wrote it
            when = min(max(0.0, at), LATEST)
            yield Message(_SPOKEN[kind], text, sender, room=room, at=when, id=number)


def _digest(nonce: str) -> bytes | None:
    """Return a digest of `nonce`, short for any length."""
    if not nonce:
        return None
    return hashlib.blake2b(nonce.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _encodable(value: object) -> object:
    # A lone surrogate, which JSON can spell, or a NUL must not cause an error or cut other words.
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", " ")
    return value
