"""One end of a simulated TCP connection: two buffers, two half-closes, a pending error.

What Linux's TCP does is written here from the observed behaviour, and
``tests/integration/test_testing_oracle.py`` holds both beside each other.  Neither sockets nor
loops are known here; ``on_change`` is how an owner learns that ``poll()`` may answer otherwise.
"""

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP
from miniloop.testing.descriptors import error

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork


class Endpoint:
    """One end of a connection.

    Attributes:
        local, remote: the addresses.
        other: the other end, once there is one.
        connecting: the other end has not answered yet.
        dead: the connection is over: reset, or never made.
        error: the errno that SO_ERROR would tell; 0 for none.
        finished: the other end's FIN has arrived.
        incoming: what has arrived and was not received yet.
        outgoing: what was sent and has not arrived yet.
        inline: urgent data stays in the stream (SO_OOBINLINE).
        on_change: called when ``poll()`` may answer otherwise.
    """

    def __init__(self, network: "SimulatedNetwork", local: Any, remote: Any) -> None:
        """Stand unconnected, with buffers of sizes that the network chooses."""
        self._net = network
        self.local = local
        self.remote = remote
        self.other: Endpoint | None = None
        self.on_change: Callable[[], object] = _nobody
        self.connecting = True
        self.dead = self.closed = self.finished = self.inline = False
        self.shut_read = self.shut_write = False
        self.error = 0
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.send_limit = network.choices.buffer()
        self.receive_limit = network.choices.buffer()
        self._fin_arrived = False  # ours, at the other end
        self._moving = False  # a piece is on its way
        self._urgent_out: int | None = None  # where in ``outgoing`` the urgent byte is
        self._urgent_in: int | None = None  # and in ``incoming``; negative: taken out already
        self._urgent_byte = b""

    def join(self, other: "Endpoint") -> None:
        """Be connected with ``other``."""
        self.other = other
        self.connecting = False

    def over(self) -> bool:
        """Return whether there is no connection any more: reset, or finished by both ends."""
        return self.dead or (self.finished and self._fin_arrived)

    # -- for the owner ---------------------------------------------------------------------------

    def poll(self) -> int:
        """Return the readiness that holds now, in the kernel's bits."""
        bits = POLLERR if self.error else 0
        if self.dead or (self.shut_write and (self.finished or self.shut_read)):
            bits |= POLLHUP
        if self.dead or self.finished or self.shut_read:
            bits |= POLLIN | POLLRDHUP
        if self.connecting and not self.dead:
            return bits
        if self.incoming and self._readable():
            bits |= POLLIN
        free = self.send_limit - len(self.outgoing)
        if self.dead or self.shut_write or 0 < free >= len(self.outgoing) >> 1:
            bits |= POLLOUT  # room for a third of the buffer: Linux's rule
        return bits | POLLPRI if self._urgent_byte else bits

    def _readable(self) -> bool:
        """The urgent byte alone is nothing to read."""
        return self.inline or len(self.incoming) > 1 or self._urgent_in != 0

    def send(self, data: bytes | memoryview, urgent: bool = False) -> int:
        """Take what there is room for; the last byte may be urgent."""
        self._check_sending()
        room = self.send_limit - len(self.outgoing)
        if room <= 0 and data:
            raise error(errno.EAGAIN)
        size = min(room, len(data))
        if not urgent:
            choices = self._net.choices
            size = choices.part(size, choices.faults.partial_send)
        (self.queue_urgent if urgent and size else self.queue)(data[:size])
        return size

    def _check_sending(self) -> None:
        if self.error:
            raise error(self.take_error())
        if self.connecting and not self.dead:
            raise error(errno.EAGAIN)
        if self.dead or self.shut_write:
            raise error(errno.EPIPE)

    def queue(self, data: bytes | memoryview) -> None:
        """Take all of it, whatever room there is."""
        self.outgoing += data
        self._start()

    def queue_urgent(self, data: bytes | memoryview) -> None:
        """Take all of it; its last byte is urgent."""
        self.queue(data)
        self._urgent_out = len(self.outgoing) - 1

    def finish(self) -> None:
        """Send the end behind what is queued, connected or not yet."""
        self.shut_write = True
        self._start()

    def receive(self, size: int, peek: bool = False) -> bytes:
        """Return what has arrived, at most ``size`` bytes; ``b""`` at the end."""
        if self.incoming and self._readable():
            return self._take(size, peek)
        if self.incoming and not peek:
            self._drop(1)  # nothing but the urgent byte: who reads passes over it
        if self.finished:
            return b""
        if self.error:
            raise error(self.take_error())
        if self.shut_read or self.dead:
            return b""
        raise error(errno.EAGAIN)

    def _take(self, size: int, peek: bool) -> bytes:
        """Cut from the buffer; reading stops in front of the urgent byte, or skips it."""
        mark = self._urgent_in
        start = 1 if mark == 0 and not self.inline else 0
        end = min(start + size, len(self.incoming))
        if mark is not None and 0 < mark < end:
            end = mark
        data = bytes(self.incoming[start:end])
        if not peek:
            self._drop(end)
        return data

    def _drop(self, size: int) -> None:
        """Forget what was read; there is room again at this end."""
        del self.incoming[:size]
        if self._urgent_in is not None:
            self._urgent_in -= size
            if self._urgent_in < 0:
                self._urgent_in, self._urgent_byte = None, b""
        if self.other is not None:
            self.other._start()

    def receive_urgent(self) -> bytes:
        """Return the urgent byte, once."""
        if not self._urgent_byte or self.inline:
            raise error(errno.EINVAL)
        if self.dead and not self.finished:
            raise error(errno.ENOTCONN)
        data, self._urgent_byte = self._urgent_byte, b""
        return data

    def take_error(self) -> int:
        """Return the pending errno and forget it, as SO_ERROR does."""
        number, self.error = self.error, 0
        return number

    def shut(self, read: bool, write: bool) -> None:
        """Half-close; ENOTCONN where there is no connection."""
        if self.over() or self.connecting:
            raise error(errno.ENOTCONN)
        self.shut_read = self.shut_read or read
        if write and not self.shut_write:
            self.shut_write = True
            self._start()
        self.on_change()

    def close(self, hard: bool = False) -> None:
        """Be without an owner: what was sent still leaves; what was not read resets the peer."""
        self.on_change = _nobody
        if self.closed:
            return
        self.closed = True
        if hard or self.incoming or self.connecting:
            self.abort()
        else:
            self.shut_write = True
            self._start()

    def abort(self) -> None:
        """Reset the connection."""
        self.outgoing.clear()
        if not self.dead and self.other is not None:
            self._net.note(self, "resets the connection")
            self._net.carry(self.other.meet_reset)
        self.dead = True

    # -- on the way to the other end -------------------------------------------------------------

    def _start(self) -> None:
        """Send the next piece on its way, unless one is, or there is none, or no room for it."""
        if self._moving or self.dead or self.other is None:
            return
        if self.other.connecting and not self.other.dead:
            return  # it does not know of us yet
        if (self.outgoing and self.other.room() > 0) or (
            self.shut_write and not self.outgoing and not self._fin_arrived
        ):
            self._moving = True
            self._net.carry(self._move)

    def room(self) -> int:
        """Return the bytes that may arrive here; without an owner anything may, to be refused."""
        if self.closed or self.dead:
            return 1
        return self.receive_limit - len(self.incoming)

    def _move(self) -> None:
        """A piece arrives, or our end."""
        self._moving = False
        other, choices = self.other, self._net.choices
        if self.dead or other is None:
            return
        if self.outgoing:
            if other.dead:  # its reset is on the way
                return
            if other.closed:
                other.abort()
                return
            if other.shut_read and other._fin_arrived:
                self._meet_refusal(other)
                return
            if choices.chance(choices.faults.reset):
                self._break(other)
                return
            self._move_piece(other)
        if self.shut_write and not self.outgoing and not self._fin_arrived:
            self._fin_arrived = True
            other.meet_end()
        self._start()

    def _move_piece(self, other: "Endpoint") -> None:
        """Carry as much as there is room for, or less."""
        choices = self._net.choices
        whole = min(len(self.outgoing), other.receive_limit - len(other.incoming))
        size = choices.part(whole, choices.faults.split)
        piece = self.outgoing[:size]
        del self.outgoing[:size]
        if self._urgent_out is not None:
            self._urgent_out -= size
            if self._urgent_out < 0:
                other.meet_urgent(size + self._urgent_out, piece)
                self._urgent_out = None
        if self._net.log is not None:
            self._net.note(self, f"-> {_shown(piece)}")
        other.incoming += piece
        other.on_change()
        self.on_change()

    def _meet_refusal(self, other: "Endpoint") -> None:
        """The other end has shut both directions: Linux answers data with a reset, and is reset."""
        if self._urgent_out is not None:
            other.meet_urgent(1, self.outgoing[: self._urgent_out + 1])
        other.fail(errno.ECONNRESET)
        self._net.carry(self.meet_reset)

    def _break(self, other: "Endpoint") -> None:
        """The network resets both ends."""
        self._net.note(self, "is reset by the network")
        self.meet_reset()
        other.meet_reset()

    # -- what arrives ----------------------------------------------------------------------------

    def meet_urgent(self, offset: int, piece: bytearray) -> None:
        """An urgent byte arrives, the last of ``piece``; an earlier one stops being urgent.

        Unless it is the next to be read: then it is lost.
        """
        if self._urgent_in == 0 and not self.inline:
            del self.incoming[:1]
        self._urgent_in = len(self.incoming) + offset
        self._urgent_byte = bytes(piece[-1:])

    def meet_end(self) -> None:
        """The other end's FIN arrives."""
        self._net.note(self, "meets the end")
        self.finished = True
        self.on_change()

    def meet_reset(self) -> None:
        """A reset arrives; after a FIN it is a broken pipe, after both FINs nothing at all."""
        if self.over():
            return
        if self.connecting:
            self.fail(errno.ECONNREFUSED)
            return
        self.fail(errno.EPIPE if self.finished and not self.shut_write else errno.ECONNRESET)

    def fail(self, number: int) -> None:
        """The connection is over, or was never made."""
        self._net.note(self, f"fails: {errno.errorcode.get(number, number)}")
        self.dead = True
        self.error = number
        self.outgoing.clear()
        self.on_change()

    def established(self, other: "Endpoint") -> None:
        """The other end has answered."""
        if not self.dead:
            self.join(other)
            self._net.note(self, "is connected")
            self._start()
            other._start()
            self.on_change()


def _nobody() -> None:
    """Stand where an owner's callback is while there is none."""


def _shown(piece: bytearray) -> str:
    text = f"{len(piece)} bytes {bytes(piece[:60])!r}"
    return text if len(piece) <= 60 else text + "..."
