"""The checks on a connection before it reaches its door.

Rule of this file: the first bytes only; the door reads the rest.

A trusted proxy's connection begins with the PROXY protocol's header, which contains the client's
address.  At a TLS port the first byte shows whether the client speaks TLS. A client that does not
(a telnet, a browser with http://) gets a sentence in plain text instead of bytes that it cannot
read.  The header is consumed; the bytes after it are only peeked at and stay in the kernel for the
door.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace

from miniloop import Dispatcher, EventLoop

from ..people.addresses import source_of
from .arrival import Arrival
from .crowding import one_too_many
from .proxies import Proxies
from .proxy_protocol import BadHeader, ProxyHeaderReader

log = logging.getLogger("chatroom")

HANDSHAKE = b"\x16"  # the first byte of TLS (RFC 8446, 5.1)
LINGER = 2.0  # seconds that a client has to read the refusal
_PEEKED = 4096  # bytes
_PROXY_HINT = (
    "The networks in --trust-proxy are for proxies that speak the PROXY protocol; connect from "
    "another address, or let the proxy speak it."
)


@dataclass(frozen=True, slots=True)
class Port:
    """The checks for the connections of one port.

    Attributes:
        arrive: Makes an arrival from an address, with a place if the door needs one.
        admit: Makes a door's channel from a connection; it owns the socket from then on.
        secure: Whether the port speaks TLS.
        proxies: The proxies that are trusted about the client's address.
        has_header: Whether a PROXY header names the client; if not, the request itself does.
        timeout: Seconds until the first bytes must have arrived.
        no_tls: Returns the text for a client that does not speak TLS.
        spare: Connections without a place that may wait here.
        most_unknown: Connections that may wait here until a proxy has named the client.
    """

    arrive: Callable[[str], Arrival]
    admit: Callable[[socket.socket, Arrival], Dispatcher]
    secure: bool
    proxies: Proxies
    has_header: bool
    timeout: float
    no_tls: Callable[[], bytes]
    spare: int
    most_unknown: int


class Vestibule:
    """The connections of one port that have not passed its checks yet.

    Args:
        loop: The loop to be on.
        port: The checks.
    """

    def __init__(self, loop: EventLoop, port: Port) -> None:
        self._loop = loop
        self._port = port
        self._waiting: dict[Guest, str] = {}  # with its source, oldest first

    def __len__(self) -> int:
        """Return the number of waiting connections."""
        return len(self._waiting)

    def receive(self, sock: socket.socket, address: str) -> Dispatcher:
        """Take a new connection and return its channel.

        Args:
            sock: The connection.
            address: The address of its other end.
        """
        port = self._port
        proxied = port.proxies.trust(address)
        arrival = Arrival(address, unknown=True) if proxied else port.arrive(address)
        try:
            if not (port.secure or (proxied and port.has_header)):
                return port.admit(sock, arrival)
            return self._let_wait(sock, arrival)
        except BaseException:
            if arrival.place is not None:
                arrival.place.leave()
            raise

    def _let_wait(self, sock: socket.socket, arrival: Arrival) -> Guest:
        guest = Guest(self._loop, sock, arrival, self._port, self._identified)
        self._waiting[guest] = source_of(arrival.address)
        guest.on_close(self._waiting.pop, guest, None)
        if arrival.place is None:
            self._bound(unknown=arrival.unknown)
        return guest

    def _identified(self, guest: Guest) -> None:
        """Count the connection for the client that the proxy has named."""
        self._waiting[guest] = source_of(guest.arrival.address)
        if guest.arrival.place is None:
            self._bound(unknown=False)

    def _bound(self, *, unknown: bool) -> None:
        """Close a connection if too many without a place are waiting."""
        alike = {
            guest: source
            for guest, source in self._waiting.items()
            if guest.arrival.place is None and guest.arrival.unknown == unknown and not guest.closed
        }
        if len(alike) > (self._port.most_unknown if unknown else self._port.spare):
            one_too_many(alike).close()


class Guest(Dispatcher):
    """One waiting connection.

    Args:
        loop: The loop to be on.
        sock: The connection.
        arrival: What is known of it.
        port: The checks that it has to pass.
        on_identified: Called when a proxy has named the client and more checks follow.

    Attributes:
        arrival: What is known of it.
    """

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        arrival: Arrival,
        port: Port,
        on_identified: Callable[[Guest], None],
    ) -> None:
        super().__init__(loop, sock)
        self.arrival = arrival
        self._port = port
        self._on_identified = on_identified
        self._header = ProxyHeaderReader() if arrival.unknown and port.has_header else None
        self._refused = False
        self._timer = loop.call_later(port.timeout, self._too_late)

    def handle_read(self) -> None:
        """Check the first bytes."""
        if self._refused:
            self.recv()
            return
        try:
            self._look()
        except BadHeader as error:
            log.warning(
                "A connection from %s, a trusted proxy's address, is refused: %s",
                self.arrival.address,
                error,
            )
            self._refuse(f"{error} {_PROXY_HINT}\r\n".encode())

    def _look(self) -> None:
        while True:
            data = self._peek()
            if not data:
                return
            if self._header is None:
                break
            self.recv(self._header.receive(data))
            if not self._header.done:
                continue
            self._identify(self._header.address)
            if self.closed:
                return
            if not self._port.secure:
                self._go_on()
                return
        if data.startswith(HANDSHAKE):
            self._go_on()
        else:
            self._say_no_tls()

    def _peek(self) -> bytes:
        try:
            data = self.socket.recv(_PEEKED, socket.MSG_PEEK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.recv(1)  # reports the end of the stream, or the error
        return data

    def _identify(self, address: str) -> None:
        """Use the client's address from the proxy; empty if the proxy speaks for itself."""
        self._header = None
        self.arrival = self._port.arrive(address or self.arrival.address)
        if self._port.secure:  # otherwise it does not wait any longer
            self._on_identified(self)

    def _go_on(self) -> None:
        """Pass the connection to the door on a duplicate descriptor; close this channel."""
        sock, arrival = self.socket.dup(), self.arrival
        self.arrival = replace(arrival, place=None)  # the door owns the place now
        self.close()
        try:
            self._port.admit(sock, arrival)
        except BaseException:
            sock.close()
            if arrival.place is not None:
                arrival.place.leave()
            raise

    def _say_no_tls(self) -> None:
        log.warning(
            "%s does not speak TLS, which this port does, and was told so.",
            self.arrival.address,
        )
        self._refuse(self._port.no_tls())

    def _too_late(self) -> None:
        if self._refused or not self._port.secure or self._header is not None:
            self.close()
        else:
            self._say_no_tls()  # a telnet waits for the server's first bytes

    def _refuse(self, sentence: bytes) -> None:
        """Send the reason in plain text and wait: a close with unread input would be a reset."""
        self._refused = True
        self._timer.cancel()
        self._timer = self.loop.call_later(LINGER, self.close)
        with contextlib.suppress(OSError):
            self.send(sentence)
            self.close_write()

    def close(self) -> None:
        """Close, and give back the place if the connection was not passed on."""
        self._timer.cancel()
        super().close()
        if self.arrival.place is not None:
            self.arrival.place.leave()
