"""Transcripts of several terminals that talk to one server, played as they stand in the page.

    ada  $ nc 127.0.0.1 1234       a program is started in Ada's terminal
    ada  > hello                   Ada types this
    ada  < hello                   this is the next line that she sees
    ada  ^C                        she ends her program
    ada  .                         her program ends by itself

    server ^C                      Ctrl-C in the server's terminal

Lines of the transcript are played in order, so that what two people see is in order too.
"""

import queue
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

LONGEST = 20.0
"""Seconds until a line that does not come is given up."""

_CHATTER = ("Trying ", "Connected to ", "Escape character is ", "Connection closed by foreign host")
"""What telnet says itself."""


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
    """Lines from a stream, read by a thread, so that waiting for one has an end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            text = line.decode().rstrip("\r\n")
            if not text.startswith(_CHATTER):
                self._lines.put(text)
        self._lines.put(None)

    def next_line(self) -> str | None:
        try:
            return self._lines.get(timeout=LONGEST)
        except queue.Empty:
            raise AssertionError("no line came") from None


class Program:
    """A real program, nc or telnet, in a pipe."""

    def __init__(self, command: str) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(shlex.split(command), stdin=pipe, stdout=pipe)
        assert self._process.stdout is not None
        self._reader = Reader(self._process.stdout)

    def type(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()

    def next_line(self) -> str | None:
        return self._reader.next_line()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


class Connection:
    """The same with a socket, where there is neither nc nor telnet."""

    def __init__(self, command: str) -> None:
        *_, host, port = command.split()
        self._socket = socket.create_connection((host, int(port)), timeout=LONGEST)
        self._stream = self._socket.makefile("rb")
        self._reader = Reader(self._stream)

    def type(self, text: str) -> None:
        self._socket.sendall(text.encode() + b"\r\n")

    def next_line(self) -> str | None:
        return self._reader.next_line()

    def end(self) -> None:
        with suppress(OSError):  # the server has closed it
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.thread.join()
        self._stream.close()
        self._socket.close()


def play(
    transcript: str,
    port: int,
    kind: type[Program] | type[Connection],
    stop: Callable[[], object],
) -> None:
    """Play it against the server on ``port``, which stands there as 1234.

    ``stop()`` is what Ctrl-C does in the server's own terminal.
    """
    terminals: dict[str, Program | Connection] = {}
    try:
        for line in parse(transcript):
            if line.who == "server":
                stop()
                continue
            if line.sign == "$":
                terminals[line.who] = kind(line.text.replace("1234", str(port)))
                continue
            _play_line(terminals, line)
    finally:
        for terminal in terminals.values():
            terminal.end()


def _play_line(terminals: dict[str, Program | Connection], line: Line) -> None:
    terminal = terminals[line.who]
    if line.sign == ">":
        terminal.type(line.text)
    elif line.sign == "<":
        seen = terminal.next_line()
        assert seen == line.text, f"{line.who} saw {seen!r} and not {line.text!r}"
    elif line.sign == ".":
        seen = terminal.next_line()
        assert seen is None, f"{line.who} saw {seen!r}, and was to see the end"
    elif line.sign == "^":
        terminals.pop(line.who).end()
    else:
        raise AssertionError(f"no line of a transcript: {line}")
