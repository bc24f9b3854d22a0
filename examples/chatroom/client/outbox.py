"""Lines on their way to the server: which room a line is for, and when it may be sent.

Rule of this file: the queue, the pace and the room; the owner handles the connection.

A line that is typed after a /join is for the room of that /join. It waits for the
answer, and is not sent if the /join was refused: it would appear in another room.
"""

from __future__ import annotations

from collections.abc import Callable

from miniloop import EventLoop
from miniloop.timers import Handle

from .chat import Chat
from .events import Json
from .pace import Pace
from .requests import MOST, Request, Requests, spoken
from .room import Room


class Outbox:
    """The queue of the user's lines to the server.

    Args:
        loop: The loop for the pauses of the pace.
        chat: The client's state, with the room that is shown.
        pace: How fast lines may be sent.
        may_send: Returns whether there is a seat to send on.
        write: Sends one request.

    Attributes:
        requests: The requests that wait or are not confirmed.
    """

    def __init__(
        self,
        loop: EventLoop,
        chat: Chat,
        pace: Pace,
        may_send: Callable[[], bool],
        write: Callable[[Json], None],
    ) -> None:
        self.requests = Requests()
        self._loop = loop
        self._chat = chat
        self._pace = pace
        self._may_send = may_send
        self._write = write
        self._pumping: Handle | None = None
        self._joining: Request | None = None  # the last /join, until it is answered
        self._left = Room("")  # the room shown when that was typed
        self._keys: dict[str, str] = {}  # of closed rooms, in memory only

    def typed(self, line: str) -> None:
        """Send a line for the room that is shown; a /join of one of the user's rooms shows it."""
        word, first, second = [*line.split(), "", "", ""][:3]
        room = first.removeprefix("#") if word == "/join" else ""
        if room and not second and (held := self._chat.find(room)):
            self._chat.go(held)
            return
        self._note_key(room, second)
        if word == "/lock" and first:
            self._note_key(self._chat.active.name, first)
        self._chat.note_command(line)
        if not self.requests.put(request := self._request(line, room)):
            self._chat.tell(f"More than {MOST} lines wait already; this one was not sent.")
        elif room:
            self._joining, self._left = request, self._chat.active
        self.pump()

    def ask(self, body: Json) -> None:
        """Send a request that is not a typed line."""
        self.requests.put(Request(body))
        self.pump()

    def rejoin(self, rooms: list[str]) -> None:
        """Join these rooms before all else, on a seat on which nothing was sent yet."""
        self.requests.add_first(
            {"do": "join", "room": name, "key": self._keys.get(name.casefold(), "")}
            for name in rooms
        )

    def pump(self) -> None:
        """Send the queue, lines as fast as the pace allows."""
        self.pause()
        while self._may_send() and (request := self.requests.unsent()) is not None:
            if self._is_queued(request.after):  # the answer arrives with a receipt, and pumps
                break
            if not self._settle_room(request):
                continue
            wait = self._pace.take(self._loop.time()) if request.body["do"] == "say" else 0
            if wait:
                self._pumping = self._loop.call_later(wait, self.pump)
                break
            request.sent = request.ever_sent = True
            self._write({"n": request.n, **request.body})

    def pause(self) -> None:
        """Send nothing until the next `pump`."""
        if self._pumping is not None:
            self._pumping.cancel()
            self._pumping = None

    def _request(self, line: str, joins: str) -> Request:
        request = Request(spoken(line, self._chat.active.name), joins=joins)
        if not joins and self._chat.active is self._left and self._is_queued(self._joining):
            request.after = self._joining
        return request

    def _settle_room(self, request: Request) -> bool:
        """Assign a line that waited for a /join to a room; return False if it cannot be sent."""
        if request.after is None:
            return True
        room = self._chat.find(request.after.joins)
        if not room:
            self.requests.drop(request)
            self._chat.tell(
                f"You are not in {request.after.joins}; not sent: {request.body['text']}"
            )
            return False
        request.body["room"], request.after = room, None
        return True

    def _is_queued(self, request: Request | None) -> bool:
        return request is not None and self.requests.has(request)

    def _note_key(self, room: str, key: str) -> None:
        """Keep the key of a room, to rejoin it after a restart of the server."""
        if room and key:
            self._keys[room.casefold()] = key
