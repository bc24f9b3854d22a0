"""Read and forget what has arrived, before a connection is closed in order.

Closing over unread data resets the connection, and the reset could overtake what was sent last.
"""

from socket import socket as Socket

_MOST_READS = 16
"""Receives at most: a megabyte is more than the kernel keeps for us, and a flood must end."""

_CHUNK = 65536


def discard_input(sock: Socket) -> None:
    """Receive until there is nothing more now, or the peer is gone."""
    try:
        for _ in range(_MOST_READS):
            if len(sock.recv(_CHUNK)) < _CHUNK:
                return
    except OSError:
        return  # nothing there, or gone: there is nothing to forget
