"""The other side of a connection, played by the test itself: no loop, no handlers, no descriptor.

A peer lives on another machine, so to speak.  It reads what arrives at once unless told otherwise,
and what it is told to send waits at its side until the network has carried it.
"""

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from miniloop.testing.descriptors import error
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.ports import Backlog

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork


class Peer:
    """A scripted end of a connection; made by ``connect()`` and ``listen()`` of the network.

    Attributes:
        eof: the other side has finished, and all that it sent was read.
        error: the OSError that ended the connection or the connect, if one did.
        on_received: called without arguments whenever something has arrived, an end included:
            for peers that answer.
    """

    def __init__(self, end: Endpoint) -> None:
        """Play this end."""
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
        """Its own address."""
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
        """Whether it was closed or reset by the script."""
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
        """Whether it reads what arrives; False: its receive buffer fills up."""
        return self._reading

    @reading.setter
    def reading(self, value: bool) -> None:
        self._reading = value
        self._changed()

    def read(self, size: int) -> bytes:
        """Read at most ``size`` bytes of what has arrived, as a slow reader does."""
        size = min(size, len(self._end.incoming))
        data = self._end.receive(size) if size else b""
        self._received += data
        self._look()
        return data

    def send(self, data: bytes) -> None:
        """Send all of it, however long that takes.

        Raises:
            OSError: the connection is over (EPIPE), or was shut or closed by the script.
        """
        self._check_sending()
        self._end.queue(data)

    def send_urgent(self, data: bytes) -> None:
        """Send it with its last byte marked as urgent (MSG_OOB)."""
        self._check_sending()
        self._end.queue_urgent(data)

    def _check_sending(self) -> None:
        if self._end.dead or self._end.shut_write:
            raise error(errno.EPIPE)

    def finish(self) -> None:
        """Send no more, and go on reading (a half-close)."""
        self._check_sending()
        self._end.finish()

    def close(self) -> None:
        """Close; what was sent still arrives.  Unread bytes make it a reset, as with TCP."""
        self._end.close()

    def reset(self) -> None:
        """End the connection with a reset."""
        self._end.close(hard=True)

    def _changed(self) -> None:
        """Something has arrived, or left."""
        before = len(self._received), self.eof, self.error
        if self._reading and not self._end.closed:
            while self._end.incoming:
                self._received += self._end.receive(1 << 20)
        self._look()
        arrived = before != (len(self._received), self.eof, self.error)
        if arrived and self.on_received is not None and not self._end.closed:
            self.on_received()

    def _look(self) -> None:
        """Note the end."""
        end = self._end
        if end.error:
            self.error = error(end.take_error())
        if end.finished and not end.incoming:
            self.eof = True


class PeerServer:
    """A scripted server: it accepts everybody at once.

    Attributes:
        peers: those who were accepted, in order.
    """

    def __init__(self, network: "SimulatedNetwork", address: Any, backlog: int) -> None:
        """Listen."""
        self.peers: list[Peer] = []
        self.accepting = True
        self._net = network
        network.ports.bind(address)
        self._backlog = Backlog(address, backlog, self._accept)
        network.ports.listen(self._backlog)

    @property
    def address(self) -> Any:
        """Where it listens."""
        return self._backlog.address

    def _accept(self) -> None:
        while self.accepting and self._backlog.waiting:
            self.peers.append(Peer(self._backlog.waiting.popleft()))

    def accept(self) -> None:
        """Accept from now on, after ``accepting`` was set to False."""
        self.accepting = True
        self._accept()

    def close(self) -> None:
        """Listen no more; connections stay."""
        self._net.ports.free(self._backlog.address)
        self._backlog.close()
