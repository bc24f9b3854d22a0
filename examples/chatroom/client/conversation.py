"""The plain client: the line door's text, for pipes and for terminals without prompt_toolkit.

Rule of this file: from the keyboard to the server, from the server to the screen, and the end.

The terminal's mode is not changed: its own line editing collects the line, so there is
nothing to restore however this program ends.
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

READ_SIZE = 4096  # bytes read from the keyboard at a time
SILENCE = 5.0  # seconds; the chat room sends a greeting at once, so longer silence means an error
NOTICE = "-- "  # how the chat room's own lines begin
PATIENCE = 5.0  # seconds that the server has to answer our /quit


class Keyboard(FileDispatcher):
    """Standard input.

    Args:
        client: Receives the input.
        fd: The descriptor to read; a duplicate of it is used.
    """

    def __init__(self, client: Client, fd: int) -> None:
        super().__init__(client.loop, fd)
        self._client = client

    def handle_read(self) -> None:
        """Forward the input."""
        data = self.recv(READ_SIZE)
        if data:
            self._client.typed(data)

    def handle_close(self) -> None:
        """Handle the end of input: Ctrl-D, or the end of the file."""
        self.close()
        self._client.leave()


class Client:
    """The conversation: the events so far decide the exit code.

    Args:
        loop: The loop that serves it.
        host: The server's name or address.
        port: Its port, from 1.
        name: The name to log in with; None lets the server ask.
        stdin: The descriptor to read input from.
        tls: The context with the trusted certificates; None connects without TLS.

    Attributes:
        host: The server's name or address.
        port: Its port.
        heard: Whether the server has sent anything yet.
        exit_code: The exit code; None while the conversation continues.
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
        self._greeted = False  # by a chat room that accepts input, not by a port that expects TLS
        self._said_goodbye = False
        self._watches_window = False
        self._line = b""
        self._link = Link(loop, self, tls)
        self._link.connect_to(host, port, timeout=CONNECT_TIMEOUT)
        loop.on_stop(self._stopping)

    # Called by the link

    def connected(self) -> None:
        """Log in, and start to read the keyboard."""
        # A telnet command shows the server that its pings will be answered.
        self._link.push(bytes((telnet.IAC, telnet.WILL, telnet.NAWS)))
        if self._name is not None:
            self._send(self._name.encode("utf-8", "replace") + b"\n")
        self._keyboard = Keyboard(self, self._stdin)
        self.loop.call_later(SILENCE, self._wonder)

    def answer(self, data: bytes) -> None:
        """Send the answers to telnet's requests, unless the client is leaving."""
        if self._link.connected and not self._said_goodbye:
            self._link.push(data)

    def tell_window(self) -> None:
        """Report the window size, now and on each change."""
        self.answer(telnet.window_size(*size()))
        if hasattr(signal, "SIGWINCH") and not self._watches_window:
            self._watches_window = True
            self.loop.add_signal_handler(signal.SIGWINCH, self.tell_window)

    def told(self, facts: dict[str, str]) -> None:
        """No-op: no facts were requested."""

    def connect_failed(self, error: OSError) -> None:
        """Give up with a sentence."""
        complain(why_not_connected(self.host, self.port, error))
        self._finish(FAILED)

    def server_closed(self, error: BaseException | None) -> None:
        """End, successfully after a /quit."""
        if self._keyboard is None and isinstance(error, OSError):
            complain(why_not_secured(self.host, self.port, error))
        elif not self.heard and self.exit_code is None:
            complain(closed_without_a_word(self.host, self.port))
        elif not (self._leaving and self._greeted):
            complain("The server has closed the connection.")
        self._finish(OK if self._leaving and self._greeted else FAILED)

    def met_tls(self) -> None:
        """Give up: the server uses TLS, and the client does not."""
        complain(speaks_tls(self.host, self.port))
        self._finish(FAILED)

    def show(self, line: str) -> None:
        """Print one line from the server; it is clean, because a server is untrusted, too."""
        self.heard = True
        self._greeted = self._greeted or line.startswith(NOTICE)
        try:
            show(line)
        except OSError:  # the reader has closed standard output
            self._finish(FAILED)

    # Called by the keyboard

    def typed(self, data: bytes) -> None:
        """Send the input line by line, and notice a /quit."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._leaving = self._leaving or line.split()[:1] == [b"/quit"]
            self._send(line + b"\n")
        if len(self._line) > READ_SIZE:  # the server would refuse such a line; do not collect it
            self._send(self._line)
            self._line = b""

    def leave(self) -> None:
        """Handle the end of input: send the rest, then /quit, and wait for the server's answer."""
        self._leaving = True
        if self._line:
            self._send(self._line + b"\n")
        self._say_goodbye()
        self.loop.call_later(PATIENCE, self._patience_ends)

    def pause_keyboard(self) -> None:
        """Stop reading the keyboard."""
        if self._keyboard is not None and not self._keyboard.closed:
            self._keyboard.pause_reading()

    def resume_keyboard(self) -> None:
        """Read the keyboard again."""
        if self._keyboard is not None and not self._keyboard.closed:
            self._keyboard.resume_reading()

    # Internal

    def _patience_ends(self) -> None:
        self._wonder()
        self._finish(OK if self._greeted else FAILED)

    def _wonder(self) -> None:
        if not self.heard and self._link.connected:
            complain(silent(self.host, self.port))

    def _stopping(self) -> None:
        if self.exit_code is None:  # the client did not stop the loop, so it was Ctrl-C or SIGTERM
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
        self._close_keyboard()  # input may follow in the same pass
        self.loop.stop(grace=0)
