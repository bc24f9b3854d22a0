"""Errors of a file, in words for people.

Rule of this file: convert SQLite's result codes to half a sentence; errors are handled elsewhere.
"""

from __future__ import annotations

import logging
import sqlite3

log = logging.getLogger("chatroom")

_PRIMARY = 0xFF  # the lowest byte of an extended result code is its primary code

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program has it locked",
    sqlite3.SQLITE_LOCKED: "another program has it locked",
    sqlite3.SQLITE_READONLY: "it may be read only",
    sqlite3.SQLITE_PERM: "there is no permission",
    sqlite3.SQLITE_AUTH: "there is no permission",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "its file is damaged",
    sqlite3.SQLITE_NOTADB: "its file is no database",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_INTERRUPT: "it took too long",
    sqlite3.SQLITE_NOMEM: "there is too little memory",
}


class StoreError(Exception):
    """The history cannot be opened; the text is one sentence that says why."""


class Clash(Exception):
    """Another program wrote different data where the server was about to write."""


def describe(error: Exception) -> str:
    """Return half a sentence on `error`; an unexpected one is logged as well."""
    if isinstance(error, Clash):
        return str(error)
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        words = _WORDS.get(code) or _WORDS.get(code & _PRIMARY)
        if words is not None:
            return words
    log.error("The history ran into an error of its own.", exc_info=error)
    return "there is an error in the server, and its log has more"
