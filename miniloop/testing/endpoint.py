"""One end of a simulated TCP connection: its buffers, two half-closes, a pending error.

The behaviour is that observed of Linux; ``tests/integration/test_testing_oracle.py`` compares both.
An end's owner is a simulated socket or a scripted peer, neither of which is known here:
``on_change`` is called when ``poll()`` may return something else.
"""

import errno
from collections.abc import Callable
from typing import Any

from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP
from miniloop.testing.addresses import shown
from miniloop.testing.buffers import ReceiveBuffer, Segment, SendBuffer
from miniloop.testing.errors import error
from miniloop.testing.wire import Wire


class Endpoint:
    """One end of a connection.

    Attributes:
        local, remote: the addresses.
        other: the other end, None before there is one.
        connecting: the other end has not answered.
        dead: the connection is over: reset, or never made.
        closed: the owner has closed this end.
        error: the errno for SO_ERROR; 0 for none.
        fin_received: the other end's FIN has arrived here.
        shut_read, shut_write: the directions that the owner has shut.
        incoming: what has arrived and was not received.
        outgoing: what was sent and has not arrived.
        on_change: called when ``poll()`` may return something else.
    """

    def __init__(self, wire: Wire, local: Any, remote: Any) -> None:
        """Start unconnected, with buffers of sizes that the network chooses."""
        self._wire = wire
        self.local = local
        self.remote = remote
        self.other: Endpoint | None = None
        self.on_change: Callable[[], object] = _no_owner
        self.connecting = True
        self.dead = self.closed = self.fin_received = False
        self.shut_read = self.shut_write = False
        self.error = 0
        self.outgoing = SendBuffer(wire.choices.buffer())
        self.incoming = ReceiveBuffer(wire.choices.buffer())
        self._fin_delivered = False  # this end's FIN has arrived at the other end
        self._moving = False  # a segment is on its way

    def __str__(self) -> str:
        """Return both addresses, as the log shows them."""
        return f"{shown(self.local)} > {shown(self.remote)}"

    def join(self, other: "Endpoint") -> None:
        """Become connected with ``other``."""
        self.other = other
        self.connecting = False

    def over(self) -> bool:
        """Return whether the connection has ended: reset, or finished by both ends."""
        return self.dead or (self.fin_received and self._fin_delivered)

    # -- for the owner ---------------------------------------------------------------------------

    def poll(self) -> int:
        """Return the present readiness, in the kernel's bits."""
        bits = POLLERR if self.error else 0
        if self.dead or (self.shut_write and (self.fin_received or self.shut_read)):
            bits |= POLLHUP
        if self.dead or self.fin_received or self.shut_read:
            bits |= POLLIN | POLLRDHUP
        if self.connecting and not self.dead:
            return bits
        if self.incoming.readable():
            bits |= POLLIN
        if self.dead or self.shut_write or self.outgoing.writable():
            bits |= POLLOUT
        return bits | POLLPRI if self.incoming.urgent_byte else bits

    def send(self, data: bytes | memoryview, urgent: bool = False) -> int:
        """Take what there is room for; return the number of bytes.

        Args:
            data: the bytes.
            urgent: mark the last byte that is taken as urgent.

        Raises:
            OSError: as ``send()`` of the kernel.
        """
        self._check_sending()
        room = self.outgoing.room()
        if room <= 0 and data:
            raise error(errno.EAGAIN)
        size = min(room, len(data))
        if not urgent:
            choices = self._wire.choices
            size = choices.part(size, choices.faults.partial_send)
        self.queue(data[:size], urgent=urgent and size > 0)
        return size

    def _check_sending(self) -> None:
        if self.error:
            raise error(self.take_error())
        if self.connecting and not self.dead:
            raise error(errno.EAGAIN)
        if self.dead or self.shut_write:
            raise error(errno.EPIPE)

    def queue(self, data: bytes | memoryview, *, urgent: bool = False) -> None:
        """Take all of it, whatever room there is; ``urgent`` marks its last byte."""
        self.outgoing.append(data, urgent=urgent)
        self._transmit()

    def receive(self, size: int, peek: bool = False) -> bytes:
        """Return what has arrived, at most ``size`` bytes; ``b""`` at the end.

        Raises:
            OSError: as ``recv()`` of the kernel.
        """
        data = self.incoming.take(size, peek)
        if self.other is not None and not peek:
            self.other._transmit()  # there may be room for more
        if data or self.fin_received:
            return data
        if self.error:
            raise error(self.take_error())
        if self.shut_read or self.dead:
            return b""
        raise error(errno.EAGAIN)

    def receive_urgent(self) -> bytes:
        """Return the urgent byte, once; OSError (EINVAL) without one, ENOTCONN after a reset."""
        if self.dead and not self.fin_received and self.incoming.has_urgent():
            raise error(errno.ENOTCONN)
        return self.incoming.take_urgent()

    def take_error(self) -> int:
        """Return the pending errno and clear it, as SO_ERROR does."""
        number, self.error = self.error, 0
        return number

    def shut(self, read: bool, write: bool) -> None:
        """Half-close; OSError (ENOTCONN) where there is no connection."""
        if self.over() or self.connecting:
            raise error(errno.ENOTCONN)
        self.shut_read = self.shut_read or read
        if write:
            self.finish()
        self.on_change()

    def finish(self) -> None:
        """Send a FIN behind what is queued, connected or not yet; again is harmless."""
        if not self.shut_write:
            self.shut_write = True
            self._transmit()

    def close(self, hard: bool = False) -> None:
        """End the ownership: what was sent still arrives; unread data resets the connection.

        Args:
            hard: reset it in any case.
        """
        self.on_change = _no_owner
        if self.closed:
            return
        self.closed = True
        if hard or self.incoming or self.connecting:
            self.abort()
        else:
            self.finish()

    def abort(self) -> None:
        """Reset the connection."""
        self.outgoing.clear()
        if not self.dead and self.other is not None:
            self._wire.note(self, "resets the connection")
            self._wire.carry(self.other.receive_reset)
        self.dead = True

    # -- to the other end ------------------------------------------------------------------------

    def _transmit(self) -> None:
        """Put the next segment or the FIN on the wire, if there is one and room for it."""
        if self._moving or self.dead or self.other is None:
            return
        if self.other.connecting and not self.other.dead:
            return  # the other end does not know of the connection yet
        if (self.outgoing and self.other.window() > 0) or self._fin_is_next():
            self._moving = True
            self._wire.carry(self._arrive)

    def window(self) -> int:
        """Return the number of bytes that may arrive; a closed end takes any, to reset."""
        return 1 if self.closed or self.dead else self.incoming.room()

    def _fin_is_next(self) -> bool:
        return self.shut_write and not self.outgoing and not self._fin_delivered

    def _arrive(self) -> None:
        """Deliver a segment, or the FIN, at the other end."""
        self._moving = False
        other = self.other
        if self.dead or other is None:
            return
        if self.outgoing and not self._deliver(other):
            return
        if self._fin_is_next():
            self._fin_delivered = True
            other.receive_fin()
        self._transmit()

    def _deliver(self, other: "Endpoint") -> bool:
        """Deliver a segment; False: the connection is over instead."""
        choices = self._wire.choices
        if other.dead:
            return False  # its reset is on the way
        if other.closed:
            other.abort()
        elif other.shut_read and other._fin_delivered:
            self._deliver_to_shut(other)
        elif choices.chance(choices.faults.reset):
            self._wire.note(self, "is reset by the network")
            self.receive_reset()
            other.receive_reset()
        else:
            self._deliver_segment(other)
            return True
        return False

    def _deliver_segment(self, other: "Endpoint") -> None:
        choices = self._wire.choices
        size = min(len(self.outgoing), other.incoming.room())
        if size > 0:  # else SO_RCVBUF has shrunk meanwhile
            other.receive_segment(self.outgoing.cut(choices.part(size, choices.faults.split)), self)
            self.on_change()

    def _deliver_to_shut(self, other: "Endpoint") -> None:
        """Both directions are shut there: Linux answers data with a reset, and is reset itself."""
        if byte := self.outgoing.urgent_byte():
            other.incoming.mark_urgent(1, byte)
        other.fail(errno.ECONNRESET)
        self._wire.carry(self.receive_reset)

    # -- from the other end ----------------------------------------------------------------------

    def receive_segment(self, segment: Segment, sender: "Endpoint") -> None:
        """Add a segment to what has arrived."""
        if self._wire.log is not None:
            self._wire.note(sender, f"-> {segment}")
        self.incoming.append(segment)
        self.on_change()

    def receive_fin(self) -> None:
        """Note that the other end sends no more."""
        self._wire.note(self, "receives FIN")
        self.fin_received = True
        self.on_change()

    def receive_reset(self) -> None:
        """End the connection with the errno of a reset.

        That is EPIPE after a FIN; after both FINs a reset has no effect.
        """
        if self.over():
            return
        if self.connecting:
            self.fail(errno.ECONNREFUSED)
        else:
            after_fin = self.fin_received and not self.shut_write
            self.fail(errno.EPIPE if after_fin else errno.ECONNRESET)

    def fail(self, number: int) -> None:
        """End the connection, or the connect, with an errno."""
        self._wire.note(self, f"fails: {errno.errorcode.get(number, number)}")
        self.dead = True
        self.error = number
        self.outgoing.clear()
        self.on_change()

    def establish(self, other: "Endpoint") -> None:
        """Become connected: the other end's answer has arrived."""
        if not self.dead:
            self.join(other)
            self._wire.note(self, "is connected")
            self._transmit()
            other._transmit()
            self.on_change()


def _no_owner() -> None:
    """Do nothing: the ``on_change`` of an end without an owner."""
