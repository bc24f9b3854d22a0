-- A history as the first format had it, for the tests of upgrades.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    shown TEXT NOT NULL,
    topic TEXT NOT NULL DEFAULT '',
    lock TEXT NOT NULL DEFAULT '',
    founder TEXT NOT NULL DEFAULT '',
    used REAL NOT NULL                -- seconds since the epoch: last saved, or spoken in
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    spaced TEXT NOT NULL DEFAULT '',  -- for scripts without spaces; see search_query.py
    at REAL NOT NULL,                 -- seconds since the epoch
    nonce BLOB                        -- a digest; NULL where the sender promised nothing
) STRICT;
CREATE INDEX messages_room ON messages (room);
CREATE INDEX messages_at ON messages (at);
CREATE UNIQUE INDEX messages_nonce ON messages (nonce) WHERE nonce IS NOT NULL;
CREATE TABLE sanctions (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    until REAL,                       -- seconds since the epoch; NULL: for ever
    operator TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE upkeep (removed INTEGER NOT NULL) STRICT;
INSERT INTO upkeep VALUES (0);
CREATE VIRTUAL TABLE words USING fts5 (
    sender, text, spaced, content='messages', content_rowid='id', prefix='2 3',
    tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO words (rowid, sender, text, spaced)
    VALUES (new.id, new.sender, new.text, new.spaced);
END;
CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    INSERT INTO words (words, rowid, sender, text, spaced)
    VALUES ('delete', old.id, old.sender, old.text, old.spaced);
    UPDATE upkeep SET removed = removed + 1;
END;
CREATE TRIGGER messages_changed AFTER UPDATE ON messages BEGIN
    INSERT INTO words (words, rowid, sender, text, spaced)
    VALUES ('delete', old.id, old.sender, old.text, old.spaced);
    INSERT INTO words (rowid, sender, text, spaced)
    VALUES (new.id, new.sender, new.text, new.spaced);
END;
PRAGMA application_id = 1835819890;
PRAGMA user_version = 1;
