"""A socket that speaks TLS: plain bytes on this side, records on the kernel's.

It has the methods that a channel uses of a socket, never blocks, and raises BlockingIOError where a
socket would.  Nothing here knows a loop: a callback tells the owner when what it waits for
has changed.

OpenSSL works on two buffers in memory and never sees the descriptor.  So every record made in a
pass leaves with one system call, output that was taken is ours to keep (OpenSSL on a socket wants
the *same* bytes again after a short write, which a discarded queue cannot give), and it is known at
any time whether anything waits for READ, for WRITE, or for neither.  The buffers are bounded: one
receive in, and one ``MOST_AT_ONCE`` out.

OpenSSL does not learn that the TCP stream has ended.  Under ``OP_IGNORE_UNEXPECTED_EOF``, which
some builds of Python set, it would report a truncated connection as closed in order.  So the only
end that OpenSSL reports is ``close_notify``, and a stream that ends before it is an error.
"""

import errno
import os
import ssl
from collections.abc import Callable
from contextlib import suppress
from socket import MSG_PEEK
from socket import socket as Socket

from miniloop.channel import without_frames
from miniloop.dispatcher import CHUNK
from miniloop.net.discarding import discard_input

RECORD = 16384
"""Plain bytes in a record at most (RFC 8446, 5.1).  Reading whole ones leaves none in OpenSSL."""

MOST_AT_ONCE = 1 << 18
"""Plain bytes encrypted at once, before the kernel has taken the last ones: a large send buffer."""


