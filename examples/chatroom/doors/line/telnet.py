"""Telnet and line ends: convert bytes to events.

Rule of this file: no I/O, no text decoding, no interpretation of lines.

Telnet (RFC 854) mixes commands into the data: byte 255, IAC, begins one.  They are removed *before*
the bytes are split into lines or decoded, because a subnegotiation may contain a newline and 255 is
not UTF-8.  A packet's end may split a command anywhere, so the decoder is a state machine; a stream
gives the same events however it is divided.

Two options are supported: NAWS (RFC 1073), with which a client reports the width of its window, and
MSSP (option 70, the Mud Server Status Protocol), with which a client requests facts about the
server; see `status`.  The standard (RFC 854, RFC 855) allows a peer to refuse any other option: DO
is answered with WONT and WILL with DONT, each only once, since a peer that repeats itself would
otherwise cause an endless exchange.
DONT and WONT ask for the present state and are not answered.  TIMING-MARK (RFC 860) is not a state
but a question, "have you processed this far?". Telnet sends it after Ctrl-C and discards everything
that it receives until the answer, so it is always answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from .typed_line import Line as Line
from .typed_line import TooLong as TooLong
from .typed_line import TypedLine

IAC, DONT, DO, WONT, WILL, SB = 255, 254, 253, 252, 251, 250
EL, EC, AYT, IP, BRK, NOP, SE, ABORT = 248, 247, 246, 244, 243, 241, 240, 238
TIMING_MARK, NAWS, MSSP = 6, 31, 70
MSSP_VAR, MSSP_VAL = b"\x01", b"\x02"

_IAC = b"\xff"


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to send back now, as the telnet protocol requires."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The peer sent an interrupt; the half-typed line is discarded."""


@dataclass(frozen=True, slots=True)
class AreYouThere:
    """The peer requests a visible sign of life."""


@dataclass(frozen=True, slots=True)
class Window:
    """The width of the peer's window in columns; 0: the peer does not know it."""

    columns: int


@dataclass(frozen=True, slots=True)
class Welcomed:
    """The peer accepted our offer to send our window's width."""


@dataclass(frozen=True, slots=True)
class Status:
    """Facts about the server, by name, as received; nothing about them is checked yet."""

    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """The peer requests facts about the server."""


Event: TypeAlias = (
    Line | TooLong | Reply | Interrupt | AreYouThere | Window | Welcomed | StatusAsked | Status
)


def status(facts: Mapping[str, str]) -> bytes:
    """Return the answer to `StatusAsked`; the facts are printable ASCII."""
    told = b"".join(MSSP_VAR + name.encode() + MSSP_VAL + facts[name].encode() for name in facts)
    return bytes((IAC, WILL, MSSP, IAC, SB, MSSP)) + told + bytes((IAC, SE))


def window_size(columns: int, rows: int) -> bytes:
    """Return the subnegotiation with the size of a window."""
    sizes = b"".join(min(each, 0xFFFF).to_bytes(2) for each in (columns, rows))
    return bytes((IAC, SB, NAWS)) + sizes.replace(_IAC, _IAC * 2) + bytes((IAC, SE))


