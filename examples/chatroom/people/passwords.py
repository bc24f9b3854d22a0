"""Passwords as they may be stored: scrypt hashes.

Rule of this file: from a password to a hash and back to yes or no.  A password is never kept,
never shown, and in no exception's text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field

from .text import clean

LEAST = 10
"""Shortest password, in characters."""
MOST = 200
"""Longest password, in characters: it must fit into one line with the command before it."""

_SALT = 16
_DIGEST = 32
_MIB = 2**20
_MOST_MEMORY = 256 * _MIB
_FORM = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([0-9a-f]{32})\$([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """One password's hash, with what it was made of.

    The default cost is one of those that OWASP's Password Storage Cheat Sheet names as the
    least, and the one of them that needs the least memory: 32 MiB, and a few tenths of a second.

    Attributes:
        salt: 16 random bytes, so that equal passwords have different hashes.
        digest: What scrypt makes of password and salt, 32 bytes.
        log_n: The binary logarithm of scrypt's n: memory and time.
        r: Scrypt's block size.
        p: How often it is done.
    """

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    log_n: int = 15
    r: int = 8
    p: int = 3

    @classmethod
    def make(cls, password: str) -> PasswordHash:
        """Hash `password` with a new salt and the default cost; slow on purpose."""
        made = cls(secrets.token_bytes(_SALT), b"")
        return cls(made.salt, made._scrypt(password))

    @classmethod
    def decoy(cls) -> PasswordHash:
        """Return a hash that no password has, to compare with where there is no account."""
        return cls(secrets.token_bytes(_SALT), secrets.token_bytes(_DIGEST))

    @classmethod
    def parse(cls, text: str) -> PasswordHash:
        """Return the hash that `encode` has written as `text`.

        Raises:
            ValueError: It is none, or its cost is out of bounds; the text is not repeated.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("the password's hash is damaged")
        log_n, r, p = (int(found[at]) for at in (1, 2, 3))
        # Too cheap is no protection; too dear, and one log-in takes all memory.
        if not (
            14 <= log_n <= 20 and r >= 1 and 1 <= p <= 8 and (128 << log_n) * r <= _MOST_MEMORY
        ):
            raise ValueError("the cost of the password's hash is out of bounds")
        return cls(bytes.fromhex(found[4]), bytes.fromhex(found[5]), log_n, r, p)

    def encode(self) -> str:
        """Return it as one word for a file."""
        return f"scrypt${self.log_n}${self.r}${self.p}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, password: str) -> bool:
        """Say whether it is that of `password`; slow on purpose, so not on the loop's thread."""
        return hmac.compare_digest(self.digest, self._scrypt(password))

    def _scrypt(self, password: str) -> bytes:
        return hashlib.scrypt(
            # One keyboard sends "ü" as one character, another as two; and what comes through a
            # door has been cleaned: of many spaces there is one left.
            unicodedata.normalize("NFC", clean(password)).encode("utf-8", "surrogatepass"),
            salt=self.salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=(128 << self.log_n) * self.r + 2 * _MIB,
            dklen=_DIGEST,
        )


def complaint(password: str) -> str:
    """Return what is wrong with a new password, as a sentence; empty if it will do."""
    if len(password) < LEAST:
        return f"That password is too short: {LEAST} characters at least."
    if len(password) > MOST:
        return f"That password is too long: {MOST} characters at most."
    if not password.isprintable() or password != password.strip():
        return "A password is made of printable characters, without spaces around it."
    return ""
