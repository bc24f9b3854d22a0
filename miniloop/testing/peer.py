"""The other side of a connection, scripted by the test: no loop, no handlers, no descriptor.

A peer is on another machine, outside the simulated process.  It reads what arrives at once while
``reading`` is true, and what it sends is queued at its side until the network has carried it.
"""

import errno
from collections.abc import Callable
from typing import Any

from miniloop.testing.endpoint import Endpoint
from miniloop.testing.errors import error
from miniloop.testing.ports import Backlog, Ports


class Peer:
    """A scripted end of a connection; made by ``connect()`` and ``listen()`` of the network.

    Attributes:
        eof: the other side has finished, and all that it sent was read.
        error: the OSError that ended the connection or the connect, None without one.
        on_received: called without arguments after data, the end or an error has arrived: for
            peers that answer.
    """

    def __init__(self, end: Endpoint) -> None:
        """Become the owner of this end."""
        self.eof = False
        self.error: OSError | None = None
        self._end = end
        self.on_received: Callable[[], object] | None = None
        self._received = bytearray()
        self._reading = True
        end.on_change = self._changed
        self._changed()

    def __repr__(self) -> str:
        """Show the addresses and the state."""
        states = ("closed", "connected", "eof")
        state = [name for name in states if getattr(self, name)] or ["not connected"]
        return f"<Peer {self.address} - {self.remote} {' '.join(state)} {self.error or ''}>"

    @property
    def address(self) -> Any:
        """The address of this side."""
        return self._end.local

    @property
    def remote(self) -> Any:
        """The address of the other side."""
        return self._end.remote

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return not (self._end.connecting or self._end.dead or self._end.closed)

    @property
    def closed(self) -> bool:
        """Whether the script has closed or reset it."""
        return self._end.closed

    @property
    def received(self) -> bytes:
        """Everything read so far, or since the last ``take()``."""
        return bytes(self._received)

    @property
    def unsent(self) -> int:
        """Bytes that have not arrived at the other side yet."""
        return len(self._end.outgoing)

    def take(self) -> bytes:
        """Return everything read since the last ``take()``."""
        data = bytes(self._received)
        self._received.clear()
        return data

    @property
    def reading(self) -> bool:
        """Whether it reads what arrives; while False its receive buffer fills up."""
        return self._reading

    @reading.setter
    def reading(self, value: bool) -> None:
        self._reading = value
        self._changed()

    def read(self, size: int) -> bytes:
        """Read and return at most ``size`` bytes of what has arrived, as a slow reader does."""
        size = min(size, len(self._end.incoming))
        data = self._end.receive(size) if size else b""
        self._received += data
        self._update_end()
        return data

    def send(self, data: bytes) -> None:
        """Send all of it, however long that takes.

        Raises:
            OSError: the connection is over, or the script has finished or closed it (EPIPE).
        """
        self._check_sending()
        self._end.queue(data)

    def send_urgent(self, data: bytes) -> None:
        """Send it with its last byte marked as urgent (MSG_OOB); raises as ``send()``."""
        self._check_sending()
        self._end.queue(data, urgent=bool(data))

    def _check_sending(self) -> None:
        if self._end.dead or self._end.shut_write:
            raise error(errno.EPIPE)

    def finish(self) -> None:
        """Send a FIN and go on reading (a half-close); raises as ``send()``."""
        self._check_sending()
        self._end.finish()

    def close(self) -> None:
        """Close; what was sent still arrives.  With unread bytes it is a reset, as with TCP."""
        self._end.close()

    def reset(self) -> None:
        """Reset the connection."""
        self._end.close(hard=True)

    def _changed(self) -> None:
        """Read what has arrived, and call ``on_received`` if anything has."""
        before = len(self._received), self.eof, self.error
        if self._reading and not self._end.closed:
            while self._end.incoming:
                self._received += self._end.receive(1 << 20)
        self._update_end()
        arrived = before != (len(self._received), self.eof, self.error)
        if arrived and self.on_received is not None and not self._end.closed:
            self.on_received()

    def _update_end(self) -> None:
        """Set ``error`` and ``eof``."""
        end = self._end
        if end.error:
            self.error = error(end.take_error())
        if end.fin_received and not end.incoming:
            self.eof = True


class PeerServer:
    """A scripted server; made by ``listen()`` of the network.

    Attributes:
        peers: the accepted connections, in order.
        accepting: whether connections are accepted as soon as they arrive; True at first.  While
            it is False they wait in the backlog.
    """

    def __init__(self, ports: Ports, address: Any, backlog: int) -> None:
        """Listen; OSError (EADDRINUSE) when the address is bound already."""
        self.peers: list[Peer] = []
        self.accepting = True
        self._addresses = ports.addresses
        self._backlog = Backlog(address, backlog, self._accept)
        self._addresses.bind(address, self._backlog)

    @property
    def address(self) -> Any:
        """The address on which it listens."""
        return self._backlog.address

    def _accept(self) -> None:
        while self.accepting and self._backlog.waiting:
            self.peers.append(Peer(self._backlog.waiting.popleft()))

    def accept(self) -> None:
        """Set ``accepting``, and accept the connections that wait."""
        self.accepting = True
        self._accept()

    def close(self) -> None:
        """Stop listening, and reset the connections that wait; accepted ones stay."""
        self._addresses.free(self._backlog.address)
        self._backlog.close()
