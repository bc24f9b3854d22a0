"""A simulated datagram socket: each datagram has its own delay, so they arrive in any order."""

import errno
import socket
from collections import deque
from typing import Any

from miniloop.selectors.poll import POLLERR, POLLIN, POLLOUT
from miniloop.testing.addresses import AF_UNIX, checked, key
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.errors import error
from miniloop.testing.kernel import Kernel

LARGEST = 65507
"""Bytes in a datagram over IPv4."""

ROOM = 212992
"""Bytes that may wait to be received, Linux's default.  What arrives beyond them is lost."""


class SimulatedDatagramSocket(BaseSocket):
    """A datagram socket of the simulated process."""

    def __init__(self, kernel: Kernel, family: int, proto: int = 0) -> None:
        """Open a descriptor; OSError (EMFILE) when none is free."""
        super().__init__(kernel, kernel.mailboxes, family, socket.SOCK_DGRAM, proto)
        self._waiting: deque[tuple[bytes, Any]] = deque()
        self._size = 0
        self._remote: Any = None
        self._error = 0

    def poll(self) -> int:
        """Return the present readiness, in the kernel's bits."""
        bits = POLLOUT | (POLLERR if self._error else 0)
        return bits | POLLIN if self._waiting else bits

    def bind(self, address: Any) -> None:
        """Reserve an address, and receive what is sent to it."""
        self.check_open()
        if self._bound is not None:
            raise error(errno.EINVAL)
        address = self._bindable(address)
        self._addresses.bind(address, self._receive)
        self._bound = address

    def connect(self, address: Any) -> None:
        """Send to this address, and receive from it only."""
        self.check_open()
        address = checked(self.family, address)
        self._bind_for_sending()
        self._remote = address

    def connect_ex(self, address: Any) -> int:
        """As ``connect()``, but return an errno."""
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
        return self._send(bytes(memoryview(data)), checked(self.family, arguments[-1]))

    def send(self, data: Any, flags: int = 0) -> int:
        """Send one datagram to the address of ``connect()``."""
        if self._remote is None:
            self.refuse(errno.EDESTADDRREQ)
        return self._send(bytes(memoryview(data)), self._remote)

    def _send(self, data: bytes, address: Any) -> int:
        """Put a datagram on the wire: once, twice, or not at all."""
        if self._error:
            raise error(self._take_error())
        if len(data) > LARGEST:
            raise error(errno.EMSGSIZE)
        self._bind_for_sending()
        choices, carry = self._kernel.choices, self._kernel.wire.carry
        if not choices.chance(choices.faults.datagram_lost):
            carry(self._arrive, data, address, self._bound)
            if choices.chance(choices.faults.datagram_doubled):
                carry(self._arrive, data, address, self._bound)
        return len(data)

    def _bind_for_sending(self) -> None:
        """Bind a free port, so that an answer finds it; UNIX sockets stay without a name."""
        if self._bound is None and self.family != AF_UNIX:
            self.bind(self._addresses.source(self.family))

    def _arrive(self, data: bytes, address: Any, sender: Any) -> None:
        """Deliver a datagram; where nothing is bound a connected socket gets ICMP's error."""
        receive = self._addresses.find(address)
        if receive is not None:
            receive(data, sender)
        elif self._remote is not None and self.fd >= 0:
            self._error = errno.ECONNREFUSED
            self.changed()

    def _receive(self, data: bytes, sender: Any) -> None:
        """Keep a datagram that has arrived, if its sender is accepted and there is room."""
        accepted = self._remote is None or key(self._remote) == key(sender)
        if accepted and self._size + len(data) <= ROOM:
            self._waiting.append((data, sender))
            self._size += len(data)
            self.changed()

    def recvfrom(self, size: int, flags: int = 0) -> tuple[bytes, Any]:
        """Return one datagram, cut to ``size``, and its sender's address (None: it has no name)."""
        self.check_open()
        if self._error:
            raise error(self._take_error())
        if not self._waiting:
            self.would_wait()
        data, sender = self._waiting[0]
        if not flags & socket.MSG_PEEK:
            self._waiting.popleft()
            self._size -= len(data)
        return data[:size], sender

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return one datagram, cut to ``size``."""
        return self.recvfrom(size, flags)[0]

    def _take_error(self) -> int:
        number, self._error = self._error, 0
        return number
