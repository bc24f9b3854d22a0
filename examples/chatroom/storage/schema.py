"""The tables of the history, and the upgrades from older formats.

Rule of this file: SQL statements; they are run elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

APPLICATION_ID = 0x6D6C6372  # "mlcr": miniloop's chat room
VERSION = 3

AGE = "coalesce(stored, at)"
"""The time from which a message's age counts: `at`, unless the machine's clock was wrong."""

_WAITING = """CREATE TABLE waiting (
        id INTEGER PRIMARY KEY,           -- their order
        nonce TEXT NOT NULL UNIQUE,
        text TEXT NOT NULL                -- JSON, as it goes to the other servers
    ) STRICT"""

UPGRADES = {
    1: (
        "ALTER TABLE messages ADD COLUMN stored REAL",
        "DROP INDEX messages_at",
        f"CREATE INDEX messages_age ON messages ({AGE})",
        "ALTER TABLE upkeep ADD COLUMN time REAL NOT NULL DEFAULT 0",
        # At most the present time: the newest message's time may come from a clock that was ahead.
        """UPDATE upkeep SET time = coalesce((SELECT min(at, CAST(strftime('%s', 'now') AS REAL))
            FROM messages ORDER BY id DESC LIMIT 1), 0)""",
        "PRAGMA user_version = 2",
    ),
    2: (_WAITING, "PRAGMA user_version = 3"),
}
"""The upgrades from each format to the next; a step takes at most as long as making an index."""

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
    _WAITING,
    # The texts are in `messages` alone; triggers keep the index in step with every write.
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


def changes(version: int) -> Iterator[str]:
    """Iterate over the statements that upgrade the format `version`, 0 for an empty file."""
    if not version:
        yield from SCHEMA
        return
    for each in range(version, VERSION):
        yield from UPGRADES[each]
