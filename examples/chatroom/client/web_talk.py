"""The conversation through the web door: a seat that outlives its connections.

Rule of this file: enter or resume, count received events, send pending lines, and reconnect.

Both sides count events, so after a short loss the server sends exactly what is missing. A server
that was restarted has no seats: then the client claims the name again, rejoins the rooms, and
identifies known messages by their ids (`Room.catch_up`).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from miniloop import EventLoop, Reconnecting
from miniloop.timers import Handle

from .chat import Chat
from .events import BadEvent, Json, number_of, parse, text_of, truth_of
from .outbox import Outbox
from .pace import Pace
from .talk import PATIENCE, Listener, State
from .websocket import WebAddress, WebSocket

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two attempts, at most
GOODBYE, REPLACED, TOO_LONG = 4000, 4001, 1009
ROOMS_EVERY = 60.0  # seconds between two requests for the list of rooms, for Tab
LOBBY = "lobby"


class WebTalk:
    """A conversation through the web door.

    Args:
        loop: The loop that serves it.
        address: The address of the web door.
        chat: The client's state; it receives the events.
        listener: Is notified of changes.
        name: The name to log in with; if empty, `enter` gives one.
        pace: How fast lines may be sent.
        uniform: As in `Reconnecting`.

    Attributes:
        state: The state of the conversation; written by `_change` alone.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: WebAddress,
        chat: Chat,
        listener: Listener,
        name: str = "",
        pace: Pace | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.state = State.CONNECTING
        self._loop = loop
        self._address = address
        self._chat = chat
        self._listener = listener
        self._name = name
        self._uniform = uniform
        self._outbox = Outbox(
            loop,
            chat,
            pace if pace is not None else Pace(),
            may_send=lambda: self.state is State.ONLINE,
            write=self._write,
        )
        self._requests = self._outbox.requests
        self._token = ""
        self._proof = ""  # the last token that was accepted: at another node it proves the name
        self._seen = 0
        self._words = ""  # the server's last message
        self._refusal = ""  # of the last attempt: shown once, however often it is repeated
        self._socket: WebSocket | None = None
        self._again: Reconnecting[WebSocket] | None = None
        self._listing: Handle | None = None

    @property
    def waiting(self) -> int:
        """Return the number of lines that were typed and not sent yet."""
        return self._requests.lines

    def start(self) -> None:
        """Connect, and reconnect whenever the connection is lost; without a name, wait for one.

        The server does not keep a connection without a name for long.
        """
        if not self._name:
            self._change(State.NAMELESS)
            return
        self._again = Reconnecting(
            self._loop,
            lambda loop: WebSocket(loop, self._address, self),
            first=FIRST_PAUSE,
            longest=LONGEST_PAUSE,
            uniform=self._uniform,
        )

    def enter(self, name: str) -> None:
        """Log in as `name`, on the open connection if there is one."""
        self._name = name
        self._change(State.CONNECTING)
        if self._again is None:
            self.start()
        else:
            self._introduce()

    def typed(self, line: str) -> None:
        """Send a line as soon as allowed; a /quit does not wait for the lines before it."""
        if line.split()[:1] == ["/quit"]:
            self._say_goodbye(line)
            return
        self._outbox.typed(line)
        self._listener.changed()

    def ask_page(self, room: str, before: int) -> None:
        """Request the messages before this one."""
        self._outbox.ask({"do": "page", "room": room, "before": before})

    def leave(self) -> None:
        """Send /quit before all pending lines."""
        self._say_goodbye("/quit")

    def _say_goodbye(self, line: str) -> None:
        if self.state is State.ENDED:
            return
        socket, may_ask = self._socket, self.state is State.ONLINE
        self._change(State.LEAVING)
        if socket is None or not may_ask:
            self._end(well=True, words="Goodbye.")
            return
        number = self._requests.next_number()
        self._write({"n": number, "do": "say", "room": "", "text": line})
        self._loop.call_later(PATIENCE, lambda: self._end(well=True, words="Goodbye."))

    # Called by the connection

    def opened(self, socket: WebSocket) -> None:
        """Resume the seat on the new connection, or request a new one."""
        self._socket = socket
        self._introduce()

    def receive(self, socket: WebSocket, text: str) -> None:
        """Handle one event."""
        if socket is not self._socket:
            return
        try:
            self._take(parse(text))
        except BadEvent as problem:
            self._chat.tell(f"The server sent what makes no sense: {problem}.")
        self._listener.changed()

    def closed(self, socket: WebSocket) -> None:
        """Handle a lost connection or a failed attempt."""
        if self.state is State.ENDED:
            return
        self._socket = None
        self._cancel()
        self._chat.unload()
        if self.state is State.NAMELESS:  # the refused names are used up: wait for another one
            self._stop_trying()
        elif self.state is State.LEAVING:
            self._end(well=True, words=self._words or "Goodbye.")
        elif socket.code == GOODBYE:
            self._end(well=False, words=self._words or "The server has closed the connection.")
        elif socket.code == REPLACED:
            self._end(well=False, words="Your seat was taken from another window.")
        else:
            self._lost(socket)

    def _lost(self, socket: WebSocket) -> None:
        if socket.code == TOO_LONG and self._requests.give_up() is not None:
            self._chat.tell("That line was too long and was not sent.")
        if self.state is not State.LOST:
            self._change(State.LOST)
            self._chat.tell("The connection is lost; what you type waits until it is back.")
        if socket.refusal and socket.refusal != self._refusal:
            self._chat.tell(f"The server does not let this client in: {socket.refusal}")
        self._refusal = socket.refusal
        self._listener.changed()

    # Events

    def _take(self, event: Json) -> None:
        kind = text_of(event, "kind")
        if kind == "welcome":
            self._welcome(event)
        elif kind == "resumed":
            self._resumed(event)
        elif kind == "expired":
            self._proof, self._token = self._token, ""
            self._introduce()
        elif kind == "problem" and not self._token:
            self._chat.handle(event)
        elif kind == "refused" or not self._token:
            self._refused(text_of(event, "text", 1000))
        else:
            self._seen += 1
            self._hear(kind, event)

    def _hear(self, kind: str, event: Json) -> None:
        if kind == "receipt":
            self._requests.receipt(number_of(event, "n"))
            self._outbox.pump()
            return
        if kind in ("farewell", "closing"):
            self._words = text_of(event, "text", 1000)
        self._chat.handle(event)
        if kind == "rooms" and self._listing is None:
            self._listing = self._loop.call_later(ROOMS_EVERY, self._list_rooms)

    def _welcome(self, event: Json) -> None:
        was = [name for name in self._chat.rooms if name != LOBBY]
        self._chat.me = self._name = text_of(event, "name")
        self._token, self._proof, self._seen = text_of(event, "token"), "", 0
        if lost := self._requests.restart():
            lines = ", ".join(str(each.body.get("text")) for each in lost if "text" in each.body)
            if lines:
                self._chat.tell(f"It is not known whether this was done; type it again: {lines}")
        self._outbox.rejoin(was)
        self._online()
        self._list_rooms()

    def _resumed(self, event: Json) -> None:
        fresh = truth_of(event, "fresh")
        if fresh:
            self._seen = number_of(event, "seen")
        self._chat.me = self._name = text_of(event, "name")
        # Each resumption issues a new token and invalidates the previous one.
        self._token = text_of(event, "token") or self._token
        self._requests.resume(number_of(event, "done"), fresh=fresh)
        self._online()
        self._list_rooms()  # this request confirms to the server that the new token has arrived

    def _online(self) -> None:
        if self.state is State.LOST:
            self._chat.tell("Connected again.")
        self._change(State.ONLINE)
        self._outbox.pump()

    def _refused(self, words: str) -> None:
        self._words = words
        self._name = ""
        self._chat.tell(words)
        self._change(State.NAMELESS)

    # Sending

    def _introduce(self) -> None:
        if self._token:
            self._write({"do": "resume", "token": self._token, "seen": self._seen})
        elif self._name:
            proof = {"token": self._proof} if self._proof else {}
            self._write({"do": "enter", "name": self._name, **proof})
        else:
            self._change(State.NAMELESS)

    def _list_rooms(self) -> None:
        self._listing = None
        self._outbox.ask({"do": "rooms"})

    def _write(self, body: Json) -> None:
        if self._socket is not None:
            self._socket.say(json.dumps(body))

    # Ending

    def _end(self, *, well: bool, words: str) -> None:
        if self.state is State.ENDED:
            return
        self._change(State.ENDED)
        self._cancel()
        self._stop_trying()
        self._listener.ended(well=well, words=words)

    def _stop_trying(self) -> None:
        if self._again is not None:
            again, self._again = self._again, None
            again.close()

    def _cancel(self) -> None:
        self._outbox.pause()
        if self._listing is not None:
            self._listing.cancel()
            self._listing = None

    def _change(self, state: State) -> None:
        self.state = state
        self._listener.changed()
