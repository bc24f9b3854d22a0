"""TLS on a live channel: the handshake, its deadline, what waits for what, the close_notify.

``TlsChannel`` takes the channel's place on the loop, and ``TlsSocket`` the place of its socket.  So
the channel's own code stays as it is, and a plain connection runs none of this.
"""

import errno
import ssl
from socket import SHUT_WR
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import cast

from miniloop.chat import AsyncChat
from miniloop.dispatcher import CHUNK, Dispatcher
from miniloop.net.closing import unread
from miniloop.net.tls_socket import MOST_AT_ONCE, TlsSocket
from miniloop.queued import QueuedDispatcher
from miniloop.readiness import READ, URGENT, WRITE, Channel, Registration
from miniloop.state import HANDOVER, Output
from miniloop.timers import Handle, TimerHandle

GOODBYE_TIMEOUT = 5.0
"""Seconds in which a peer must answer our goodbye, once it has all records: as ``stop()`` waits.
(The last records have the channel's ``close_timeout``.  The time limit of the handshake is an
argument of ``start_tls()``, by default ``dispatcher.TLS_TIMEOUT``.)"""


def start_tls(
    channel: Dispatcher,
    context: ssl.SSLContext,
    server_side: bool,
    server_hostname: str | None,
    timeout: float | None,
) -> None:
    """Put TLS between the loop and ``channel``; see ``Dispatcher.start_tls()``."""
    channel.check_open("start_tls()")
    registration = channel._registration_
    begun = registration is not None and registration.channel is not channel
    if not channel.connected or channel._datagram_ or begun:
        raise RuntimeError(
            "start_tls() needs a connected stream without TLS: call it once, "
            "a client in handle_connect()"
        )
    if timeout is not None and not timeout > 0:
        raise ValueError(f"a time limit is a number of seconds above 0, not {timeout!r}")
    tls = TlsChannel(channel, context, server_side, server_hostname)
    plain = _last_plain_output(channel, server_side)
    if registration is not None:
        channel._hold_reading_(HANDOVER)
        tls.start(registration, plain, timeout)


def _last_plain_output(channel: Dispatcher, server_side: bool) -> bytes:
    """Return what leaves in the clear before TLS: the last answer of a server, say.

    Raises:
        RuntimeError: the channel is ending; or it is a client's, whose output can only have been
            pushed too early; or a producer waits, which could be endless.
    """
    if channel._output_ is not Output.OPEN:
        raise RuntimeError("start_tls() after close_when_done() or close_write()")
    if not isinstance(channel, QueuedDispatcher):
        return b""
    if channel._outbox_ and not server_side:
        raise RuntimeError(
            "start_tls(): what was pushed before it would leave unprotected: push it after "
            "start_tls()"
        )
    if channel._outbox_.promised:  # it could be endless, and all of it would be read here
        raise RuntimeError("start_tls(): a producer waits: start TLS when it has ended")
    return b"".join(iter(channel._outbox_.take, b""))


