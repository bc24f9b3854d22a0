"""The door for telnet, nc, and the terminal client: lines over TCP.

Rule of this file: one connection's bytes and timers; the session interprets the lines.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from miniloop import AsyncChat, EventLoop

from ...hall.hall import Hall
from ...hall.messages import LAST_WORDS, Event, Kind, Message, Moment, Receipt
from ...people.names import Refused
from ...people.text import decode
from ..arrival import Arrival
from ..proxies import Proxies
from ..session import Session
from ..silence import Silence
from ..vestibule import HANDSHAKE
from . import telnet
from .rendering import LineRenderer
from .rows import COLUMNS, columns_used

log = logging.getLogger("chatroom")

# No telnet user types this as a name by accident.
_HTTP_REQUEST = re.compile(rb"[A-Z]{3,20} \S+ HTTP/\d")
_HTTP_BODY = b"This is a chat room for telnet, not a web server. Try: telnet HOST PORT\r\n"
HTTP_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Connection: close\r\n"
    b"\r\n%b" % (len(_HTTP_BODY), _HTTP_BODY)
)
# Bytes decoded before checking whether the conversation has ended: a flood is recognised within a
# millisecond, however much of it was received at once.
_SLICE = 512
# Every telnet client answers this by itself; the user does nothing.
_TELNET_PING = bytes((telnet.IAC, telnet.DO, telnet.TIMING_MARK))


def is_http_request(line: bytes) -> bool:
    """Return whether `line` is an HTTP request's first line, from a browser or a health check."""
    return _HTTP_REQUEST.match(line) is not None


@dataclass(frozen=True, slots=True)
class House:
    """What all line doors of one server share.

    Attributes:
        hall: The hall.
        renderer: Converts messages to lines, once for all doors.
        moment: Returns the time.
        tls: Returns the TLS context for the next connection; None for no TLS.
        proxies: The proxies whose connections begin with a PROXY header.
        facts: Returns the facts for a client that asks for the server's status.
    """

    hall: Hall
    renderer: LineRenderer
    moment: Callable[[], Moment]
    tls: Callable[[], ssl.SSLContext] | None = None
    proxies: Proxies = field(default_factory=Proxies)
    facts: Callable[[], Mapping[str, str]] = dict


