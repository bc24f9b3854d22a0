"""The operators: a file of names and password hashes.

Rule of this file: read and write accounts.  One line each: the name, a space, the hash; empty lines
and lines that begin with # are ignored.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .names import Name, Refused, check_name, fold
from .passwords import PasswordHash

log = logging.getLogger("chatroom")

LONGEST_NAME = 64
"""Longest name of an account, in characters; it need not be a name used in the room."""


class BadOperators(ValueError):
    """The file is invalid; the text says where, and quotes nothing but names."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account of one operator."""

    name: Name
    password: PasswordHash


class Operators:
    """The operators' accounts.

    Args:
        path: The file; if it is absent, there are no accounts.  None for no file.

    Raises:
        BadOperators: The file is invalid.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._decoy = PasswordHash.decoy()
        self._accounts: dict[str, Account] = {}
        self.reload()

    @property
    def names(self) -> tuple[Name, ...]:
        """The names of the accounts."""
        return tuple(account.name for account in self._accounts.values())

    def check(self, name: str, password: str) -> bool:
        """Return whether `password` is that of the account `name`.

        Takes a few tenths of a second and 32 MiB, and as long for a name without an account; may be
        called on any thread.
        """
        account = self._accounts.get(fold(name))
        right = (account.password if account else self._decoy).matches(password)
        return right and account is not None

    def reload(self) -> None:
        """Read the file again.

        Raises:
            BadOperators: The file is invalid; the known accounts stay.
            OSError: It cannot be read; the known accounts stay.
        """
        if self._path is not None:
            self._accounts = parse(read(self._path))


def read(path: Path) -> str:
    """Return the text of the file; empty if it is absent.  Warns if other users may read it.

    Raises:
        BadOperators: It is not UTF-8.
        OSError: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                log.warning("Others than its owner may read or write %s: chmod 600 it.", path)
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise BadOperators(f"{path} is no UTF-8 text.") from None


def parse(text: str) -> dict[str, Account]:
    """Return the accounts in `text`, by the keys of their names.

    Raises:
        BadOperators: A line is invalid; the sentence names it.
    """
    accounts: dict[str, Account] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if (account := _parse_line(line, number)) is not None:
            if account.name.key in accounts:
                raise BadOperators(f"Line {number}: {account.name.shown} is there twice.")
            accounts[account.name.key] = account
    return accounts


def with_account(text: str, account: Account) -> str:
    """Return `text` with `account`, which replaces one of the same name."""
    kept = without_account(text, account.name.key)
    separator = "" if not kept or kept.endswith("\n") else "\n"
    return f"{kept}{separator}{account.name.shown} {account.password.encode()}\n"


def without_account(text: str, key: str) -> str:
    """Return `text` without the account whose name has the key `key`; the rest is unchanged."""
    return "\n".join(line for line in text.split("\n") if not _is_of(line, key))


def write(path: Path, text: str) -> None:
    """Replace the file with `text`, atomically and readable by its owner only.

    Raises:
        OSError: It cannot be written; the old file is unchanged.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp() creates it without access for other users.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _parse_line(line: str, number: int) -> Account | None:
    if not line.strip() or line.startswith("#"):
        return None
    raw, _, hashed = line.strip().partition(" ")
    try:
        return Account(check_name(raw, LONGEST_NAME), PasswordHash.parse(hashed))
    except (Refused, ValueError) as error:
        raise BadOperators(f"Line {number}: {str(error).rstrip('.')}.") from None


def _is_of(line: str, key: str) -> bool:
    return fold(line.strip().partition(" ")[0]) == key
