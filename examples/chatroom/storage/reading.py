"""Access to a history for programs other than the server, with or without a running server.

Rule of this file: change nothing in the history; a read transaction covers at most a thousand
messages, so that a running server can truncate its log.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..hall.messages import Message
from .history_rows import COLUMNS, messages_of
from .problems import StoreError, describe
from .schema import APPLICATION_ID, VERSION

PIECE = 1000  # messages
FOREVER = float("inf")
_PIECE = f"""SELECT {COLUMNS} FROM rooms r JOIN messages m ON m.room = r.id
    WHERE r.key = ? AND m.id > ? AND m.at >= ? AND m.at < ? ORDER BY m.id LIMIT {PIECE}"""


class Reading:
    """A history that is open for reading; see `reading()`.

    Args:
        connection: The database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rooms(self) -> list[str]:
        """Return the shown names of all rooms."""
        found = self._connection.execute("SELECT shown FROM rooms ORDER BY key")
        return [row[0] for row in found]

    def messages(self, room: str, since: float = 0.0, until: float = FOREVER) -> Iterator[Message]:
        """Iterate over the messages of a room, the oldest first.

        Args:
            room: The room's key.
            since: Only messages from this time on, in seconds since the epoch.
            until: Only messages before this time.
        """
        last = 0
        while rows := self._connection.execute(_PIECE, (room, last, since, until)).fetchall():
            last = rows[-1][0]
            yield from messages_of(rows)

    def copy_to(self, path: Path) -> None:
        """Copy all of it to a new file for this user alone; a server may write at the same time.

        Raises:
            OSError: The file exists already, or cannot be created.
            sqlite3.Error: It cannot be written; the incomplete file is removed.
        """
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with contextlib.closing(sqlite3.connect(path)) as copy:
                self._connection.backup(copy)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Reading]:
    """Open the history in `path` for reading.

    Raises:
        StoreError: It is not a history, or has another format; or an error occurs while it is read
            or copied.
    """
    if not path.is_file():
        raise StoreError(f"There is no history in {path}.")
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.text_factory = _text
            connection.execute("PRAGMA query_only = ON")
            _check(connection, path)
            yield Reading(connection)
    except sqlite3.Error as error:
        why = describe(error)
        raise StoreError(f"The history in {path} cannot be read or copied: {why}.") from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is no history of a chat room.")
    if not 1 <= version <= VERSION:
        raise StoreError(
            f"The history in {path} is of format {version}; this chat room knows {VERSION}."
        )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
