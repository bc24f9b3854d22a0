"""The data of a Redis server: strings, hashes and streams, and the commands that the cluster uses.

Commands are methods named after them: words in, a reply out; `RedisError` is an error reply.
`tests/integration/test_redis_model.py` compares them with a real server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.examples.chatroom.cluster.resp import RedisError

Id = tuple[int, int]
NODE = 100
"""Entries that trimming with `~` removes together."""


class Stream:
    """A stream.

    Attributes:
        entries: Id and fields, in order.
        last: The highest id that was ever in it.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[Id, list[bytes]]] = []
        self.last: Id = (0, 0)

    def between(self, start: Id, end: Id) -> list[tuple[Id, list[bytes]]]:
        return [each for each in self.entries if start <= each[0] <= end]


class RedisData:
    """All keys.

    Args:
        clock: Returns seconds since the epoch.

    Attributes:
        added: Whether an entry was added to a stream; its reader resets it.
    """

    WRITES = frozenset({"XADD", "HSET", "HDEL", "SET", "DEL", "PEXPIRE", "EVAL", "EVALSHA"})

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.values: dict[bytes, Any] = {}
        self.expiries: dict[bytes, int] = {}  # milliseconds
        self.added = False

    def execute(self, words: list[bytes]) -> Any:
        """Run a command.

        Raises:
            RedisError: It has failed.
        """
        command = getattr(self, "do_" + words[0].decode().lower(), None)
        if command is None:
            raise RedisError(f"ERR unknown command '{words[0].decode()}'")
        try:
            return command(*words[1:])
        except TypeError:
            raise RedisError(f"ERR wrong number of arguments for '{words[0].decode()}'") from None

    @property
    def now(self) -> int:
        """Return milliseconds since the epoch."""
        return int(self.clock() * 1000)

    def find(self, key: bytes, kind: type) -> Any:
        """Return the value of a key; None if it is missing."""
        if self.expiries.get(key, self.now + 1) <= self.now:
            self.values.pop(key, None)
            self.expiries.pop(key, None)
        value = self.values.get(key)
        if value is not None and not isinstance(value, kind):
            raise RedisError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return value

    # -- keys and strings -------------------------------------------------------------------------

    def do_time(self) -> list[bytes]:
        micros = round(self.clock() * 1_000_000)
        return [b"%d" % (micros // 1_000_000), b"%d" % (micros % 1_000_000)]

    def do_get(self, key: bytes) -> bytes | None:
        found: bytes | None = self.find(key, bytes)
        return found

    def do_set(self, key: bytes, value: bytes, *options: bytes) -> str | None:
        names = [option.upper() for option in options]
        if b"NX" in names and self.find(key, object) is not None:
            return None
        self.values[key] = value
        self.expiries.pop(key, None)
        if b"PX" in names:
            self.expiries[key] = self.now + int(options[names.index(b"PX") + 1])
        return "OK"

    def do_del(self, *keys: bytes) -> int:
        found = [key for key in keys if self.find(key, object) is not None]
        for key in found:
            self.values.pop(key, None)
            self.expiries.pop(key, None)
        return len(found)

    def do_exists(self, *keys: bytes) -> int:
        return sum(self.find(key, object) is not None for key in keys)

    def do_pexpire(self, key: bytes, milliseconds: bytes) -> int:
        if self.find(key, object) is None:
            return 0
        self.expiries[key] = self.now + int(milliseconds)
        return 1

    def do_flushall(self) -> str:
        self.values.clear()
        self.expiries.clear()
        return "OK"

    # -- hashes -----------------------------------------------------------------------------------

    def do_hset(self, key: bytes, *pairs: bytes) -> int:
        if not pairs or len(pairs) % 2:
            raise TypeError
        value = self.find(key, dict)
        if value is None:
            value = self.values[key] = {}
        before = len(value)
        value.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(value) - before

    def do_hdel(self, key: bytes, *fields: bytes) -> int:
        value = self.find(key, dict) or {}
        gone = [field for field in fields if value.pop(field, None) is not None]
        if not value:
            self.do_del(key)
        return len(gone)

    def do_hget(self, key: bytes, field: bytes) -> bytes | None:
        found: bytes | None = (self.find(key, dict) or {}).get(field)
        return found

    def do_hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        value = self.find(key, dict) or {}
        return [value.get(field) for field in fields]

    def do_hgetall(self, key: bytes) -> dict[bytes, bytes]:
        return dict(self.find(key, dict) or {})

    def do_hkeys(self, key: bytes) -> list[bytes]:
        return [*(self.find(key, dict) or {})]

    # -- streams ----------------------------------------------------------------------------------

    def do_xadd(self, key: bytes, *words: bytes) -> bytes:
        most, rest = _most(words)
        place, *fields = rest
        if not fields or len(fields) % 2:
            raise TypeError
        stream = self.find(key, Stream) or Stream()
        id_ = self._new_id(place, stream)
        self.values[key] = stream
        stream.entries.append((id_, fields))
        stream.last, self.added = id_, True
        _trim(stream, *most)
        return _shown(id_)

    def _new_id(self, place: bytes, stream: Stream) -> Id:
        if place == b"*":
            last = stream.last
            return (self.now, 0) if self.now > last[0] else (last[0], last[1] + 1)
        id_ = _parse(place, 0)
        if id_ <= stream.last:
            raise RedisError("ERR The ID specified in XADD is equal or smaller than the "
                             "target stream top item")  # fmt: skip
        return id_

    def do_xlen(self, key: bytes) -> int:
        return len((self.find(key, Stream) or Stream()).entries)

    def do_xrange(self, key: bytes, start: bytes, end: bytes, *options: bytes) -> list[Any]:
        found = self._range(key, start, end)
        return [_reply(each) for each in found[: _count(options, len(found))]]

    def do_xrevrange(self, key: bytes, end: bytes, start: bytes, *options: bytes) -> list[Any]:
        found = self._range(key, start, end)[::-1]
        return [_reply(each) for each in found[: _count(options, len(found))]]

    def _range(self, key: bytes, start: bytes, end: bytes) -> list[tuple[Id, list[bytes]]]:
        stream = self.find(key, Stream) or Stream()
        low = (0, 0) if start == b"-" else _parse(start.removeprefix(b"("), 0)
        high = (1 << 64, 0) if end == b"+" else _parse(end.removeprefix(b"("), 1 << 64)
        if start.startswith(b"("):
            low = (low[0], low[1] + 1)
        if end.startswith(b"("):
            high = (high[0], high[1] - 1) if high[1] else (high[0] - 1, 1 << 64)
        return stream.between(low, high)

    def do_xread(self, *words: bytes) -> dict[bytes, list[Any]] | None:
        """Read without blocking; the connection handles BLOCK."""
        at = [word.upper() for word in words].index(b"STREAMS")
        keys = words[at + 1 :]
        if len(keys) % 2:
            raise RedisError("ERR Unbalanced 'xread' list of streams")
        half = len(keys) // 2
        count = _count(words[:at], 1 << 30)
        found = {}
        for key, place in zip(keys[:half], keys[half:], strict=True):
            entries = self._range(key, b"(" + place, b"+")[:count]
            if entries:
                found[key] = [_reply(each) for each in entries]
        return found or None


def _most(words: tuple[bytes, ...]) -> tuple[tuple[int, bool], tuple[bytes, ...]]:
    """Return the limit in MAXLEN, and the other arguments."""
    if words[0].upper() != b"MAXLEN":
        return (1 << 60, False), words
    if words[1] in (b"~", b"="):
        return (int(words[2]), words[1] == b"~"), words[3:]
    return (int(words[1]), False), words[2:]


def _trim(stream: Stream, most: int, roughly: bool) -> None:
    excess = len(stream.entries) - most
    if roughly:
        excess -= excess % NODE
    if excess > 0:
        del stream.entries[:excess]


def _count(options: tuple[bytes, ...], default: int) -> int:
    names = [option.upper() for option in options]
    return int(options[names.index(b"COUNT") + 1]) if b"COUNT" in names else default


def _parse(place: bytes, second: int) -> Id:
    first, dash, rest = place.partition(b"-")
    try:
        return int(first), int(rest) if dash else second
    except ValueError:
        raise RedisError("ERR Invalid stream ID specified as stream command argument") from None


def _shown(id_: Id) -> bytes:
    return b"%d-%d" % id_


def _reply(entry: tuple[Id, list[bytes]]) -> list[Any]:
    return [_shown(entry[0]), [*entry[1]]]