class LineDoor(AsyncChat):
    """One connection.

    Args:
        loop: The loop to be on.
        sock: The accepted connection.
        arrival: The client's address, and its place in the hall.
        house: What it shares with the other doors.
    """

    def __init__(
        self, loop: EventLoop, sock: socket.socket, arrival: Arrival, house: House
    ) -> None:
        super().__init__(loop, sock)
        self._house = house
        self._limits = limits = house.hall.limits
        self.max_output = limits.max_output
        if house.tls is not None:
            self.start_tls(house.tls(), server_side=True, timeout=limits.login_timeout)
        self.set_terminator(None)
        self._decoder = telnet.TelnetDecoder(limits.max_line, limits.max_subnegotiation)
        self._columns = COLUMNS
        self._ending = False
        self._heard_out = True
        self._first_line = True
        self._secured = False
        self._asked_for_life = False
        self._silence = Silence(loop, self._silent)
        self._timer = loop.call_later(limits.login_timeout, self._login_timeout)
        self._has_come_in = False
        self._address = arrival.address
        self._session = self._open_session(arrival)

    @property
    def turned_away(self) -> bool:
        """Whether it was refused: there was no place, or its address is banned."""
        return self._session is None

    def _open_session(self, arrival: Arrival) -> Session | None:
        hall, place = self._house.hall, arrival.place
        try:
            if place is None:
                raise Refused(arrival.refusal)
            session = Session(hall, self, place, self._house.moment())
        except Refused as refusal:
            if place is not None:
                place.leave()
            log.info("%s is turned away: %s", arrival.address, refusal)
            self.push(self._house.renderer.encode(Message(Kind.FAREWELL, str(refusal))))
            # Close without lingering: refused connections are not counted and must not accumulate.
            self._ending = True
            self._timer.cancel()
            self.close_when_done()
            return None
        session.greet()
        return session

    # The hall's side

    def deliver(self, event: Event) -> None:
        """Queue `event` as lines; a farewell is the last event."""
        if self._ending:
            return
        if isinstance(event, Receipt):
            self._heard_out = True
            super().handle_eof()
            return
        self.push(self._house.renderer.encode(event, self._columns))
        if isinstance(event, Message) and event.kind in LAST_WORDS:
            self._end()

    # The network's side

    def collect_incoming_data(self, data: bytes) -> None:
        """Decode `data`; the telnet decoder finds the ends of lines."""
        if self._is_over():
            return
        self._silence.heard()
        if self._asked_for_life:
            self._asked_for_life = False
            self._silence.limit(self._limits.idle_ping)
        if self._first_line and self.tls is None and data.startswith(HANDSHAKE):
            log.info("%s speaks TLS, which this port does not (--tls-cert).", self._address)
            self.close()
            return
        most = self._decoder.commands + self._limits.max_commands
        for start in range(0, len(data), _SLICE):
            for event in self._decoder.receive(data[start : start + _SLICE]):
                self._take(event)
                if self._is_over():
                    return
            if self._decoder.commands > most:
                self._expel_flooder()
                self._is_over()
                return

    def _is_over(self) -> bool:
        """Return whether input is ignored: the session has ended, or nothing more is read.

        A line can end the session (/quit, a flood) long before the farewell is delivered: that is
        queued behind everything that is waiting for the disk.
        """
        if self._ending or self.closed:
            return True
        if self._session is None or not self._session.ended:
            return False
        self.pause_reading()
        return True

    def _expel_flooder(self) -> None:
        if self._session is not None:
            now = self._house.moment()
            self._session.expel("Those were too many telnet commands. Goodbye.", "flooding", now)

    def _take(self, event: telnet.Event) -> None:
        session, now = self._session, self._house.moment()
        if session is None:
            return
        match event:
            case telnet.Line(data):
                self._take_line(session, data, now)
            case telnet.TooLong():
                session.too_long(now)
            case telnet.Reply(data):
                self.push(data)
            case telnet.AreYouThere():
                session.are_you_there(now)
            case telnet.Window(columns):
                self._columns = columns_used(columns)
            case telnet.StatusAsked():
                self.push(telnet.status(self._house.facts()))
            case telnet.Interrupt() | telnet.Welcomed() | telnet.Status():
                # Ctrl-C in telnet discards the half-typed line and has no other effect.
                pass

    def _take_line(self, session: Session, data: bytes, now: Moment) -> None:
        if self._first_line and is_http_request(data):
            self.push(HTTP_ANSWER)
            self._end()
            return
        self._first_line = False
        session.receive(decode(data), now)
        if session.logged_in and not self._has_come_in:
            self._come_in()

    def handle_eof(self) -> None:
        """Handle the peer's end of stream; it still gets its own lines once they are stored."""
        self._heard_out = self._session is None or self._ending
        super().handle_eof()
        if self._session is not None and not self._heard_out:
            self._session.receipt(0)

    def input_done(self) -> bool:
        """Return whether all received input has taken effect; the close waits for that."""
        return self._heard_out and super().input_done()

    # Time limits

    def _come_in(self) -> None:
        """Set the longer idle limit of a member with a name."""
        self._has_come_in = True
        self._timer.cancel()
        self._silence.limit(self._limits.idle_ping)

    def _login_timeout(self) -> None:
        if self._session is not None and self._session.logged_in:
            self._come_in()  # the answer about the name came after its line
        elif self._session is not None:
            now = self._house.moment()
            self._session.expel("You gave no name in time. Goodbye.", "no log-in in time", now)

    def _silent(self) -> None:
        """Close a peer without a session; ask another for a sign of life, then expel it."""
        if self._session is None or self._ending or self._session.ended:
            self.close()
        elif self._asked_for_life:
            now = self._house.moment()
            self._session.expel("You were silent for too long. Goodbye.", "timed out", now)
        else:
            self._ask_for_life(self._session)

    def _ask_for_life(self, session: Session) -> None:
        left = self._limits.idle_timeout - self._limits.idle_ping
        self._asked_for_life = True
        self._silence.limit(left)
        if self._decoder.spoke_telnet:
            self.push(_TELNET_PING)
        else:
            session.tell(f"Are you still there? Press Enter within {left:.0f} seconds to stay.")

    # The end

    def _end(self) -> None:
        """Send what is queued, shut down the sending side, and give the peer time to read.

        An immediate close would reset the connection if the peer had sent unread data, and a reset
        can discard the last line in transit.
        """
        self._ending = self._heard_out = True
        self._timer.cancel()
        self._silence.limit(None)
        self.resume_reading()  # discard further input: unread, it would cause a reset
        self.close_write()
        self._timer = self.loop.call_later(self._limits.linger, self.close)

    def handle_output_overflow(self) -> None:
        """Close the connection of a peer that reads too slowly, to bound its queue."""
        self._leave("reads too slowly")

    def handle_secured(self) -> None:
        """Begin the session: the TLS handshake has succeeded."""
        self._secured = True

    def handle_close(self) -> None:
        """Close: the peer is gone, or the TLS handshake has failed."""
        if isinstance(self.error, ssl.SSLError) and not self._secured:
            log.info("%s: TLS failed: %s.", self._address, self.error.reason)
        self._leave("connection closed")

    def close(self) -> None:
        """Close, whatever the reason, and free the name and the place."""
        self._leave("connection closed")

    def _leave(self, reason: str) -> None:
        self._timer.cancel()
        self._silence.limit(None)
        super().close()
        if self._session is not None:
            self._session.lost(reason, self._house.moment())
