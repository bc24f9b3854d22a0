"""The history's file: creating, recognising and locking it.

Rule of this file: from a path to an open database in the right format, or to one sentence.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from .problems import StoreError, describe
from .schema import APPLICATION_ID, VERSION, changes

BUSY_TIMEOUT = 1.0
"""Seconds to wait for another program's lock, such as the sqlite3 shell's, before giving up."""

SHORT_WAIT = 100
"""Milliseconds that the reader waits for other readers, while the writer waits for it."""

LONGEST_LOG = 4_194_304
"""Most bytes of the write-ahead log; beyond that it is copied into the database."""

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


class HistoryFile:
    """An open history, which no other server can open at the same time.

    Args:
        path: The file; it and its folder are created if they are missing, for this user alone.

    Raises:
        StoreError: It cannot be opened, is not a history, or another server has it.

    Attributes:
        path: The path without symbolic links.
        sides: The identities of its log and its shared memory; see `identity()`.
        closed: Whether it has been closed.
        connection: The database, in autocommit mode; for one thread at a time.
        reader: A second connection, for reading only: with a write-ahead log neither waits for the
            other, so it may be used on a thread of its own.
    """

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise StoreError(f"The history needs SQLite {oldest}, not {sqlite3.sqlite_version}.")
        with contextlib.ExitStack() as undo:
            try:
                path = path.resolve()  # two names of one file must lead to one lock
                for each in (path, _side(path)):  # SQLite would use the umask's permissions
                    make_file(each)
                self._claim = undo.enter_context(contextlib.closing(_claim(path)))
                self.connection = undo.enter_context(contextlib.closing(_connect(path)))
                _prepare(self.connection)
                self.reader = undo.enter_context(contextlib.closing(_connect(path)))
                self.reader.text_factory = _text
                self.reader.execute("PRAGMA query_only = ON")
                self.reader.execute("PRAGMA checkpoint_fullfsync = ON")
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
        """Return whether the open file is still the one at its path."""
        try:
            return identity(self.path) == self._known
        except OSError:  # not accessible: that proves nothing
            return True

    def shorten_log(self) -> None:
        """Truncate the write-ahead log if it is too long; by the reader, between two queries.

        The writer tries this after each commit, without success while a query runs: with constant
        queries the log would grow for ever.  At this point no query runs.
        """
        if _size(Path(f"{self.path}-wal")) <= LONGEST_LOG:
            return
        with contextlib.suppress(sqlite3.Error):  # the next query tries again
            # Most of it while the writer continues; the rest, for which it has to wait, is short.
            self.reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self.reader.execute(f"PRAGMA busy_timeout = {SHORT_WAIT}")
            self.reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.reader.execute(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT * 1000)}")

    def close(self) -> None:
        """Close the file, then release the lock; safe to call again.

        Closing the last connection makes SQLite copy the log (WAL) into the database.
        """
        self.closed = True
        self.reader.close()
        self.connection.close()
        self._claim.close()


def identity(path: Path) -> tuple[int, int] | None:
    """Return the identity of the file at `path`, equal for all its names; None if there is no file.

    Raises:
        OSError: The file cannot be examined.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def make_file(path: Path) -> None:
    """Create an empty file and its folder, for this user alone; an existing file stays.

    Raises:
        OSError: They cannot be created.
    """
    with contextlib.suppress(FileExistsError):
        make_new_file(path)


def make_new_file(path: Path) -> None:
    """Create an empty file and its folder, for this user alone.

    Raises:
        OSError: They cannot be created, or the path exists, for instance as a link.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in a transaction, which is rolled back if the block raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors have rolled back already
            connection.execute("ROLLBACK")
        raise


class _Unfit(Exception):
    """The file exists but cannot be used by this server; the text says why."""


def _refusal(path: Path, why: str) -> StoreError:
    return StoreError(f"The history in {path} cannot be used: {why}.")


def _side(path: Path) -> Path:
    return path.with_name(path.name + "-server")


def _claim(path: Path) -> sqlite3.Connection:
    """Return a lock that excludes other servers until it is closed or the process ends.

    An exclusive lock on an empty database beside the real one: on the real one it would exclude the
    sqlite3 shell as well.  SQLite's locks are the kernel's, so SIGKILL leaves none behind, and
    unlike flock they work in the same way on all systems.
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
    """Check the format, create what is missing, and set the pragmas."""
    version = _version(connection)
    connection.text_factory = _text
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # effective before the first table only
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise _Unfit("its place allows no write-ahead log")
    for setting in (
        "synchronous = FULL",  # a commit returns when the data is on the disk
        "fullfsync = ON",  # on macOS, where fsync() alone does not guarantee that
        "checkpoint_fullfsync = ON",
        "foreign_keys = ON",
        f"journal_size_limit = {LONGEST_LOG}",  # what it may keep for reuse
    ):
        connection.execute(f"PRAGMA {setting}")
    with transaction(connection):  # also fails now, and not later, if the file is read-only
        for statement in changes(version):
            connection.execute(statement)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _text(data: bytes) -> str:
    # Its content is not trusted: another program may have written it.
    return data.decode("utf-8", "replace")


def _version(connection: sqlite3.Connection) -> int:
    """Return its format, 0 if it is empty; refuse an unknown file or format."""
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
