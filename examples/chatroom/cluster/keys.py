"""The names of the keys in Redis for feeds and names.

Rule of this file: texts.

A feed's keys share a hash tag, so that one script can change them in a Redis Cluster.  There are
only a few tags, because one blocking `XREAD` reads streams of one slot only: with a tag for each
feed a node would need a connection for each room.
"""

from __future__ import annotations

import re
from binascii import crc32
from dataclasses import dataclass

TAGS = 32
"""Slots over which the feeds of one cluster are spread: the limit of masters that share the work,
and of a node's connections that wait for entries, in a Redis Cluster."""

LONGEST_FEED = 400
"""Characters of a feed's name."""

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one cluster.

    Args:
        prefix: The prefix of all keys, so that two clusters can share an engine.

    Raises:
        ValueError: The prefix is empty, too long or contains other characters.
    """

    prefix: str

    def __post_init__(self) -> None:
        check_word("the prefix of the keys", self.prefix)

    def tag(self, feed: str) -> str:
        """Return the hash tag of `feed`, braces included."""
        return f"{{{self.prefix}:{crc32(feed.encode()) % TAGS}}}"

    def stream(self, feed: str) -> str:
        """Return the key of the entries of `feed`."""
        return f"{self.tag(feed)}:{feed}"

    def state(self, feed: str) -> str:
        """Return the key of the state of `feed`."""
        return f"{self.tag(feed)}:{feed}:state"

    def dedup(self, feed: str, nonce: str) -> str:
        """Return the key that remembers that an entry was added to `feed`."""
        return f"{self.tag(feed)}:{feed}:dedup:{nonce}"

    def name(self, skeleton: str) -> str:
        """Return the key of the owner of a name."""
        return f"{self.prefix}:name:{skeleton}"


def check_word(what: str, text: str) -> None:
    """Check a text that becomes a part of a key.

    Raises:
        ValueError: `text` has other characters than letters, digits, `_`, `.`, `-`, or not 1 to 64.
    """
    if not _WORD.fullmatch(text):
        raise ValueError(f"{what} has to be 1 to 64 letters, digits, _, . or -, not {text!r}")


def check_feed(feed: str) -> None:
    """Check the name of a feed.

    Raises:
        ValueError: It is empty, too long, or contains braces.
    """
    if not feed or len(feed) > LONGEST_FEED or "{" in feed or "}" in feed:
        raise ValueError(f"a feed's name has 1 to {LONGEST_FEED} characters and no braces")
