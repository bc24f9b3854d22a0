"""Twisted: a reactor, and a `LineReceiver` that calls a method for each line.

What `asyncio` took its protocols and transports from.  It has servers for most protocols ready; it
has to be installed.
"""

# mypy: disallow-subclassing-any=False
# (where Twisted is not installed, its classes are Any)
# ruff: noqa: D102 - lineReceived and the like: the manual's words, not ours

from __future__ import annotations

import sys
from typing import Any

from examples.servers import common

try:
    from twisted.internet import reactor as installed_reactor
    from twisted.internet.error import CannotListenError
    from twisted.internet.interfaces import IHalfCloseableProtocol
    from twisted.internet.protocol import Factory
    from twisted.protocols.basic import LineReceiver
    from zope.interface import implementer
except ModuleNotFoundError:
    sys.exit(f"Twisted is not installed; in this clone: {common.IN_THE_LAB}")

reactor: Any = installed_reactor  # a module to type checkers, the chosen reactor at run time


@implementer(IHalfCloseableProtocol)
class Echo(LineReceiver):
    """Sends every line back."""

    delimiter = b"\n"
    MAX_LENGTH = common.LONGEST_LINE
    transport: Any

    def connectionMade(self) -> None:
        self.address = self.transport.client
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, streaming=True)  # pauses us while it cannot send
        common.say("Got connection from", self.address)

    def lineReceived(self, line: bytes) -> None:
        common.received(self.address, line)
        self.transport.write(line + b"\n")

    def lineLengthExceeded(self, line: bytes) -> None:
        common.too_long(self.address)
        self.transport.abortConnection()

    def readConnectionLost(self) -> None:  # the client has finished, and may still be reading
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        pass

    def connectionLost(self, reason: object = None) -> None:
        common.disconnected(self.address)


def serve(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM, which the reactor sees to."""
    try:
        door = reactor.listenTCP(
            port, Factory.forProtocol(Echo), backlog=common.BACKLOG, interface=common.HOST
        )
    except CannotListenError as error:
        raise error.socketError from None
    address = door.getHost()
    common.serving((address.host, address.port))
    reactor.run()


if __name__ == "__main__":
    common.run(serve)
