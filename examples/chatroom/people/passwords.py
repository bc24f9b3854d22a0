"""Passwords as they may be stored: scrypt hashes.

Rule of this file: hash a password, and compare one with a hash.  A password is never kept, never
shown, and never part of an exception's text.
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
"""Longest password, in characters: it must fit into one line together with the command."""

_SALT = 16
_DIGEST = 32
_MIB = 2**20
_MOST_MEMORY = 256 * _MIB
_FORM = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([0-9a-f]{32})\$([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """The hash of one password, with its parameters.

    The default cost is one of the minimum settings in OWASP's Password Storage Cheat Sheet, the one
    with the least memory: 32 MiB, and a few tenths of a second.

    Attributes:
        salt: 16 random bytes, so that equal passwords have different hashes.
        digest: The result of scrypt for password and salt, 32 bytes.
        log_n: The binary logarithm of scrypt's n: memory and time.
        r: Scrypt's block size.
        p: Scrypt's number of passes.
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
        """Return a hash that matches no password, for the comparison when there is no account."""
        return cls(secrets.token_bytes(_SALT), secrets.token_bytes(_DIGEST))

    @classmethod
    def parse(cls, text: str) -> PasswordHash:
        """Return the hash that `encode` wrote as `text`.

        Raises:
            ValueError: It is not a hash, or its cost is out of bounds; the text is not quoted.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("the password's hash is damaged")
        log_n, r, p = (int(found[at]) for at in (1, 2, 3))
        # A low cost gives no protection; a high cost lets one log-in take all memory.
        if not (
            14 <= log_n <= 20 and r >= 1 and 1 <= p <= 8 and (128 << log_n) * r <= _MOST_MEMORY
        ):
            raise ValueError("the cost of the password's hash is out of bounds")
        return cls(bytes.fromhex(found[4]), bytes.fromhex(found[5]), log_n, r, p)

    def encode(self) -> str:
        """Return the hash as one word for a file."""
        return f"scrypt${self.log_n}${self.r}${self.p}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, password: str) -> bool:
        """Return whether it is that of `password`; slow on purpose, so not on the loop's thread."""
        return hmac.compare_digest(self.digest, self._scrypt(password))

    def _scrypt(self, password: str) -> bytes:
        return hashlib.scrypt(
            # One keyboard sends "ü" as one character, another as two; and a door cleans its input:
            # several spaces become one.
            unicodedata.normalize("NFC", clean(password)).encode("utf-8", "surrogatepass"),
            salt=self.salt,
            n=1 << self.log_n,
            r=self.r,
            p=self.p,
            maxmem=(128 << self.log_n) * self.r + 2 * _MIB,
            dklen=_DIGEST,
        )


def complaint(password: str) -> str:
    """Return the problem with a new password, as a sentence; empty if it is acceptable."""
    if len(password) < LEAST:
        return f"That password is too short: {LEAST} characters at least."
    if len(password) > MOST:
        return f"That password is too long: {MOST} characters at most."
    if not password.isprintable() or password != password.strip():
        return "A password is made of printable characters, without spaces around it."
    return ""
