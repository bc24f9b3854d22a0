"""Who holds which token.

Rule of this file: secrets; none of them is kept, compared or logged by us as it is.

A token counts until the next one has arrived.  Each return to a seat gives a new one, so that one
which was read from a disk or overheard is soon worthless; but the answer with it can get lost, and
then the browser has only the one before.  So the two latest count, and the older of them ends when
something is asked behind the newer one (`settle`).
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
        self._of: dict[T, list[bytes]] = {}  # the latest last

    def __len__(self) -> int:
        """Return how many hold one."""
        return len(self._of)

    def give(self, holder: T, shown: str = "", token: str = "") -> str:
        """Return a new token for `holder`; of its others only `shown` counts on.

        Args:
            holder: Whose it is.
            shown: The token that `holder` has shown last, which it may show again.
            token: The new one, where it was made before with `new_token()`.
        """
        token = token or new_token()
        digest, before = _digest(token), _digest(shown)
        self._keep(holder, [each for each in self._of.get(holder, []) if each == before])
        self._known[digest] = holder
        self._of[holder].append(digest)
        return token

    def find(self, token: str) -> T | None:
        """Return whom `token` was given to, as long as it counts."""
        return self._known.get(_digest(token))

    def settle(self, holder: T) -> bool:
        """The latest token of `holder` has arrived: an older one is worthless.

        Returns:
            Whether there was an older one.
        """
        older = len(self._of.get(holder, [])) > 1
        if older:
            self._keep(holder, self._of[holder][-1:])
        return older

    def take_back(self, holder: T) -> None:
        """Make the tokens of `holder` worthless; again is harmless."""
        for digest in self._of.pop(holder, []):
            del self._known[digest]

    def holders(self) -> list[T]:
        """Return all who hold one."""
        return list(self._of)

    def _keep(self, holder: T, kept: list[bytes]) -> None:
        for digest in self._of.get(holder, []):
            if digest not in kept:
                del self._known[digest]
        self._of[holder] = kept


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
