"""Find out what a given socket is: connected, listening, or neither yet."""

import errno
from socket import SO_ACCEPTCONN, SO_ERROR, SOL_SOCKET
from socket import socket as Socket
from typing import Any

from miniloop.state import Life


def state_of(sock: Socket) -> tuple[Life, Any]:
    """Return the state of a socket that was made elsewhere, and its peer's address or None.

    An accepted connection that was reset since is "not connected" too, but has an error pending; it
    counts as connected, so that the first read finds its end.

    Raises:
        OSError: it is not a socket, or closed.
    """
    try:
        return Life.OPEN, sock.getpeername()
    except OSError as error:
        if error.errno not in (errno.ENOTCONN, errno.EINVAL):
            raise
    if sock.getsockopt(SOL_SOCKET, SO_ACCEPTCONN):
        return Life.LISTENING, None
    return Life.OPEN if sock.getsockopt(SOL_SOCKET, SO_ERROR) else Life.NEW, None
