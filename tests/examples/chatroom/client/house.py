"""A chat room and its clients on a network in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from examples.chatroom.client.chat import Chat
from examples.chatroom.client.talk import State
from examples.chatroom.client.web_talk import WebTalk
from examples.chatroom.client.websocket import WebAddress
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    AddMessage,
    MemoryStore,
    Remembered,
    SaveRoom,
    Write,
    Written,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.keeping import Keeping
from examples.chatroom.people.operators import Operators
from examples.chatroom.server import ChatServer
from miniloop.testing import Peer, SimulatedLoop, SimulatedNetwork

LINES, WEB = ("127.0.0.1", 1234), ("127.0.0.1", 8080)
EPOCH = 1_700_000_000.0
NOBODY = Operators()


class LastingStore(MemoryStore):
    """A history that survives its server, and recognises a line that is sent twice."""

    def __init__(self) -> None:
        super().__init__(10_000)
        self._saved: dict[str, SaveRoom] = {}
        self._nonces: set[str] = set()

    def load(self, recent: int) -> Remembered:
        rooms = tuple((each, tuple(self._messages(key))) for key, each in self._saved.items())
        last = max((message.id for _, kept in rooms for message in kept), default=0)
        return Remembered(last, rooms)

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        repeated: set[int] = set()
        for each in writes:
            if isinstance(each, SaveRoom):
                self._saved[each.key] = each
            elif isinstance(each, AddMessage) and each.nonce in self._nonces:
                repeated.add(each.message.id)
            elif isinstance(each, AddMessage) and each.nonce:
                self._nonces.add(each.nonce)
        kept = [
            each
            for each in writes
            if not (isinstance(each, AddMessage) and each.message.id in repeated)
        ]
        super().write(kept, lambda _: done(Written(repeated=frozenset(repeated))))


class House:
    """The server, which can be restarted with the same history."""

    def __init__(self, *, web: bool = True, **limits: float) -> None:
        self.net = SimulatedNetwork(1)
        self.store = LastingStore()
        self.limits = Limits(**limits)  # type: ignore[arg-type]
        self.has_web = web
        self.start()

    def start(self) -> None:
        self.loop: SimulatedLoop = self.net.loop()
        hall = Hall(self.limits, self.store, defer=self.loop.call_soon)
        server = ChatServer(self.loop, hall, Keeping(), NOBODY, wall=lambda: self.net.now + EPOCH)
        server.open_lines(LINES)
        if self.has_web:
            server.open_web(WEB, (), WebLimits())

    def stop(self) -> None:
        """Stop in order: all members get the last line."""
        self.loop.stop()
        self.loop.run()
        self.loop.close()
        self.net.run(0.5)

    def crash(self) -> None:
        self.loop.close()

    def visitor(self, name: str) -> Peer:
        """Return a logged-in telnet client."""
        peer = self.net.connect(LINES)
        peer.send(f"{name}\n".encode())
        self.net.run(1)
        return peer


class Watcher:
    """A listener with the content of a client's screen."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.loop = house.net.loop()
        self.chat = Chat()
        self.end: tuple[bool, str] | None = None

    def changed(self) -> None:
        pass

    def ended(self, *, well: bool, words: str) -> None:
        self.end = (well, words)

    def told(self) -> list[str]:
        """Return the messages of the server and of the client in the room that is shown."""
        return [row.text for row in self.chat.active.rows if row.kind == "notice"]


class Person(Watcher):
    """A client at the web door."""

    def __init__(self, house: House, name: str = "ann") -> None:
        super().__init__(house)
        self.talk = WebTalk(
            self.loop, WebAddress(*WEB), self.chat, self, name, uniform=lambda low, high: high
        )
        self.chat.ask_page = self.talk.ask_page
        self.talk.start()
        house.net.run(1)

    def type(self, *lines: str, seconds: float = 1.0) -> None:
        for line in lines:
            self.talk.typed(line)
        self.house.net.run(seconds)

    def state(self) -> State:
        return self.talk.state

    def said(self, room: str = "lobby") -> list[str]:
        """Return the messages of a room, as shown."""
        return [row.text for row in self.chat.rooms[room].rows if row.kind == "said"]

    def cut(self) -> None:
        """Break the connection without notice to either side."""
        socket = self.talk._socket
        assert socket is not None
        socket.abort("the test")
        self.house.net.run(0.01)
