"""Transcripts of several terminals that talk to one server, played as they stand in the page.

    ada  $ nc 127.0.0.1 1234       a program is started in Ada's terminal
    ada  > hello                   Ada types this
    ada  < hello                   this is the next line that she sees
    ada  ^C                        Ctrl-C in Ada's terminal: it ends nc, and does not end telnet
    ada  ^]                        Ctrl-] in Ada's terminal: telnet's own prompt
    ada  .                         her program ends

    server < handle_close()        this is the next line that the server logs
    server ^C                      Ctrl-C in the server's terminal

Lines of the transcript are played in order, so that what two people see is in order too.
"""

import os
import queue
import re
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

try:
    import pty
    import termios
except ImportError:  # Windows
    pty = termios = None  # type: ignore[assignment]

LONGEST = 20.0
"""Seconds until a line that does not come is given up."""

_CHATTER = ("Trying ", "Connected to ", "Escape character is ", "Connection closed")
"""What telnet prints itself, beside blank lines."""

_PROMPT = re.compile(r"^(\^\]|telnet> )*")

_CTRL_C, _CTRL_BRACKET = b"\x03", b"\x1d"


@dataclass(frozen=True)
class Line:
    """One line of a transcript."""

    who: str
    sign: str
    text: str


def parse(transcript: str) -> list[Line]:
    lines = []
    for row in transcript.splitlines():
        who, rest = row.split(maxsplit=1)
        lines.append(Line(who, rest[:1], rest[1:].removeprefix(" ")))
    return lines


class Reader:
    """Lines from a stream, read by a thread, so that waiting for one has an end.

    Attributes:
        prompted: set once telnet has printed its prompt.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.prompted = threading.Event()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        pending = b""
        for piece in _pieces(stream):
            *lines, pending = (pending + piece).split(b"\n")
            for line in lines:
                self._add(line)
            if pending.endswith(b"telnet> "):
                self.prompted.set()
        self._lines.put(None)

    def _add(self, line: bytes) -> None:
        text = _PROMPT.sub("", line.decode(errors="replace").rstrip("\r"))
        if text and not text.startswith(_CHATTER):
            self._lines.put(text)

    def next_line(self) -> str | None:
        try:
            return self._lines.get(timeout=LONGEST)
        except queue.Empty:
            raise AssertionError("no line came") from None


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    with suppress(OSError):  # a terminal whose program has ended
        while piece := read(65536):
            yield piece


class Program:
    """A real program, nc or telnet, on a terminal of its own.

    The terminal does not echo what is typed, but telnet makes it do so again.
    """

    def __init__(self, command: str) -> None:
        self._echoes = command.startswith("telnet")
        self._typed: list[str] = []  # and not seen as an echo yet
        ours, theirs = pty.openpty()
        attributes = termios.tcgetattr(theirs)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        name = os.ttyname(theirs)
        self._process = subprocess.Popen(
            shlex.split(command),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(name, os.O_RDWR)),  # its terminal: for Ctrl-C
        )
        os.close(theirs)
        self._terminal = open(ours, "r+b", buffering=0)  # noqa: SIM115 - until end()
        self._reader = Reader(self._terminal)
        if self._echoes:
            self._wait_for_telnet()

    def _wait_for_telnet(self) -> None:
        """Wait until it has set the terminal's modes: what is typed before that is lost."""
        end = time.monotonic() + LONGEST
        while not termios.tcgetattr(self._terminal)[3] & termios.ECHO:
            assert time.monotonic() < end, "telnet does not begin"
            self._reader.thread.join(0.01)

    def type(self, text: str) -> None:
        self._typed.append(text)
        self._terminal.write(text.encode() + b"\n")

    def press(self, key: bytes) -> None:
        self._terminal.write(key)
        if key == _CTRL_BRACKET:  # what is typed before the prompt is lost
            assert self._reader.prompted.wait(LONGEST), "no prompt came"

    def next_line(self) -> str | None:
        line = self._reader.next_line()
        if self._echoes and self._typed and line == self._typed[0]:
            del self._typed[0]
            return self.next_line()
        return line

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.thread.join()
        self._terminal.close()


class Connection:
    """The same with a socket, where there is neither nc nor telnet."""

    def __init__(self, command: str) -> None:
        self._telnet = command.startswith("telnet")
        self._prompt = False
        *_, host, port = command.split()
        self._socket = socket.create_connection((host, int(port)), timeout=LONGEST)
        self._stream = self._socket.makefile("rb")
        self._reader = Reader(self._stream)

    def type(self, text: str) -> None:
        if self._prompt:
            assert text == "quit"
            self._hang_up()
        else:
            self._socket.sendall(text.encode() + (b"\r\n" if self._telnet else b"\n"))

    def press(self, key: bytes) -> None:
        if self._telnet:  # it has a prompt of its own, and its Ctrl-C is a command to the server
            self._prompt = key == _CTRL_BRACKET
        elif key == _CTRL_C:
            self._hang_up()

    def next_line(self) -> str | None:
        return self._reader.next_line()

    def _hang_up(self) -> None:
        with suppress(OSError):  # the server has closed it
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._hang_up()
        self._reader.thread.join()
        self._stream.close()
        self._socket.close()


class Server(Protocol):
    """The server's terminal."""

    def stop(self) -> object:
        """Press Ctrl-C there."""

    def next_line(self) -> str | None:
        """Return the next line that is logged there, or None at the end."""


def play(
    transcript: str, port: int, kind: type[Program] | type[Connection], server: Server
) -> None:
    """Play it against the server on ``port``, which is 1234 in the transcript."""
    terminals: dict[str, Program | Connection] = {}
    try:
        for line in parse(transcript):
            if line.who == "server":
                _play_server(server, line)
            elif line.sign == "$":
                terminals[line.who] = kind(line.text.replace("1234", str(port)))
            else:
                _play_line(terminals[line.who], line)
    finally:
        for terminal in terminals.values():
            terminal.end()


def _play_server(server: Server, line: Line) -> None:
    if line.sign == "^":
        server.stop()
    else:
        logged = server.next_line()
        assert logged == line.text, f"the server logged {logged!r} and not {line.text!r}"


def _play_line(terminal: Program | Connection, line: Line) -> None:
    if line.sign == ">":
        terminal.type(line.text)
    elif line.sign == "<":
        seen = terminal.next_line()
        assert seen == line.text, f"{line.who} saw {seen!r} and not {line.text!r}"
    elif line.sign == ".":
        seen = terminal.next_line()
        assert seen is None, f"{line.who} saw {seen!r}, and was to see the end"
    elif line.sign == "^":
        terminal.press(_CTRL_C if line.text == "C" else _CTRL_BRACKET)
    else:
        raise AssertionError(f"no line of a transcript: {line}")
