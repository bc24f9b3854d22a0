"""Which server of a Redis Cluster has a key.  No I/O.

A key belongs to one of 16,384 slots; if it contains ``{tag}``, the tag alone decides, so keys with
the same tag lie together.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass, replace
from typing import Any

from examples.redis.address import Address
from examples.redis.command import Word
from examples.redis.replies import ProtocolError

SLOTS = 16384
MOST_RANGES = 4096
"""Ranges of slots that are taken from a server; a cluster that was moved about has hundreds."""

MOST_MASTERS = 100
LONGEST_HOST = 255


def slot_of(key: Word) -> int:
    """Return the slot of a key."""
    data = bytes(key) if isinstance(key, bytes | memoryview) else str(key).encode()
    start = data.find(b"{")
    end = data.find(b"}", start + 1)
    if start >= 0 and end > start + 1:
        data = data[start + 1 : end]
    return crc_hqx(data, 0) % SLOTS


@dataclass(frozen=True)
class Range:
    """Slots that lie together on one master, the last one included."""

    first: int
    last: int
    master: Address


@dataclass(frozen=True)
class SlotMap:
    """Which master has which slots."""

    ranges: tuple[Range, ...]

    def master(self, key: Word) -> Address | None:
        """Return the server that has the key; None: none has its slot."""
        slot = slot_of(key)
        return next((each.master for each in self.ranges if each.first <= slot <= each.last), None)

    @property
    def masters(self) -> tuple[Address, ...]:
        """All masters that have slots."""
        return tuple(dict.fromkeys(each.master for each in self.ranges))

    @property
    def whole(self) -> bool:
        """Whether each slot has a master."""
        free = 0
        for each in sorted(self.ranges, key=lambda each: each.first):
            if each.first > free:
                return False
            free = max(free, each.last + 1)
        return free == SLOTS


def parse_slots(reply: Any, asked: Address) -> SlotMap:
    """Return what ``CLUSTER SLOTS`` says.

    Args:
        reply: the answer.
        asked: the server that gave it; the others have the same user, password and TLS.

    Raises:
        ProtocolError: it makes no sense, or exceeds a bound.
    """
    if not isinstance(reply, list) or len(reply) > MOST_RANGES:
        raise ProtocolError("CLUSTER SLOTS: no list, or too long a one")
    found = SlotMap(tuple(_parse_range(each, asked) for each in reply))
    if len(found.masters) > MOST_MASTERS:
        raise ProtocolError(f"CLUSTER SLOTS: more than {MOST_MASTERS} masters")
    return found


def _parse_range(item: Any, asked: Address) -> Range:
    match item:
        case [int(first), int(last), [host, int(port), *_], *_] if 0 <= first <= last < SLOTS:
            return Range(first, last, _address(host, port, asked))
    raise ProtocolError("CLUSTER SLOTS: no range of slots")


@dataclass(frozen=True)
class Redirect:
    """Where a command has to go.

    Attributes:
        address: the server.
        once: this command only (``ASK``), while the slot moves there; else from now on.
    """

    address: Address
    once: bool


def parse_redirect(error: Any, asked: Address) -> Redirect | None:
    """Return what ``MOVED 3999 host:port`` or ``ASK ...`` says; None: it is another error.

    Raises:
        ProtocolError: it makes no sense.
    """
    code, *words = str(error).split(" ")
    if code not in ("MOVED", "ASK"):
        return None
    host, colon, port = words[1].rpartition(":") if len(words) == 2 else ("", "", "")
    if not (colon and port.isascii() and port.isdigit() and len(port) <= 5):
        raise ProtocolError(f"{code} without a server")
    return Redirect(_address(host, int(port), asked), code == "ASK")


def _address(host: Any, port: int, asked: Address) -> Address:
    """Return the address that a server gave; without a host it is the one that was asked."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""
    if not isinstance(name, str) or len(name) > LONGEST_HOST or not name.isprintable():
        raise ProtocolError("the name of a server makes no sense")
    if " " in name or not name.isascii() or not 0 < port < 65536:
        raise ProtocolError("the address of a server makes no sense")
    return replace(asked, host=name if name not in ("", "?") else asked.host, port=port)
