"""A simulated datagram socket: each datagram travels by itself, and they overtake each other."""

import errno
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from miniloop.selectors.poll import POLLERR, POLLIN, POLLOUT
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.descriptors import error
from miniloop.testing.ports import key

if TYPE_CHECKING:
    from miniloop.testing.network import SimulatedNetwork

LARGEST = 65507
"""Bytes in a datagram over IPv4."""

ROOM = 212992
"""Bytes that may wait to be received, Linux's default.  What comes beyond them is lost."""


class SimulatedDatagramSocket(BaseSocket):
    """A datagram socket of the simulated process."""

    def __init__(self, network: "SimulatedNetwork", family: int, proto: int = 0) -> None:
        """Take a descriptor."""
        super().__init__(network, family, socket.SOCK_DGRAM, proto)
        self._waiting: deque[tuple[bytes, Any]] = deque()
        self._size = 0
        self._remote: Any = None
        self._error = 0

    def poll(self) -> int:
        """Return the readiness that holds now, in the kernel's bits."""
        bits = POLLOUT | (POLLERR if self._error else 0)
        return bits | POLLIN if self._waiting else bits

    def bind(self, address: Any) -> None:
        """Take an address."""
        self.check_open()
        if self._bound is not None:
            raise error(errno.EINVAL)
        address = self._with_port(self._checked(address))
        if key(address) in self._net.mailboxes:
            raise error(errno.EADDRINUSE)
        self._net.mailboxes[key(address)] = self
        self._bound = address

    def _free_address(self) -> None:
        del self._net.mailboxes[key(self._bound)]

    def connect(self, address: Any) -> None:
        """Send to, and hear from, this address only."""
        self.check_open()
        address = self._checked(address)
        self._bind_somewhere()
        self._remote = address

    def connect_ex(self, address: Any) -> int:
        """As ``connect()``; returns an errno."""
        try:
            self.connect(address)
        except OSError as failure:
            return failure.errno or errno.EINVAL
        return 0

    def getpeername(self) -> Any:
        """Return the address of ``connect()``; OSError (ENOTCONN) without one."""
        if self._remote is None:
            self.refuse(errno.ENOTCONN)
        return self._remote

    def sendto(self, data: Any, *arguments: Any) -> int:
        """Send one datagram: ``sendto(data, address)`` or ``sendto(data, flags, address)``."""
        self.check_open()
        return self._send(bytes(memoryview(data)), self._checked(arguments[-1]))

    def send(self, data: Any, flags: int = 0) -> int:
        """Send one datagram to the address of ``connect()``."""
        if self._remote is None:
            self.refuse(errno.EDESTADDRREQ)
        return self._send(bytes(memoryview(data)), self._remote)

    def _send(self, data: bytes, address: Any) -> int:
        """Send it on its way, perhaps twice, perhaps to nowhere."""
        if self._error:
            raise error(self._pending_error())
        if len(data) > LARGEST:
            raise error(errno.EMSGSIZE)
        self._bind_somewhere()
        choices = self._net.choices
        if not choices.chance(choices.faults.datagram_lost):
            self._net.carry(self._arrive, data, address)
            if choices.chance(choices.faults.datagram_doubled):
                self._net.carry(self._arrive, data, address)
        return len(data)

    def _bind_somewhere(self) -> None:
        if self._bound is None:
            self.bind(self._net.source(self.family))

    def _arrive(self, data: bytes, address: Any) -> None:
        """Reach the other socket; a connected one learns that there is none (ICMP)."""
        other = self._net.find_mailbox(address)
        if other is not None:
            other.take_in(data, self._bound)
        elif self._remote is not None and self.fd >= 0:
            self._error = errno.ECONNREFUSED
            self.changed()

    def take_in(self, data: bytes, sender: Any) -> None:
        """Keep a datagram, if there is room and it is wanted."""
        wanted = self._remote is None or key(self._remote) == key(sender)
        if wanted and self._size + len(data) <= ROOM:
            self._waiting.append((data, sender))
            self._size += len(data)
            self.changed()

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, Any]:
        """Receive one datagram, cut to ``size``, and its sender's address."""
        self.check_open()
        if self._error:
            raise error(self._pending_error())
        if not self._waiting:
            self.would_wait()
        data, sender = self._waiting[0]
        if not flags & socket.MSG_PEEK:
            self._waiting.popleft()
            self._size -= len(data)
        return data[:size], sender

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive one datagram, cut to ``size``."""
        return self.recvfrom(size, flags)[0]

    def _pending_error(self) -> int:
        number, self._error = self._error, 0
        return number
