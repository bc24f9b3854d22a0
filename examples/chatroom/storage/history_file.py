"""The file of the history: making it, knowing it again, and having it for oneself.

Rule of this file: from a path to an open database of the right shape, or to one sentence.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from .problems import StoreError, describe

APPLICATION_ID = 0x6D6C6372  # "mlcr": miniloop's chat room
VERSION = 2
BUSY_TIMEOUT = 1.0
"""Seconds to wait for another program's lock, such as the sqlite3 shell's, before giving up."""

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables

AGE = "coalesce(stored, at)"
"""The time from which a message's age counts: `at`, unless the machine's clock was wrong."""

UPGRADES = {
    1: (
        "ALTER TABLE messages ADD COLUMN stored REAL",
        "DROP INDEX messages_at",
        f"CREATE INDEX messages_age ON messages ({AGE})",
        "ALTER TABLE upkeep ADD COLUMN time REAL NOT NULL DEFAULT 0",
        # No later than now: the newest message may have been said by a clock that was ahead.
        """UPDATE upkeep SET time = coalesce((SELECT min(at, CAST(strftime('%s', 'now') AS REAL))
            FROM messages ORDER BY id DESC LIMIT 1), 0)""",
        "PRAGMA user_version = 2",
    )
}
"""What makes of each older format the next one; each step takes no longer than an index does."""

SCHEMA = (
    """CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        shown TEXT NOT NULL,
        topic TEXT NOT NULL DEFAULT '',
        lock TEXT NOT NULL DEFAULT '',
        founder TEXT NOT NULL DEFAULT '',
        used REAL NOT NULL                -- seconds since the epoch: last saved, or spoken in
    ) STRICT""",
    # AUTOINCREMENT: sqlite_sequence remembers the highest id even when its message is gone.
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        sender TEXT NOT NULL,
        text TEXT NOT NULL,
        spaced TEXT NOT NULL DEFAULT '',  -- for scripts without spaces; see search_query.py
        at REAL NOT NULL,                 -- seconds since the epoch
        nonce BLOB,                       -- a digest; NULL where the sender promised nothing
        stored REAL                       -- the steady clock's time, where `at` was far from it
    ) STRICT""",
    "CREATE INDEX messages_room ON messages (room)",  # and, as every index, by id within
    f"CREATE INDEX messages_age ON messages ({AGE})",
    "CREATE UNIQUE INDEX messages_nonce ON messages (nonce) WHERE nonce IS NOT NULL",
    """CREATE TABLE sanctions (
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        until REAL,                       -- seconds since the epoch; NULL: for ever
        operator TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (kind, subject)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE upkeep (
        removed INTEGER NOT NULL,         -- messages, since the index of words was tidied up
        time REAL NOT NULL DEFAULT 0      -- by the steady clock, at the last sweep; see clock.py
    ) STRICT""",
    "INSERT INTO upkeep VALUES (0, 0)",
    # The texts stand in `messages` alone; triggers keep the index true to them, whoever writes.
    """CREATE VIRTUAL TABLE words USING fts5 (
        sender, text, spaced, content='messages', content_rowid='id', prefix='2 3',
        tokenize='unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
        INSERT INTO words (rowid, sender, text, spaced)
        VALUES (new.id, new.sender, new.text, new.spaced);
    END""",
    """CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
        INSERT INTO words (words, rowid, sender, text, spaced)
        VALUES ('delete', old.id, old.sender, old.text, old.spaced);
        UPDATE upkeep SET removed = removed + 1;
    END""",
    """CREATE TRIGGER messages_changed AFTER UPDATE ON messages BEGIN
        INSERT INTO words (words, rowid, sender, text, spaced)
        VALUES ('delete', old.id, old.sender, old.text, old.spaced);
        INSERT INTO words (rowid, sender, text, spaced)
        VALUES (new.id, new.sender, new.text, new.spaced);
    END""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


class HistoryFile:
    """An open history, which no other server can open meanwhile.

    Args:
        path: Where it is; it and its folder are made if they are missing, for this user alone.

    Raises:
        StoreError: It cannot be opened, is none, or another server has it.

    Attributes:
        path: Where it is, without links.
        sides: Which files its log and its shared memory are; see `identity()`.
        closed: Whether it has been closed.
        connection: The database, in autocommit mode; for one thread at a time.
        reader: The database once more, for looking only: with a write-ahead log neither waits
            for the other, so it may be used on a thread of its own.
    """

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise StoreError(f"The history needs SQLite {oldest}, not {sqlite3.sqlite_version}.")
        with contextlib.ExitStack() as undo:
            try:
                path = path.resolve()  # two names of one file must come to one lock
                for each in (path, _side(path)):  # SQLite would with the rights of the umask
                    make_file(each)
                self._claim = undo.enter_context(contextlib.closing(_claim(path)))
                self.connection = undo.enter_context(contextlib.closing(_connect(path)))
                _prepare(self.connection)
                self.reader = undo.enter_context(contextlib.closing(_connect(path)))
                self.reader.text_factory = _text
                self.reader.execute("PRAGMA query_only = ON")
                self._known = identity(path)
            except OSError as error:
                raise _refusal(path, str(error.strerror or error)) from error
            except sqlite3.Error as error:
                raise _refusal(path, describe(error)) from error
            except _Unfit as error:
                raise _refusal(path, str(error)) from error
            undo.pop_all()
        self.path = path
        self.sides = {side: identity(Path(f"{path}{side}")) for side in ("-wal", "-shm")}
        self.closed = False

    def in_place(self) -> bool:
        """Say whether the file that is open is still the one at its path."""
        try:
            return identity(self.path) == self._known
        except OSError:  # it cannot be looked at: that says nothing
            return True

    def close(self) -> None:
        """Close it, then let others have it; again is harmless.

        Closing the last connection makes SQLite copy the log (WAL) into the database.
        """
        self.closed = True
        self.reader.close()
        self.connection.close()
        self._claim.close()


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from all others, whatever their names; None: none is.

    Raises:
        OSError: It cannot be found out.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def make_file(path: Path) -> None:
    """Make an empty file and its folder, for this user alone; one that is there stays.

    Raises:
        OSError: They cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block, or, when it raises, none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors have rolled back already
            connection.execute("ROLLBACK")
        raise


