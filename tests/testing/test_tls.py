"""TLS over simulated sockets; without trustme to make certificates this is skipped aloud."""

import socket
import ssl

import pytest

from miniloop import AsyncChat, EventLoop, Listener
from miniloop.testing import Faults, SimulatedNetwork
from tests.certificates import certificates
from tests.driving import Lines


class SecureEcho(AsyncChat):
    context: ssl.SSLContext

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(None)
        self.start_tls(self.context, server_side=True)

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(data)


class SecureLines(Lines):
    def handle_connect(self) -> None:
        self.start_tls(self.context, server_hostname="localhost")
        self.push(b"hello\n")

    context: ssl.SSLContext


@pytest.mark.parametrize("seed", range(10))
def test_tls_in_any_pieces(seed: int) -> None:
    SecureEcho.context = certificates().server()
    SecureLines.context = certificates().client()
    net = SimulatedNetwork(seed, faults=Faults(split=1, partial_send=0.5, buffers=(64, 4096)))
    with net.loop() as loop:
        Listener(loop, ("server", 1), SecureEcho)
        client = SecureLines(loop)
        client.create_socket()
        client.connect(("server", 1))
        net.run_until(lambda: client.lines == [b"hello"], seconds=600)
