"""Who holds which token.

Rule of this file: secrets; none of them is kept, compared or logged by us as it is.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Generic, TypeVar

T = TypeVar("T")

_ENTROPY = 24  # bytes


class Tokens(Generic[T]):
    """Gives out tokens, and finds what they stand for.

    Looked up by hash: how long that takes tells nothing about how much of a guess was right.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, T] = {}

    def __len__(self) -> int:
        """Return how many are out."""
        return len(self._known)

    def give(self, holder: T, token: str = "") -> str:
        """Let `token`, a new one unless given, stand for `holder`, and return it."""
        token = token or new_token()
        self._known[_digest(token)] = holder
        return token

    def find(self, token: str) -> T | None:
        """Return whom `token` was given to, as long as it was not taken back."""
        return self._known.get(_digest(token))

    def take_back(self, token: str) -> None:
        """Make `token` worthless; again is harmless."""
        self._known.pop(_digest(token), None)

    def holders(self) -> list[T]:
        """Return all who hold one."""
        return list(self._known.values())


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(_ENTROPY)


def proof_of(token: str) -> str:
    """Return what shows to others that one has `token`, and does not give it away.

    Empty for an empty one.
    """
    return hashlib.sha256(b"proof:" + token.encode("utf-8", "replace")).hexdigest() if token else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
