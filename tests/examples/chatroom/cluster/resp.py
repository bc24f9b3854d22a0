"""Replies of a Redis server as bytes (RESP3).

Text is a simple string, bytes are a blob, None is null.
"""

from __future__ import annotations

from typing import Any


class RedisError(Exception):
    """An error reply, its code first."""


def encode(reply: Any) -> bytes:
    match reply:
        case None:
            return b"_\r\n"
        case RedisError():
            return b"-%b\r\n" % str(reply).encode()
        case str():
            return b"+%b\r\n" % reply.encode()
        case int():
            return b":%d\r\n" % reply
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(reply), reply)
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(map(encode, reply))
        case dict():
            pairs = [encode(key) + encode(value) for key, value in reply.items()]
            return b"%%%d\r\n" % len(reply) + b"".join(pairs)
    raise TypeError(f"no reply: {reply!r}")