class TlsSocket:
    """TLS over a connected, non-blocking socket.

    Args:
        sock: owned from now on.
        context, server_side, server_hostname: as in ``ssl.SSLContext.wrap_bio()``.
        changed: called when what it waits for may have changed.
        closed: called once, when it was closed.

    Raises:
        ValueError, ssl.SSLError: the arguments do not fit each other.

    Attributes:
        ssl_object: OpenSSL's view of the connection: certificate, protocols, cipher.
        secured: the handshake has ended well.
        unsent: records that the kernel has not taken yet.
        write_wants_read: output waits for input (a renegotiation in TLS 1.2).
        eof: the peer has said that it will send no more (``close_notify``).
    """

    def __init__(
        self,
        sock: Socket,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None,
        changed: Callable[[], object],
        closed: Callable[[], object],
    ) -> None:
        """Send and receive nothing yet."""
        if context.check_hostname and not server_side and not server_hostname:
            raise ValueError("this context checks the server's name: give server_hostname")
        self._sock = sock
        self._pid = os.getpid()
        self._changed = changed
        self._closed = closed
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(
            self._incoming, self._outgoing, server_side, server_hostname
        )
        self.secured = False
        self.unsent = b""
        self.write_wants_read = False
        self.eof = False
        self._plain = b""  # decrypted, and not handed out yet
        self._failure: OSError | None = None
        self._stream_ended = False
        self._end_told = False
        self._shut = False
        self._notified = False
        self.getsockname, self.getpeername = sock.getsockname, sock.getpeername
        self.getsockopt, self.setsockopt = sock.getsockopt, sock.setsockopt

    # -- the handshake ---------------------------------------------------------------------------

    def begin(self, plain: bytes) -> None:
        """Put bytes in the clear in front of the first record."""
        self.unsent = plain

    def feed(self, data: bytes) -> None:
        """Take bytes that were received already as the beginning of the peer's records."""
        self._incoming.write(data)

    def handshake(self) -> bool:
        """Go on with the handshake; return whether it has ended.

        Raises:
            OSError: it failed; ``ssl.SSLError`` and its subclasses tell why.
        """
        self._receive()
        if self._failure is None:
            try:
                self.ssl_object.do_handshake()
                self.secured = True
            except ssl.SSLWantReadError:
                self._need_more()
            except OSError as error:
                self._failure = without_frames(error)  # close() sends the alert
        if self._failure is not None:
            raise self._failure
        self.flush()
        if self.secured and self._shut:
            self._notify()
        return self.secured

    # -- receiving -------------------------------------------------------------------------------

    def recv(self, size: int = CHUNK, flags: int = 0) -> bytes:
        """Receive at most ``size`` plain bytes; b"" after the peer's ``close_notify``.

        The end is told when everything that was encrypted before has left, because the answer to
        it is usually ``close()``.

        Raises:
            BlockingIOError: nothing now.
            OSError: the connection failed; ``ssl.SSLEOFError`` if it was cut off without a
                ``close_notify``.
        """
        if not self._plain and size > 0:
            self._plain = self._decrypt_many(size)
        data = self._plain[:size]
        if not flags & MSG_PEEK:
            self._plain = self._plain[size:]
        if self.ready():
            self._changed()
        return data

    def ready(self) -> bool:
        """Return whether ``recv()`` has something to say that the kernel will not announce."""
        if self._plain or self.ended():
            return True
        return bool(self._incoming.pending) and not (self.eof or self._failure)

    def ended(self) -> bool:
        """Return whether an end is known and still to be told."""
        over = self._failure is not None or (self.eof and not self.unsent)
        return over and not self._end_told

    def _decrypt_many(self, size: int) -> bytes:
        """Decrypt records until ``size`` bytes; ask the kernel once."""
        if not self.secured:
            raise BlockingIOError(errno.EAGAIN, "the TLS handshake is going on")
        records: list[bytes] = []
        asked = False
        while size > 0:
            record = self._decrypt()
            if not record:
                if asked or not self._receive():
                    break
                asked = True
            records.append(record)
            size -= len(record)
        if self._outgoing.pending:  # an answer to a KeyUpdate, or an alert
            with suppress(OSError):  # it will show again in sending
                self.flush()
        return b"".join(records) or self._nothing()

    def _decrypt(self) -> bytes:
        """Return the next record's bytes; b"" when there are none now, or no more."""
        if self.eof or self._failure is not None:
            return b""
        try:
            record = self.ssl_object.read(RECORD)
        except ssl.SSLWantReadError:  # half a record, or one that carries no data
            self._need_more()
            return b""
        except ssl.SSLZeroReturnError:
            record = b""
        except OSError as error:
            self._failure = error
            return b""
        self.eof = not record
        if self.eof:
            self._changed()
        return record

    def _receive(self) -> bool:
        """Hand what the kernel has to OpenSSL; return whether it had anything."""
        try:
            data = self._sock.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            self._failure = self._failure or error
            return False
        if self.eof or self._failure is not None:
            return False  # what follows the end is not looked at
        self._incoming.write(data)
        self._stream_ended = not data
        return True

    def _need_more(self) -> None:
        """OpenSSL needs more records; after the end of the stream that is a failure."""
        if self._stream_ended:
            where = "without a close_notify" if self.secured else "during the TLS handshake"
            self._failure = _truncated(f"the peer ended the connection {where}")

    def _nothing(self) -> bytes:
        """Tell why there is nothing: the end, a failure, or not now."""
        if self._failure is not None:
            self._end_told = True
            raise self._failure
        if self.eof and not self.unsent:
            self._end_told = True
            return b""
        raise BlockingIOError(errno.EAGAIN, "nothing to read")

    # -- sending ---------------------------------------------------------------------------------

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Encrypt and send; return how many of the bytes were taken.

        Raises:
            BlockingIOError: not now: the handshake goes on, or the kernel's buffer is full.
            OSError: the connection failed.
            TypeError: ``data`` is not bytes.
        """
        view = memoryview(data).cast("B")
        if self._shut:
            raise BrokenPipeError(errno.EPIPE, "sending after close_write()")
        if not self.secured or self.unsent or self.write_wants_read:
            raise BlockingIOError(errno.EAGAIN, "not now")
        taken = 0
        try:
            while taken < min(len(view), MOST_AT_ONCE):
                taken += self.ssl_object.write(view[taken:MOST_AT_ONCE])
        except ssl.SSLWantReadError:
            self.write_wants_read = True
            self._changed()
        self.flush()
        if not taken and view:
            raise BlockingIOError(errno.EAGAIN, "the peer renegotiates")
        return taken

    def flush(self) -> None:
        """Give the kernel what it takes of the records; the rest stays in ``unsent``."""
        waited = bool(self.unsent)
        if self._outgoing.pending:
            self.unsent += self._outgoing.read()
        if self.unsent:
            with suppress(BlockingIOError):
                self.unsent = self.unsent[self._sock.send(self.unsent) :]
        if waited or self.unsent:
            self._changed()

    def shutdown(self, how: int) -> None:
        """Say that nothing more will come (``close_notify``); reading goes on."""
        self._shut = True
        self._notify()

    def _notify(self) -> None:
        """Send ``close_notify``, once, and not before the handshake has ended."""
        if self._notified or not self.secured or self._failure is not None:
            return
        self._notified = True
        held = self._incoming.read()  # unwrap() would look for the answer in it and choke on data
        with suppress(ssl.SSLError):  # "want read": the answer is not here yet
            self.ssl_object.unwrap()
        self._incoming.write(held)
        self.flush()

    # -- the rest of a socket --------------------------------------------------------------------

    def close(self) -> None:
        """Say goodbye if that is possible at once, and close.

        After a failure what has arrived is read and forgotten: closing over unread data would
        reset the connection, and the reset could overtake the alert.  A forked child says nothing:
        the connection is its parent's.
        """
        if os.getpid() == self._pid:
            with suppress(OSError):
                self._notify()
                self.flush()
            if self._failure is not None:
                discard_input(self._sock)
        self._sock.close()
        self._release()

    def detach(self) -> int:
        """Forget the descriptor without closing it."""
        self._release()
        return self._sock.detach()

    def _release(self) -> None:
        """Report the end, and let go of the owner: a circle would hold both until collected.

        The traceback of a failure holds the owner too, in the frames of its handlers.
        """
        if self._failure is not None:
            self._failure.__traceback__ = None
        closed, self._changed, self._closed = self._closed, _no_op, _no_op
        closed()

    def fileno(self) -> int:
        """Return the descriptor's number."""
        return self._sock.fileno()


def _truncated(text: str) -> ssl.SSLEOFError:
    """Return the error of a truncated stream, with the attributes that OpenSSL's own have."""
    error = ssl.SSLEOFError(ssl.SSL_ERROR_EOF, text)
    error.library, error.reason = "SSL", "UNEXPECTED_EOF_WHILE_READING"
    return error


def _no_op() -> None:
    """Replace the owner's callbacks after the end."""