class TlsChannel(Channel):
    """Stands between the loop and a channel, and speaks TLS.

    Args:
        channel: connected and registered.
        context, server_side, server_hostname: as in ``ssl.SSLContext.wrap_bio()``.

    Attributes:
        socket: what the channel is given for its socket.
    """

    def __init__(
        self,
        channel: Dispatcher,
        context: ssl.SSLContext,
        server_side: bool,
        server_hostname: str | None,
    ) -> None:
        """Do nothing yet but check the arguments."""
        self.socket = TlsSocket(
            channel.socket, context, server_side=server_side, server_hostname=server_hostname,
            changed=self._changed, closed=self._closed,
        )  # fmt: skip
        self._channel = channel
        self._loop = channel.loop
        self._leaving = False
        self._gave_up = False
        self._soon: Handle | None = None
        self._limit: TimerHandle | None = None

    def start(self, registration: Registration, plain: bytes, timeout: float | None) -> None:
        """Take the channel's place; the handshake begins when the present handler has returned.

        Args:
            registration: the channel's.
            plain: output that leaves before the first record.
            timeout: seconds for the handshake, or None.
        """
        self._channel.socket = cast(Socket, self.socket)
        registration.channel = self
        self.socket.begin(plain)
        self._soon = self._loop.call_soon(self._channel._guarded_, self._begin)
        if timeout is not None:
            self._limit = self._loop.call_later(timeout, self._too_late, timeout)

    # -- the handshake ---------------------------------------------------------------------------

    def _begin(self) -> None:
        """What the peer sent too early is TLS or it is nothing: it was not protected."""
        self._soon = None
        if isinstance(self._channel, AsyncChat):
            self.socket.feed(self._channel._framer_.take_rest())
        self._channel._release_reading_(HANDOVER)
        self._shake()

    def _shake(self) -> None:
        """Go on with the handshake."""
        try:
            if not self.socket.handshake():
                return
        except OSError as error:
            self._channel._lost_(error)
            return
        self._stop_waiting()
        self._changed()
        self._channel.handle_secured()

    def _too_late(self, timeout: float) -> None:
        """The handshake took too long."""
        reason = TimeoutError(errno.ETIMEDOUT, f"no TLS handshake within {timeout:g} seconds")
        self._channel._guarded_(self._channel.abort, reason)

    # -- what the loop asks ----------------------------------------------------------------------

    def interest(self) -> int:
        """Return READ and WRITE as TLS wants them, and what the channel wants of the rest.

        What is decrypted already, no kernel will announce; so where the channel listens and there
        is such a thing, this also asks the loop to call us.  Asking twice changes nothing.
        """
        tls = self.socket
        wanted = WRITE if tls.unsent else 0
        if not tls.secured or self._leaving:
            return wanted | READ
        theirs = self._channel.interest() & ~URGENT
        if theirs & READ and tls.ready() and self._soon is None:
            self._soon = self._loop.call_soon(self._channel._guarded_, self._go_on)
        if tls.write_wants_read:
            theirs = theirs & ~WRITE | READ
        if len(tls.unsent) > 2 * MOST_AT_ONCE or (tls.eof and tls.unsent):
            theirs &= WRITE  # answers pile up, or the end is known and told after they have left
        return wanted | theirs

    def _go_on(self) -> None:
        """Deliver what is here already, as the kernel's event would."""
        self._soon = None
        if self._leaving or not (self._channel.interest() & READ and self.socket.ready()):
            return
        self._changed()  # there may be more
        self._channel.handle_read_event()

    def _changed(self) -> None:
        """Be asked again; an end that waits for records to leave does not wait for ever."""
        self._channel.interest_changed()
        if self.socket.eof and not self._leaving:
            if not self.socket.unsent:
                self._stop_waiting()
            elif self._limit is None:
                self._wait_a_while()

    def drained(self) -> bool:
        """Return whether nothing is waiting to be sent, plain or encrypted."""
        return self._channel.drained() and not self.socket.unsent

    # -- events ----------------------------------------------------------------------------------

    def handle_read_event(self) -> None:
        """Records have arrived, or a part of one."""
        self._channel._note_traffic_()
        if not self.socket.secured:
            self._shake()
        elif self._leaving:
            self._forget_input()
        elif self.socket.write_wants_read:
            self.socket.write_wants_read = False
            self._changed()
            self._read_for_writing()
        else:
            self._channel.handle_read_event()

    handle_read = handle_read_event

    def _read_for_writing(self) -> None:
        """Read, so that writing can go on; the channel itself may not want to."""
        if self._channel.interest() & READ:
            self._channel.handle_read_event()
        else:
            self._channel.handle_hangup_event()

    def handle_write_event(self) -> None:
        """There is room: first for the records that are waiting, then for the channel."""
        waiting = len(self.socket.unsent)
        try:
            self.socket.flush()
        except OSError as error:
            self._channel._lost_(error)
            return
        if len(self.socket.unsent) < waiting:  # it reads, if slowly
            self._channel._note_traffic_()
            if self._leaving or self.socket.eof:
                self._wait_a_while()
        if self.socket.unsent or not self.socket.secured:
            return
        if self._leaving:
            self._channel.flush()
        elif self._channel.interest() & WRITE and not self.socket.write_wants_read:
            self._channel.handle_write_event()

    def handle_expt_event(self) -> None:
        """Out-of-band data is not protected: it is not asked for."""

    def handle_hangup_event(self) -> None:
        """The peer has gone while reading is paused."""
        self._channel.handle_hangup_event()

    def handle_error(self) -> None:
        """An exception escaped from a handler."""
        self._channel.handle_error()

    def handle_stop(self) -> None:
        """The loop is stopping."""
        self._channel.handle_stop()

    def evict(self, newcomer: Channel) -> None:
        """Let go of the descriptor."""
        self._channel.evict(newcomer)

    def end(self) -> None:
        """Report the channel's end, and close it."""
        self._channel.end()

    def _leave_(self) -> None:
        """Leave the loop when the channel's ``close()`` has failed."""
        self._channel._leave_()

    def fileno(self) -> int:
        """Return the descriptor's number."""
        return self._channel.fileno()

    def __repr__(self) -> str:
        """Show the channel."""
        return repr(self._channel)

    # -- the end ---------------------------------------------------------------------------------

    def _goodbye_(self) -> bool:
        """Send ``close_notify`` and look for the peer's; return whether nothing is to wait for.

        The channel calls it when it has sent everything, and is flushed again when it is over: the
        peer has answered or gone, or the time is up.
        """
        if not self._leaving:
            self._leaving = True
            self._wait_a_while()
            try:
                self.socket.shutdown(SHUT_WR)
            except OSError:
                self._gave_up = True  # the peer is gone
            self._changed()
        answered = self.socket.eof and not self.socket.unsent
        return answered or self._gave_up or not self.socket.secured

    def _forget_input(self) -> None:
        """Read until the peer's goodbye."""
        try:
            if self.socket.recv(CHUNK):
                return
        except BlockingIOError:
            return
        except OSError:
            self._gave_up = True
        self._channel.flush()

    def _give_up(self, seconds: float) -> None:
        """The peer does not answer, or does not even read."""
        self._limit = None
        self._gave_up = True
        if self.socket.unsent:
            self._channel._guarded_(self._channel.abort, unread(seconds))
            return
        self._changed()
        self._channel._guarded_(self._channel.flush)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _closed(self) -> None:
        """The socket is closed: wait for nothing."""
        self._stop_waiting()
        if self._soon is not None:
            self._soon.cancel()

    def _wait_a_while(self) -> None:
        """Give the peer some seconds from now on."""
        self._stop_waiting()
        seconds = self._seconds()
        if seconds is not None:
            self._limit = self._loop.call_later(seconds, self._give_up, seconds)

    def _seconds(self) -> float | None:
        """Return how long to wait for what is awaited: the last records leave, or an answer."""
        return self._channel.close_timeout if self.socket.unsent else GOODBYE_TIMEOUT

    def _stop_waiting(self) -> None:
        """Cancel the deadline."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
