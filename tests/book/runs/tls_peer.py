"""A scripted peer that speaks TLS: OpenSSL on memory, as Python has it."""

from __future__ import annotations

import ssl
from typing import Any


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the server's and the client's; TLS 1.3 without tickets, so that each run is alike."""
    from tests.certificates import certificates

    made = certificates()
    server = made.server(ssl.TLSVersion.TLSv1_3)
    server.num_tickets = 0
    return server, made.client(ssl.TLSVersion.TLSv1_3)


class TlsPeer:
    """Makes the handshake, and reads.

    Args:
        peer: the scripted end of the connection.
        context: the client's.
    """

    def __init__(self, peer: Any, context: ssl.SSLContext) -> None:
        self._peer = peer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._secured = False
        peer.on_received = self._go_on
        self._go_on()

    def _go_on(self) -> None:
        self._incoming.write(self._peer.take())
        try:
            if not self._secured:
                self._tls.do_handshake()
                self._secured = True
            self._tls.read(65536)
        except ssl.SSLWantReadError:
            pass  # there is no more yet
        if data := self._outgoing.read():
            self._peer.send(data)