class TelnetDecoder:
    """Converts the bytes of a telnet (or nc, which does not speak telnet) to events.

    Lines end with CR, LF, CR LF, or CR NUL.  Backspace, DEL, and telnet's EC erase a character of
    UTF-8, EL the whole half-typed line: a telnet that sends each key at once (Windows, PuTTY) has
    no other way to correct a line.

    Args:
        max_line: Longest line, in bytes, without its end.
        max_subnegotiation: Longest subnegotiation, in bytes; a longer one is discarded with the
            rest of its line.
        has_window: Whether our own window was offered (WILL NAWS) and the server's facts
            requested (DO MSSP); otherwise the peer may report its window and request facts.
    """

    def __init__(self, max_line: int, max_subnegotiation: int, *, has_window: bool = False) -> None:
        self.spoke_telnet = False
        """Whether any telnet command was received: the peer is a telnet, not an nc."""
        self.commands = 0
        """Telnet commands and erased characters: each costs more than a hundred plain bytes."""
        self._max_subnegotiation = max_subnegotiation
        self._state: Callable[[bytes, int], int] = self._in_data
        self._events: list[Event] = []
        self._line = TypedLine(max_line, self._emit)
        self._verb = 0
        self._sub = bytearray()
        self._has_window = has_window
        self._answered: set[tuple[int, int]] = set()

    def receive(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes, in the order of the stream."""
        position = 0
        while position < len(data):
            position = self._state(data, position)
        events, self._events = self._events, []
        return events

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _take(self, data: bytes) -> None:
        self.commands += self._line.take(data)

    # The states: each consumes input from `position` and returns where the next one begins.

    def _in_data(self, data: bytes, position: int) -> int:
        end = data.find(_IAC, position)
        if end < 0:
            self._take(data[position:])
            return len(data)
        self._take(data[position:end])
        self._state = self._after_iac
        return end + 1

    def _after_iac(self, data: bytes, position: int) -> int:
        self._command(data[position])
        return position + 1

    def _after_verb(self, data: bytes, position: int) -> int:
        self._state = self._in_data
        self._negotiate(self._verb, data[position])
        return position + 1

    def _in_subnegotiation(self, data: bytes, position: int) -> int:
        end = data.find(_IAC, position)
        stop = len(data) if end < 0 else end
        room = self._max_subnegotiation - len(self._sub)
        if stop - position > room:
            self._give_up_subnegotiation()
            return position + room
        self._sub += data[position:stop]
        if end < 0:
            return len(data)
        self._state = self._after_iac_in_subnegotiation
        return end + 1

    def _after_iac_in_subnegotiation(self, data: bytes, position: int) -> int:
        byte = data[position]
        if byte == IAC and len(self._sub) == self._max_subnegotiation:
            self._give_up_subnegotiation()
        elif byte == IAC:
            self._sub += _IAC
            self._state = self._in_subnegotiation
        elif byte == SE:
            self._state = self._in_data
            self._subnegotiated()
        else:
            # Not allowed, but seen: the end is missing, and this is the next command.
            self._command(byte)
        return position + 1

    def _give_up_subnegotiation(self) -> None:
        self._line.give_up()
        self._state = self._in_data

    # The effects of the commands

    def _command(self, byte: int) -> None:
        self.commands += 1
        self._state = self._in_data
        if byte == IAC:
            self._take(_IAC)
            return
        self.spoke_telnet = True
        if byte in (WILL, WONT, DO, DONT):
            self._verb = byte
            self._state = self._after_verb
        elif byte == SB:
            self._sub.clear()
            self._state = self._in_subnegotiation
        elif byte in (IP, BRK, ABORT):
            self._line.discard()
            self._events.append(Interrupt())
        elif byte == EL:
            self._line.discard()
        elif byte == EC:
            self._line.erase(1)
        elif byte == AYT:
            self._events.append(AreYouThere())

    def _negotiate(self, verb: int, option: int) -> None:
        if option == TIMING_MARK:
            if verb == DO:
                # Correct at this point: everything before it has been processed.
                self._reply(WILL, option)
        elif verb in (DO, WILL) and (verb, option) not in self._answered:
            self._answered.add((verb, option))
            if option == NAWS and self._has_window and verb == DO:
                self._events.append(Welcomed())  # the reply to our WILL; needs no answer
            elif option == NAWS and not self._has_window and verb == WILL:
                self._reply(DO, option)
            elif option == MSSP and verb == DO and not self._has_window:
                self._events.append(StatusAsked())
            elif option == MSSP and verb == WILL and self._has_window:
                pass  # the reply to our DO
            else:
                self._reply(WONT if verb == DO else DONT, option)

    def _subnegotiated(self) -> None:
        """Read a window's size or a server's facts; ignore all other subnegotiations."""
        if self._has_window and self._sub[:1] == bytes((MSSP,)):
            self._events.append(Status(_facts(bytes(self._sub[1:]))))
            return
        agreed = not self._has_window and (WILL, NAWS) in self._answered
        if agreed and len(self._sub) == 5 and self._sub[0] == NAWS:
            self._events.append(Window(int.from_bytes(self._sub[1:3])))

    def _reply(self, verb: int, option: int) -> None:
        self._events.append(Reply(bytes((IAC, verb, option))))


def _facts(data: bytes) -> dict[str, str]:
    pairs = (each.partition(MSSP_VAL) for each in data.split(MSSP_VAR)[1:])
    return {
        name.decode("ascii", "replace"): value.decode("ascii", "replace")
        for name, _, value in pairs
    }
