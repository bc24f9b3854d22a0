"""The plain client: the line door's text, for pipes and for terminals without prompt_toolkit.

Rule of this file: the keyboard to the server, the server to the screen, and the end of both.

The terminal stays in the mode it is in: its own line editing collects the line, so there is
nothing to restore whatever way this program ends.
"""

from __future__ import annotations

import signal
import ssl

from miniloop import EventLoop, FileDispatcher

from ..doors.line import telnet
from .codes import FAILED, INTERRUPTED, OK
from .link import CONNECT_TIMEOUT, Link
from .reasons import closed_without_a_word, silent, speaks_tls, why_not_connected, why_not_secured
from .screen import complain, show, size

READ_SIZE = 4096  # bytes taken from the keyboard at a time
SILENCE = 5.0  # seconds; the chat room greets at once, so something is wrong then
NOTICE = "-- "  # how the chat room's own words begin
PATIENCE = 5.0  # seconds the server has to say goodbye after our /quit


class Keyboard(FileDispatcher):
    """Standard input.

    Args:
        client: Who gets what is typed.
        fd: The descriptor to read; a duplicate of it is used.
    """

    def __init__(self, client: Client, fd: int) -> None:
        super().__init__(client.loop, fd)
        self._client = client

    def handle_read(self) -> None:
        """Pass on what was typed."""
        data = self.recv(READ_SIZE)
        if data:
            self._client.typed(data)

    def handle_close(self) -> None:
        """End of input: Ctrl-D, or the end of the file."""
        self.close()
        self._client.leave()


class Client:
    """The conversation: what has happened so far decides the exit code.

    Args:
        loop: The loop to be on.
        host: The server's name or address.
        port: Its port, from 1.
        name: The name to log in with, or None to be asked.
        stdin: The descriptor to read what is typed from.
        tls: Whom to trust; None speaks without TLS.

    Attributes:
        host: The server's name or address.
        port: Its port.
        heard: Whether the server has said anything yet.
        exit_code: What the program ends with; None while it goes on.
    """

    def __init__(
        self,
        loop: EventLoop,
        host: str,
        port: int,
        name: str | None,
        stdin: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.loop = loop
        self.host = host
        self.port = port
        self.heard = False
        self.exit_code: int | None = None
        self._name = name
        self._stdin = stdin
        self._keyboard: Keyboard | None = None
        self._leaving = False
        self._greeted = False  # by a chat room that lets us speak, not by a port that wants TLS
        self._said_goodbye = False
        self._watches_window = False
        self._line = b""
        self._link = Link(loop, self, tls)
        self._link.connect_to(host, port, timeout=CONNECT_TIMEOUT)
        loop.on_stop(self._stopping)

    # What happens on the network

    def connected(self) -> None:
        """Log in, and begin to listen to the keyboard."""
        # A telnet command tells the server that its pings will be answered, too.
        self._link.push(bytes((telnet.IAC, telnet.WILL, telnet.NAWS)))
        if self._name is not None:
            self._send(self._name.encode("utf-8", "replace") + b"\n")
        self._keyboard = Keyboard(self, self._stdin)
        self.loop.call_later(SILENCE, self._wonder)

    def answer(self, data: bytes) -> None:
        """Send what telnet asks for, unless all has been said."""
        if self._link.connected and not self._said_goodbye:
            self._link.push(data)

    def tell_window(self) -> None:
        """Tell how wide the lines may be, now and whenever that changes."""
        self.answer(telnet.window_size(*size()))
        if hasattr(signal, "SIGWINCH") and not self._watches_window:
            self._watches_window = True
            self.loop.add_signal_handler(signal.SIGWINCH, self.tell_window)

    def told(self, facts: dict[str, str]) -> None:
        """What was not asked for is passed over."""

    def connect_failed(self, error: OSError) -> None:
        """Give up with a sentence."""
        complain(why_not_connected(self.host, self.port, error))
        self._finish(FAILED)

    def server_closed(self, error: BaseException | None) -> None:
        """End, well if we had asked for it."""
        if self._keyboard is None and isinstance(error, OSError):
            complain(why_not_secured(self.host, self.port, error))
        elif not self.heard and self.exit_code is None:
            complain(closed_without_a_word(self.host, self.port))
        elif not (self._leaving and self._greeted):
            complain("The server has closed the connection.")
        self._finish(OK if self._leaving and self._greeted else FAILED)

    def met_tls(self) -> None:
        """Give up: the server speaks TLS, and we do not."""
        complain(speaks_tls(self.host, self.port))
        self._finish(FAILED)

    def show(self, line: str) -> None:
        """Print one line of the server's; it is clean, as servers are strangers, too."""
        self.heard = True
        self._greeted = self._greeted or line.startswith(NOTICE)
        try:
            show(line)
        except OSError:  # nobody reads us any more
            self._finish(FAILED)

    # What happens at the keyboard

    def typed(self, data: bytes) -> None:
        """Send what was typed, line by line, and notice the wish to leave."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._leaving = self._leaving or line.split()[:1] == [b"/quit"]
            self._send(line + b"\n")
        if len(self._line) > READ_SIZE:  # no line that the server would take; do not collect it
            self._send(self._line)
            self._line = b""

    def leave(self) -> None:
        """Nothing more will be typed: say what is left, leave, and wait for the server's word."""
        self._leaving = True
        if self._line:
            self._send(self._line + b"\n")
        self._say_goodbye()
        self.loop.call_later(PATIENCE, self._patience_ends)

    def pause_keyboard(self) -> None:
        """Let what is typed wait."""
        if self._keyboard is not None and not self._keyboard.closed:
            self._keyboard.pause_reading()

    def resume_keyboard(self) -> None:
        """Take what is typed again."""
        if self._keyboard is not None and not self._keyboard.closed:
            self._keyboard.resume_reading()

    # Inside

    def _patience_ends(self) -> None:
        self._wonder()
        self._finish(OK if self._greeted else FAILED)

    def _wonder(self) -> None:
        if not self.heard and self._link.connected:
            complain(silent(self.host, self.port))

    def _stopping(self) -> None:
        if self.exit_code is None:  # not by us, so it was Ctrl-C or SIGTERM
            self.exit_code = INTERRUPTED
            self._leaving = True
            self._say_goodbye()

    def _say_goodbye(self) -> None:
        if self._link.connected and not self._said_goodbye:
            self._said_goodbye = True
            self._send(b"/quit\n")
            self._link.close_write()
            self._close_keyboard()  # nothing can be sent any more

    def _close_keyboard(self) -> None:
        if self._keyboard is not None:
            self._keyboard.close()

    def _send(self, data: bytes) -> None:
        # Byte 255 is telnet's escape, and is doubled to be itself.
        self._link.push(data.replace(b"\xff", b"\xff\xff"))

    def _finish(self, code: int) -> None:
        if self.exit_code is None:
            self.exit_code = code
        self._link.close()
        self._close_keyboard()  # it may have been typed on in the same pass
        self.loop.stop(grace=0)
