"""The conversation through the line door's text, with any server that sends lines.

Rule of this file: lines to send, lines to show, and reconnecting; their meaning is unknown here.

The text has no ids and no lists: after a loss the client logs in again, and the messages of the
meantime are missing. `web_talk` does better where the server has a web door.
"""

from __future__ import annotations

import random
import ssl
from collections import deque
from collections.abc import Callable

from miniloop import EventLoop, Reconnecting
from miniloop.timers import Handle

from ..doors.line import telnet
from .chat import Chat
from .link import CONNECT_TIMEOUT, Link
from .pace import Pace
from .reasons import speaks_tls, why_not_connected
from .requests import MOST
from .screen import ANY_LENGTH
from .talk import PATIENCE, Listener, State
from .web_talk import FIRST_PAUSE, LONGEST_PAUSE

GOODBYE, CLOSING = "Goodbye.", "-- The chat room is closing."
"""How the last line ends when the server expects no more input, unless it begins like this."""


class TextTalk:
    """A conversation in lines.

    Args:
        loop: The loop that serves it.
        host: The server's name or address.
        port: Its port.
        tls: The context with the trusted certificates; None connects without TLS.
        chat: The client's state; it receives the lines.
        listener: Is notified of changes.
        name: The name to log in with; if empty, the server asks for it.
        pace: How fast lines may be sent.
        uniform: As in `Reconnecting`.

    Attributes:
        state: The state of the conversation; written by `_change` alone.
        host: The server's name or address.
        heard: Whether the server has sent anything on this connection.
    """

    def __init__(
        self,
        loop: EventLoop,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        chat: Chat,
        listener: Listener,
        name: str = "",
        pace: Pace | None = None,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.state = State.CONNECTING
        self.host = host
        self.heard = False
        self._loop = loop
        self._port = port
        self._tls = tls
        self._chat = chat
        self._listener = listener
        self._pace = pace if pace is not None else Pace()
        self._uniform = uniform
        self._queue: deque[str] = deque()
        self._last = ""
        self._link: Link | None = None
        self._again: Reconnecting[Link] | None = None
        self._pumping: Handle | None = None
        chat.me = name

    @property
    def waiting(self) -> int:
        """Return the number of lines that were typed and not sent yet."""
        return len(self._queue)

    def start(self) -> None:
        """Connect, and reconnect whenever the connection is lost."""
        self._again = Reconnecting(
            self._loop,
            self._connect,
            first=FIRST_PAUSE,
            longest=LONGEST_PAUSE,
            uniform=self._uniform,
        )

    def enter(self, name: str) -> None:
        """Log in as `name`."""
        self.typed(name)

    def typed(self, line: str) -> None:
        """Send a line as soon as allowed; the first one is the name if none was given."""
        self._chat.me = self._chat.me or line
        if line.split()[:1] == ["/quit"]:
            self._say_goodbye(line)
        elif len(self._queue) >= MOST:
            self._chat.tell(f"More than {MOST} lines wait already; this one was not sent.")
        else:
            self._queue.append(line)
        self._pump()

    def leave(self) -> None:
        """Send /quit."""
        self._say_goodbye("/quit")

    # Called by the link

    def connected(self) -> None:
        """Offer the window size, and log in."""
        self._push(bytes((telnet.IAC, telnet.WILL, telnet.NAWS)))
        if self._chat.me:
            self._send(self._chat.me)
        if self.state is State.LOST:
            self._chat.tell("Connected again; /history shows what was said meanwhile.")
        self._change(State.ONLINE)
        self._pump()

    def connect_failed(self, error: OSError) -> None:
        """Show the reason; another attempt follows."""
        self._lost(why_not_connected(self.host, self._port, error))

    def met_tls(self) -> None:
        """Give up: the server uses TLS, and the client does not."""
        self._end(well=False, words=speaks_tls(self.host, self._port))

    def show(self, line: str) -> None:
        """Show one line."""
        self.heard, self._last = True, line
        self._chat.show(line)
        self._listener.changed()

    def answer(self, data: bytes) -> None:
        """Send the answers to telnet's requests."""
        self._push(data)

    def tell_window(self) -> None:
        """No-op: lines arrive whole, and are wrapped here for the present window."""
        self._push(telnet.window_size(ANY_LENGTH, 0))

    def told(self, facts: dict[str, str]) -> None:
        """No-op: the facts were requested earlier."""

    def pause_keyboard(self) -> None:
        """No-op: typed lines wait in the queue."""

    def resume_keyboard(self) -> None:
        """No-op; see `pause_keyboard`."""

    def server_closed(self, error: BaseException | None) -> None:
        """Handle the lost connection."""
        if self.state is State.LEAVING:
            self._end(well=True, words=self._last.removeprefix("-- ") or GOODBYE)
        elif self._last.endswith(GOODBYE) and not self._last.startswith(CLOSING):
            self._end(well=False, words=self._last.removeprefix("-- "))
        else:
            self._lost("The connection is lost; what you type waits until it is back.")

    # Internal

    def _connect(self, loop: EventLoop) -> Link:
        self._link = link = Link(loop, self, self._tls)
        self.heard, self._last = False, ""
        link.connect_to(self.host, self._port, timeout=CONNECT_TIMEOUT)
        return link

    def _lost(self, words: str) -> None:
        self._cancel()
        if self.state is not State.LOST:
            self._chat.tell(words)
        self._change(State.LOST)

    def _pump(self) -> None:
        self._cancel()
        while self._queue and self.state is State.ONLINE:
            if wait := self._pace.take(self._loop.time()):
                self._pumping = self._loop.call_later(wait, self._pump)
                break
            self._send(self._queue.popleft())
        self._listener.changed()

    def _say_goodbye(self, line: str) -> None:
        if self.state is State.ONLINE:
            self._change(State.LEAVING)
            self._send(line)
            self._loop.call_later(PATIENCE, lambda: self._end(well=True, words=GOODBYE))
        elif self.state is not State.LEAVING:
            self._end(well=True, words=GOODBYE)

    def _send(self, line: str) -> None:
        # Byte 255 is telnet's escape, and is not in UTF-8.
        self._push(line.encode("utf-8", "replace") + b"\n")

    def _push(self, data: bytes) -> None:
        if self._link is not None and self._link.connected:
            self._link.push(data)

    def _end(self, *, well: bool, words: str) -> None:
        if self.state is State.ENDED:
            return
        self._change(State.ENDED)
        self._cancel()
        if self._again is not None:
            self._again.close()
        self._listener.ended(well=well, words=words)

    def _cancel(self) -> None:
        if self._pumping is not None:
            self._pumping.cancel()
            self._pumping = None

    def _change(self, state: State) -> None:
        self.state = state
        self._listener.changed()
