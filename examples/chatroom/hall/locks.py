"""Keys of closed rooms.

Rule of this file: hash a key for storage, and compare a key with a hash.

A fast hash is enough here, unlike for passwords: the room's messages, which the key protects, are
stored unencrypted in the same file.  The key is hashed so that a reader of the file does not learn
a key that is used elsewhere as well, and salted so that equal keys have different hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from ..people.names import Refused

LEAST_KEY = 4
"""Shortest key, in characters."""
MOST_KEY = 100
"""Longest key, in characters."""


def make_lock(key: str) -> str:
    """Return the salted hash of `key` for the store.

    Raises:
        Refused: The key is too short, too long, or contains white space.
    """
    if not LEAST_KEY <= len(key) <= MOST_KEY or any(char.isspace() for char in key):
        raise Refused(f"A key is one word of {LEAST_KEY} to {MOST_KEY} characters.")
    salt = secrets.token_hex(16)
    return f"{salt}${_digest(salt, key)}"


def lock_matches(hashed: str, key: str) -> bool:
    """Return whether `hashed` was made from `key`; False if `hashed` is not a valid hash."""
    salt, _, digest = hashed.partition("$")
    return hmac.compare_digest(digest.encode(), _digest(salt, key).encode())


def _digest(salt: str, key: str) -> str:
    plain = unicodedata.normalize("NFC", f"{salt}${key}")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
