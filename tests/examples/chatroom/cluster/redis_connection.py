"""A connection to the model of a Redis server."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

import hiredis

from miniloop.testing.peer import Peer
from tests.examples.chatroom.cluster.resp import RedisError, encode

if TYPE_CHECKING:
    from tests.examples.chatroom.cluster.redis_model import RedisModel


class Connection:
    """A client of the server; the `do_` methods are the commands for a connection.

    Attributes:
        number: its CLIENT ID.
        known: Whether the password was right.
    """

    def __init__(self, server: RedisModel, number: int, peer: Peer) -> None:
        self.number = number
        self.known = False
        self._server = server
        self._peer = peer
        self._reader = hiredis.Reader()
        self._todo: deque[list[bytes]] = deque()
        self._blocked: list[bytes] | None = None  # a pending XREAD
        self._turn = 0
        peer.on_received = self._received
        self._received()

    def _received(self) -> None:
        self._reader.feed(self._peer.take())
        while (words := self._reader.gets()) is not False:
            self._todo.append(words)
        self.work()
        if (self._peer.eof or self._peer.error) and not self._peer.closed:
            self._server.forget(self.number)
            self._peer.close()

    def work(self) -> None:
        """Run the commands that have arrived, up to one that blocks."""
        while self._todo and not self._server.hung and self._blocked is None:
            words = self._todo.popleft()
            reply = self._server.answer(self, words)
            if self._blocked is None:
                self._send(reply)

    def end(self) -> None:
        self._server.forget(self.number)
        self._todo.clear()
        if not self._peer.closed:
            self._peer.reset()

    def _send(self, reply: Any) -> None:
        data = encode(reply)
        cut = self._server.take_cut()
        if self._peer.connected:
            self._peer.send(data[:cut])
        if cut is not None:  # the output before the cut arrives before the reset
            self._todo.clear()
            self._server.forget(self.number)
            self._server.net.call_later(0.01, self.end)

    # -- commands ---------------------------------------------------------------------------------

    def do_ping(self) -> str:
        return "PONG"

    def do_hello(self, version: bytes, *words: bytes) -> dict[bytes, Any]:
        if words[:1] == (b"AUTH",):
            self.do_auth(*words[1:3])
        elif self._server.password and not self.known:
            raise RedisError("NOAUTH HELLO must be called with the client already authenticated")
        return {b"proto": 3}

    def do_auth(self, user: bytes, password: bytes) -> str:
        if password.decode() != self._server.password:
            raise RedisError("WRONGPASS invalid username-password pair or user is disabled.")
        self.known = True
        return "OK"

    def do_select(self, number: bytes) -> str:
        return "OK"

    def do_cluster(self, *words: bytes) -> None:
        raise RedisError("ERR This instance has cluster support disabled")

    def do_script(self, what: bytes, source: bytes) -> bytes:
        return self._server.scripts.load(source)

    def do_client(self, what: bytes, *words: bytes) -> Any:
        if what.upper() == b"ID":
            return self.number
        if what.upper() == b"UNBLOCK":
            other = self._server.find(int(words[0]))
            return int(other is not None and other.unblock())
        return "OK"

    def do_xread(self, *words: bytes) -> Any:
        found = self._server.data.do_xread(*words)
        names = [word.upper() for word in words]
        if found is None and b"BLOCK" in names:
            self._blocked = [*words]
            self._turn += 1
            seconds = int(words[names.index(b"BLOCK") + 1]) / 1000
            if seconds:
                self._server.net.call_later(seconds, partial(self._waited, self._turn))
        return found

    def look_again(self) -> None:
        """Answer the pending XREAD, if there are entries now."""
        if self._blocked is not None and not self._server.hung:
            found = self._server.data.do_xread(*self._blocked)
            if found is not None:
                self._release(found)

    def unblock(self) -> bool:
        """Answer the pending XREAD; return whether there was one."""
        waits = self._blocked is not None
        if waits:
            self._release(None)
        return waits

    def _waited(self, turn: int) -> None:
        if turn == self._turn and self._blocked is not None and not self._peer.closed:
            self._release(None)

    def _release(self, reply: Any) -> None:
        self._blocked = None
        if not self._peer.closed:
            self._send(self._server.twisted("XREAD", reply))
            self.work()
