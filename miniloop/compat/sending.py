"""A dispatcher that keeps what could not be sent yet."""

from socket import socket as Socket

from miniloop.compat.dispatcher import dispatcher
from miniloop.compat.watches import Map, announce
from miniloop.readiness import announced


class dispatcher_with_send(dispatcher):
    """A dispatcher that keeps what could not be sent yet.

    Attributes:
        out_buffer: what is still to be sent.
    """

    __module__ = "asyncore"

    def __init__(self, sock: Socket | None = None, map: Map | None = None) -> None:
        """As ``dispatcher``."""
        dispatcher.__init__(self, sock, map)
        self.out_buffer = b""

    def initiate_send(self) -> None:
        """Send what the kernel takes of the first 64 KiB."""
        sent = dispatcher.send(self, self.out_buffer[:65536])
        self.out_buffer = self.out_buffer[sent:]
        if self.out_buffer:
            announce(self)

    def handle_write(self) -> None:
        """Go on sending."""
        self.initiate_send()

    @announced
    def writable(self) -> bool:
        """Return whether there is something to send, or a connect to wait for."""
        return not self.connected or len(self.out_buffer) > 0

    def send(self, data: bytes) -> None:
        """Send, now or later."""
        if self.debug:
            self.log_info(f"sending {data!r}")
        self.out_buffer = self.out_buffer + data
        self.initiate_send()
