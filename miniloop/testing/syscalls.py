"""The calls that make simulated sockets: socket() and socketpair()."""

import errno
import socket
from typing import cast

from miniloop.testing.addresses import AF_UNIX
from miniloop.testing.datagrams import SimulatedDatagramSocket
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.errors import error
from miniloop.testing.kernel import Kernel
from miniloop.testing.sockets import SimulatedSocket


def new_socket(kernel: Kernel, family: int, type: int, proto: int = 0) -> socket.socket:
    """Return a new socket; OSError where the kernel would refuse."""
    if family not in (socket.AF_INET, socket.AF_INET6, AF_UNIX):
        raise error(errno.EAFNOSUPPORT)
    if type == socket.SOCK_DGRAM:
        return cast(socket.socket, SimulatedDatagramSocket(kernel, family, proto))
    if type != socket.SOCK_STREAM:
        raise error(errno.ESOCKTNOSUPPORT)
    return cast(socket.socket, SimulatedSocket(kernel, family, proto))


def new_pair(kernel: Kernel) -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets; OSError (EMFILE) when no descriptors are free."""
    left, right = Endpoint(kernel.wire, "", ""), Endpoint(kernel.wire, "", "")
    left.join(right)
    right.join(left)
    family = socket.AF_INET if AF_UNIX is None else AF_UNIX
    ours = SimulatedSocket(kernel, family, 0, left)
    try:
        theirs = SimulatedSocket(kernel, family, 0, right)
    except OSError:
        ours.close()
        raise
    return cast(socket.socket, ours), cast(socket.socket, theirs)
