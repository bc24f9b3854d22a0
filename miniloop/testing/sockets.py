"""A simulated stream socket: the methods of ``socket.socket`` on one end of a connection."""

import errno
import socket
import struct
from typing import Any, NoReturn

from miniloop.selectors.poll import POLLHUP, POLLIN, POLLOUT
from miniloop.testing.addresses import checked
from miniloop.testing.basesocket import BaseSocket
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.errors import error
from miniloop.testing.kernel import Kernel
from miniloop.testing.ports import Backlog

_ACCEPT_ERRORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED)
_LEAST_BUFFER = 256
_OOB, _PEEK = int(socket.MSG_OOB), int(socket.MSG_PEEK)  # an enum costs a call for each "&"


class SimulatedSocket(BaseSocket):
    """A stream socket of the simulated process; made by the network and its loops.

    Args:
        kernel: the process' kernel.
        family, proto: as with ``socket.socket``.
        end: the connection's end, for a socket that is connected already.
    """

    def __init__(
        self, kernel: Kernel, family: int, proto: int = 0, end: Endpoint | None = None
    ) -> None:
        """Open a descriptor; OSError (EMFILE) when none is free."""
        super().__init__(kernel, kernel.ports.addresses, family, socket.SOCK_STREAM, proto)
        self._end = end
        self._backlog: Backlog | None = None
        self._outcome_due = False  # a connect began, and connect() has not returned its outcome
        if end is not None:
            end.on_change = self.changed

    def __repr__(self) -> str:
        """Show the descriptor and the addresses."""
        if self._end is None:
            return super().__repr__()
        return f"<SimulatedSocket fd={self._number} {self._end.local} - {self._end.remote}>"

    def poll(self) -> int:
        """Return the present readiness, in the kernel's bits."""
        if self._end is not None:
            return self._end.poll()
        if self._backlog is not None:
            return POLLIN if self._backlog.waiting else 0
        return POLLOUT | POLLHUP

    def transmits(self) -> bool:
        """Return whether the kernel may report it ready when it is not."""
        return self._backlog is not None or (self._end is not None and not self._end.connecting)

    # -- sending and receiving -------------------------------------------------------------------

    def send(self, data: Any, flags: int = 0) -> int:
        """Send what there is room for; return the number of bytes."""
        if type(data) is not bytes:
            data = memoryview(data).cast("B")
        if self._end is None:
            self.refuse(errno.EPIPE)
        try:
            return self._end.send(data, bool(flags & _OOB))
        except BlockingIOError:
            self.would_wait()

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it; BlockingIOError (or RuntimeError) where there is no room for it."""
        data = memoryview(data).cast("B")
        while data:
            data = data[self.send(data, flags) :]

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what has arrived, at most ``size`` bytes."""
        if size < 0:
            raise ValueError("negative buffersize in recv")
        if size == 0:
            return b""  # Python makes no system call for it
        if self._end is None:
            self.refuse(errno.ENOTCONN)
        if flags & _OOB:
            return self._end.receive_urgent()
        try:
            return self._end.receive(size, bool(flags & _PEEK))
        except BlockingIOError:
            self.would_wait()

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive into ``buffer``; return the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def shutdown(self, how: int) -> None:
        """Half-close."""
        if how not in (socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR):
            raise error(errno.EINVAL)
        if self._end is None:
            self.refuse(errno.ENOTCONN)
        self._outcome_due = False
        self._end.shut(how != socket.SHUT_WR, how != socket.SHUT_RD)

    # -- connections -----------------------------------------------------------------------------

    def bind(self, address: Any) -> None:
        """Reserve an address."""
        self.check_open()
        address = self._bindable(address)
        if self._bound is not None or (self._end is not None and not self._end.over()):
            raise error(errno.EINVAL)
        option = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        self._addresses.bind(address, only_6=bool(self._options.get(option)))
        self._bound = address

    def listen(self, backlog: int = 128) -> None:
        """Accept connections."""
        self.check_open()
        if self._end is not None:
            raise error(errno.EINVAL)
        if self._backlog is not None:
            self._backlog.limit = max(0, backlog)
            return
        if self._bound is None:
            self.bind(("", 0))
        self._backlog = Backlog(self._bound, backlog, self.changed)
        self._addresses.assign(self._bound, self._backlog)
        self.changed()

    def accept(self) -> "tuple[SimulatedSocket, Any]":
        """Return a connection and its peer's address."""
        backlog = self._backlog
        if backlog is None:
            self.refuse(errno.EINVAL)
        if not backlog.waiting:
            self.would_wait()
        choices = self._kernel.choices
        if choices.chance(choices.faults.accept_error):
            self._fail_to_accept(backlog, choices.pick(_ACCEPT_ERRORS))
        self._kernel.descriptors.check_room()  # before the connection leaves the queue
        end = backlog.waiting.popleft()
        end.incoming.inline = bool(self._options.get((socket.SOL_SOCKET, socket.SO_OOBINLINE)))
        return SimulatedSocket(self._kernel, self.family, self.proto, end), end.remote

    def _fail_to_accept(self, backlog: Backlog, number: int) -> NoReturn:
        """Raise; for ECONNABORTED the first connection leaves the queue."""
        self._kernel.wire.note(self, f"accept() fails: {errno.errorcode[number]}")
        if number == errno.ECONNABORTED:
            backlog.waiting.popleft().close(hard=True)
        raise error(number)

    def connect(self, address: Any) -> None:
        """Begin to connect; BlockingIOError (EINPROGRESS) when it has begun."""
        code = self.connect_ex(address)
        if code == errno.EINPROGRESS and self._blocking:
            self.would_wait()
        if code:
            raise error(code)

    def connect_ex(self, address: Any) -> int:
        """Begin to connect; return an errno."""
        address = checked(self.family, address)
        if self.fd < 0:
            return errno.EBADF
        if self._backlog is not None or (self._end is not None and not self._outcome_due):
            return errno.EISCONN
        if self._end is not None:
            return self._outcome(self._end)
        source = self._bound or self._addresses.source(self.family)
        return self._connect(Endpoint(self._kernel.wire, source, address))

    def _outcome(self, end: Endpoint) -> int:
        """Return the errno of a connect that has begun; EALREADY while it goes on."""
        if end.connecting and not end.dead:
            return errno.EALREADY
        self._outcome_due = False
        if not end.connecting:
            return 0
        self._end = None
        self.changed()
        return end.take_error() or errno.ECONNABORTED

    def _connect(self, end: Endpoint) -> int:
        end.incoming.inline = bool(self._options.get((socket.SOL_SOCKET, socket.SO_OOBINLINE)))
        code = self._kernel.ports.connect(end)
        if code in (0, errno.EINPROGRESS):
            self._end = end
            self._outcome_due = code != 0
            end.on_change = self.changed
            self.changed()
        return code

    def getsockname(self) -> Any:
        """Return the address of this end."""
        self.check_open()
        return super().getsockname() if self._end is None else self._end.local

    def getpeername(self) -> Any:
        """Return the address of the other end; OSError (ENOTCONN) without one."""
        end = self._end
        if end is None or end.connecting or end.over():
            self.refuse(errno.ENOTCONN)
        return end.remote

    # -- options and the end ---------------------------------------------------------------------

    def _take_error(self) -> int:
        return 0 if self._end is None else self._end.take_error()

    def _listens(self) -> bool:
        return self._backlog is not None

    def _apply(self, option: int, value: Any) -> None:
        """Set the sizes of the buffers, doubled as Linux does, and how urgent data is read."""
        if self._end is None:
            return
        if option == socket.SO_SNDBUF:
            self._end.outgoing.limit = max(_LEAST_BUFFER, 2 * value)
        elif option == socket.SO_RCVBUF:
            self._end.incoming.limit = max(_LEAST_BUFFER, 2 * value)
        elif option == socket.SO_OOBINLINE:
            self._end.incoming.inline = bool(value)

    def release(self) -> None:
        """Free the address, the backlog and this end; called when the descriptor was closed."""
        super().release()
        if self._backlog is not None:
            self._backlog.close()
        if self._end is not None:
            self._end.close(hard=self._resets_on_close())
        self._end = self._backlog = None

    def _resets_on_close(self) -> bool:
        """Return whether SO_LINGER is set to 0 seconds."""
        value = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        return isinstance(value, bytes) and struct.unpack("ii", value) == (1, 0)
