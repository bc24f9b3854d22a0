"""The options that connected sockets have by default."""

from contextlib import suppress
from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY
from socket import socket as Socket


def send_at_once(sock: Socket) -> None:
    """Have TCP send small pieces at once, and not wait for the answer to the one before.

    A channel sends once in a pass, so what belongs together is one piece already.  Other streams
    have no such option, and a connection that was reset already may refuse it.
    """
    if sock.family in (AF_INET, AF_INET6):
        with suppress(OSError):
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
