"""Twisted's LineReceiver, for the workloads made of lines."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver


class Lines(LineReceiver):
    """Every line goes back."""

    delimiter = b"\n"

    def connectionMade(self) -> None:
        transport: Any = self.transport  # declared as ITransport, which lacks TCP's methods
        transport.setTcpNoDelay(True)  # as asyncio and uvloop do by themselves

    def lineReceived(self, line: bytes) -> None:
        transport: Any = self.transport
        transport.write(line + b"\n")


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever on Twisted's default reactor."""
    if kind != "lines":
        raise ValueError(f"the Twisted server does lines, not {kind}")
    factory = Factory.forProtocol(Lines)
    loop: Any = reactor  # a module to type checkers, the chosen reactor at run time
    loop.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)
    loop.run()
