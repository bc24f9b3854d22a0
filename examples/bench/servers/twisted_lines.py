"""Twisted's LineReceiver: a method called for each line, which writes the answer to its transport.

A transport keeps what is written in one pass of the reactor and sends it joined, as miniloop's
queue does; here, too, the program need not join.
"""

from __future__ import annotations

import socket
from typing import Any, ClassVar

from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver


class Lines(LineReceiver):
    """Every line goes back."""

    delimiter = b"\n"
    MAX_LENGTH = 65536  # bytes, as AsyncChat's max_input; Twisted's own is 16384

    def connectionMade(self) -> None:
        transport: Any = self.transport  # declared as ITransport, which lacks TCP's methods
        transport.setTcpNoDelay(True)  # as asyncio and uvloop do by themselves

    def lineReceived(self, line: bytes) -> None:
        transport: Any = self.transport
        transport.write(line + b"\n")


class Fanout(Lines):
    """Every line goes to every member."""

    members: ClassVar[set[Fanout]] = set()

    def connectionMade(self) -> None:
        super().connectionMade()
        self.members.add(self)

    def connectionLost(self, reason: object = None) -> None:
        self.members.discard(self)

    def lineReceived(self, line: bytes) -> None:
        text = line + b"\n"
        for member in self.members:
            transport: Any = member.transport
            transport.write(text)


KINDS: dict[str, type[Lines]] = {"lines": Lines, "fanout": Fanout}


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever on Twisted's default reactor."""
    factory = Factory.forProtocol(KINDS[kind])
    loop: Any = reactor  # a module to type checkers, the chosen reactor at run time
    loop.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)
    loop.run()