class _Unfit(Exception):
    """The file is there, and is not for this server; the text says why."""


def _refusal(path: Path, why: str) -> StoreError:
    return StoreError(f"The history in {path} cannot be used: {why}.")


def _side(path: Path) -> Path:
    return path.with_name(path.name + "-server")


def _claim(path: Path) -> sqlite3.Connection:
    """Return what keeps other servers out until it is closed, or the process ends, however.

    An exclusive lock on an empty database beside the real one: on the real one it would shut out
    the sqlite3 shell as well.  SQLite's locks are the kernel's, so SIGKILL leaves none behind,
    and they are the same on all systems, which flock is not.
    """
    claim = sqlite3.connect(_side(path), timeout=0, isolation_level=None, check_same_thread=False)
    try:
        claim.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        claim.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise _Unfit("another chat server uses it") from error
        raise
    return claim


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )


def _prepare(connection: sqlite3.Connection) -> None:
    """Look at what it is, make what is missing, and set how it is used."""
    version = _version(connection)
    connection.text_factory = _text
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts before the first table only
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise _Unfit("its place allows no write-ahead log")
    for setting in (
        "synchronous = FULL",  # a commit returns when the disk has it
        "fullfsync = ON",  # on macOS, where fsync() alone does not promise that
        "checkpoint_fullfsync = ON",
        "foreign_keys = ON",
        "journal_size_limit = 4194304",  # bytes that the log may keep for reuse
    ):
        connection.execute(f"PRAGMA {setting}")
    with transaction(connection):  # also says now, and not later, if nothing can be written
        for statement in _changes(version):
            connection.execute(statement)


def _text(data: bytes) -> str:
    # It may hold anything, when somebody else wrote it.
    return data.decode("utf-8", "replace")


def _changes(version: int) -> Iterator[str]:
    """Go through the statements that make the newest format of an older one, or of nothing."""
    if not version:
        yield from SCHEMA
        return
    for each in range(version, VERSION):
        yield from UPGRADES[each]


def _version(connection: sqlite3.Connection) -> int:
    """Return its format, 0 if it is empty; refuse what is neither that nor one that we know."""
    application, version, tables = (
        connection.execute(question).fetchone()[0]
        for question in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_schema",
        )
    )
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != APPLICATION_ID:
        raise _Unfit("it is the database of some other program")
    if version > VERSION:
        raise _Unfit(f"a newer chat room made it (format {version}; this one knows {VERSION})")
    if version < 1:
        raise _Unfit(f"its format {version} is unknown")
    return int(version)
