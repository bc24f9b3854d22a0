"""The tokens of seats.

Rule of this file: secrets; tokens are kept and compared as hashes only, and are never logged.

A token is valid until the next one has arrived.  Each return to a seat issues a new one, so that a
token that was read from a disk or intercepted is soon worthless. But the answer with the new token
can be lost, and then the browser has only the previous one.  So the two latest are valid, and the
older one becomes invalid when a request arrives after the newer one (`settle`).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Generic, TypeVar

T = TypeVar("T")

_ENTROPY = 24  # bytes


class Tokens(Generic[T]):
    """Issues tokens and finds their holders.

    Lookup is by hash: its duration does not reveal how much of a guess was right.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, T] = {}
        self._of: dict[T, list[bytes]] = {}  # the latest last

    def __len__(self) -> int:
        """Return the number of holders."""
        return len(self._of)

    def give(self, holder: T, shown: str = "", token: str = "") -> str:
        """Return a new token for `holder`; of its other tokens only `shown` stays valid.

        Args:
            holder: The holder.
            shown: The token that `holder` has presented last, which it may present again.
            token: The new token, if it was made before with `new_token()`.
        """
        token = token or new_token()
        digest, before = _digest(token), _digest(shown)
        self._keep(holder, [each for each in self._of.get(holder, []) if each == before])
        self._known[digest] = holder
        self._of[holder].append(digest)
        return token

    def find(self, token: str) -> T | None:
        """Return the holder of `token`, as long as it is valid."""
        return self._known.get(_digest(token))

    def settle(self, holder: T) -> bool:
        """Invalidate older tokens of `holder`: the latest one has arrived.

        Returns:
            Whether there was an older one.
        """
        older = len(self._of.get(holder, [])) > 1
        if older:
            self._keep(holder, self._of[holder][-1:])
        return older

    def take_back(self, holder: T) -> None:
        """Invalidate the tokens of `holder`; safe to call again."""
        for digest in self._of.pop(holder, []):
            del self._known[digest]

    def holders(self) -> list[T]:
        """Return all holders."""
        return list(self._of)

    def _keep(self, holder: T, kept: list[bytes]) -> None:
        for digest in self._of.get(holder, []):
            if digest not in kept:
                del self._known[digest]
        self._of[holder] = kept


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(_ENTROPY)


def proof_of(token: str) -> str:
    """Return a digest that proves possession of `token` without revealing it.

    Empty for an empty token.
    """
    return hashlib.sha256(b"proof:" + token.encode("utf-8", "replace")).hexdigest() if token else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
