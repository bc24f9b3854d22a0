"""Lua scripts as a Redis server runs them: with `KEYS`, `ARGV`, `redis.call` and `redis.pcall`."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from typing import Any

from lupa import lua51

from tests.examples.chatroom.cluster.resp import RedisError


class RedisScripts:
    """The scripts that a server knows.

    Args:
        execute: Runs a command.
    """

    def __init__(self, execute: Callable[[list[bytes]], Any]) -> None:
        self._execute = execute
        self._lua: Any = lua51.LuaRuntime(encoding=None, register_eval=False)
        self._functions: dict[bytes, Any] = {}
        table = self._lua.table()
        table[b"call"] = self._call
        table[b"pcall"] = self._try
        self._lua.globals()[b"redis"] = table

    def forget(self) -> None:
        """Remove all scripts, as after a restart."""
        self._functions.clear()

    def load(self, source: bytes) -> bytes:
        """Keep a script; return its hash."""
        sha = sha1(source).hexdigest().encode()
        if sha not in self._functions:
            self._functions[sha] = self._lua.execute(
                b"return function(KEYS, ARGV) " + source + b"\nend"
            )
        return sha

    def run(self, sha: bytes, count: int, words: list[bytes]) -> Any:
        """Run a script.

        Raises:
            RedisError: It is unknown, or has failed.
        """
        function = self._functions.get(sha.lower())
        if function is None:
            raise RedisError("NOSCRIPT No matching script. Please use EVAL.")
        keys, arguments = self._lua.table_from(words[:count]), self._lua.table_from(words[count:])
        try:
            return _from_lua(function(keys, arguments))
        except lua51.LuaError as error:
            raise RedisError(f"ERR {str(error).splitlines()[0]}") from None

    def _call(self, *words: Any) -> Any:
        return self._to_lua(self._execute([_word(each) for each in words]))

    def _try(self, *words: Any) -> Any:
        try:
            return self._call(*words)
        except RedisError as error:
            return self._lua.table_from({b"err": str(error).encode()})

    def _to_lua(self, reply: Any) -> Any:
        match reply:
            case None:
                return False
            case str():
                return self._lua.table_from({b"ok": reply.encode()})
            case list():
                return self._lua.table_from([self._to_lua(each) for each in reply])
            case dict():
                return self._to_lua([each for pair in reply.items() for each in pair])
        return reply


def _word(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return b"%d" % value if value == int(value) else repr(value).encode()
    raise RedisError("ERR Lua redis lib command arguments must be strings or integers")


def _from_lua(value: Any) -> Any:
    """Return a script's result as a reply."""
    match value:
        case bool():
            return 1 if value else None
        case int() | float():
            return int(value)
        case None | bytes():
            return value
    for name, make in ((b"ok", bytes.decode), (b"err", lambda text: RedisError(text.decode()))):
        if value[name] is not None:
            return make(value[name])
    items: list[Any] = []
    while (item := value[len(items) + 1]) is not None:
        items.append(_from_lua(item))
    return items
