"""Keys of closed rooms.

Rule of this file: from a key to what may be stored of it, and back to yes or no.

A fast hash will do here, unlike for passwords: what the key protects, the room's messages, lies
readable beside the hash in the same file.  It is hashed so that nobody who sees the file learns
a key that somebody also uses elsewhere, and salted so that equal keys do not show.
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
    """Return the salted hash of `key`, to be stored.

    Raises:
        Refused: The key is too short, too long, or has white space in it.
    """
    if not LEAST_KEY <= len(key) <= MOST_KEY or any(char.isspace() for char in key):
        raise Refused(f"A key is one word of {LEAST_KEY} to {MOST_KEY} characters.")
    salt = secrets.token_hex(16)
    return f"{salt}${_digest(salt, key)}"


def lock_matches(hashed: str, key: str) -> bool:
    """Say whether `hashed` was made of `key`; what is no hash at all matches nothing."""
    salt, _, digest = hashed.partition("$")
    return hmac.compare_digest(digest.encode(), _digest(salt, key).encode())


def _digest(salt: str, key: str) -> str:
    plain = unicodedata.normalize("NFC", f"{salt}${key}")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
