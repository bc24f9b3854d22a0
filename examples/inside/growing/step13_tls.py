"""Step 13: TLS between the loop and a channel (13-tls.md).

Without arguments it serves in the clear; with a certificate and its key, over TLS:

    python3 -m examples.inside.growing.step13_tls cert.pem key.pem
"""

import signal
import socket
import ssl
import sys
from contextlib import suppress
from typing import cast

from examples.inside.growing import step07_waker
from examples.inside.growing.step07_waker import READ, WRITE, Channel
from examples.inside.growing.step09_output import Echo, Lines
from examples.inside.growing.step11_descriptors import Connecting, Listener
from examples.inside.growing.step12_end import Loop

__all__ = ["Channel", "Connecting", "Echo", "Lines", "Listener", "Loop", "SecureEcho"]


class TlsSocket:
    """Plain bytes on the channel's side, records on the kernel's; never blocks."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.secured = False
        self.unsent = b""  # records that the kernel has not taken yet

    def recv(self, size: int) -> bytes:
        """Receive records; return what they contain, ``b""`` after the peer's close_notify."""
        data = self.sock.recv(size)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()  # without a close_notify before it, OpenSSL raises
        try:
            if not self.secured:
                self.tls.do_handshake()
                self.secured = True
            return self._decrypt()
        except ssl.SSLWantReadError:
            raise BlockingIOError("not a whole record yet") from None
        except ssl.SSLZeroReturnError:
            return b""
        finally:
            self.flush()  # an answer of the handshake, or an alert

    def _decrypt(self) -> bytes:
        """Decrypt all that is here: no event would announce the rest."""
        plain = self.tls.read(65536)
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            while plain and (self.incoming.pending or self.tls.pending()):
                plain += self.tls.read(65536)
        return plain

    def send(self, data: bytes) -> int:
        """Encrypt and send; not during the handshake, nor while earlier records wait."""
        if self.unsent or not self.secured:
            raise BlockingIOError("records wait, or the handshake does")
        self.tls.write(data)
        self.flush()
        return len(data)

    def flush(self) -> None:
        """Give the kernel the records that wait."""
        self.unsent += self.outgoing.read()
        with suppress(BlockingIOError):  # its buffer is full: interest() asks for WRITE
            if self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]

    def interest(self, wanted: int) -> int:
        """Return what to watch for, where the channel wants ``wanted``."""
        if not self.secured:
            wanted = READ  # the handshake waits for the peer; there is room all the time
        return wanted | WRITE if self.unsent else wanted

    def fileno(self) -> int:
        """Return the descriptor's number."""
        return self.sock.fileno()

    def close(self) -> None:
        """Send a close_notify, if there is room for it, and close the socket."""
        with suppress(OSError):  # the peer's half of the goodbye is not waited for
            if self.secured:
                self.tls.unwrap()
        with suppress(OSError):
            self.flush()
        self.sock.close()


class SecureEcho(Echo):
    """Sends back each line, over TLS."""

    def __init__(
        self, loop: step07_waker.Loop, sock: socket.socket, context: ssl.SSLContext
    ) -> None:
        self.tls = TlsSocket(sock, context)
        super().__init__(loop, sock)
        self.sock = cast(socket.socket, self.tls)

    def interest(self) -> int:
        """Return what TLS has to wait for."""
        return self.tls.interest(super().interest())

    def drained(self) -> bool:
        """Return whether everything was sent, the records too."""
        return super().drained() and not self.tls.unsent

    def handle_read(self) -> None:
        """Records have arrived, or a part of one."""
        with suppress(BlockingIOError):
            super().handle_read()
        self.interest_changed()  # the handshake has ended, perhaps, or an answer of it waits

    def handle_write(self) -> None:
        """There is room: first for the records, then for the queue."""
        self.tls.flush()
        super().handle_write()


def main() -> None:
    """Serve until Ctrl-C; then send what is queued, and end."""
    loop = Loop()
    signal.signal(signal.SIGINT, lambda number, frame: loop.stop())
    server = socket.create_server(("127.0.0.1", 1234))
    if len(sys.argv) == 3:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*sys.argv[1:])
        Listener(loop, server, lambda loop, sock: SecureEcho(loop, sock, context))
    else:
        Listener(loop, server, Echo)
    loop.run()
    loop.close()


if __name__ == "__main__":
    main()
