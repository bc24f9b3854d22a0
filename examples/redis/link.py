"""One connection to a Redis server: greeting, commands and their replies in order, its end."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis

from examples.redis.address import Address
from examples.redis.command import Command, Word
from examples.redis.replies import MOST_BYTES, ProtocolError, Replies, brief
from miniloop import EventLoop
from miniloop.queued import QueuedDispatcher

logger = logging.getLogger("redis_client")

KEEPALIVE = 30.0
"""Seconds of silence before a PING: a peer that vanished is noticed on a quiet connection too."""

CLOSED = ConnectionAbortedError("closed by this program")


class Lost(ConnectionError):
    """The connection ended before the answer: the command may have been carried out, or not."""


class Link(QueuedDispatcher):
    """A connection.  It is used once: ``Reconnecting`` makes the next one.

    Args:
        loop: the loop that serves it.
        address: the server.
        timeout: seconds for the connect, for the TLS handshake, and for each command of the
            greeting.
        most_bytes: most bytes of commands that may wait to be sent.
        most_reply: longest reply in bytes.
        on_ready: called with this link when the server has taken the greeting.
        on_push: called from the loop with each push message that answers no command.
        on_end: called with the reason when it is closed.
        needed: asked in an orderly stop of the loop whether it must stay open.

    Attributes:
        reason: why it ended.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        *,
        timeout: float,
        most_bytes: int,
        most_reply: int = MOST_BYTES,
        on_ready: Callable[["Link"], object],
        on_push: Callable[[list[Any]], object],
        on_end: Callable[[Exception], object],
        needed: Callable[[], bool] = lambda: False,
    ) -> None:
        """Connect."""
        super().__init__(loop)
        self.max_output = most_bytes
        self.reason: Exception | None = None
        self._address = address
        self._timeout = timeout
        self._on_ready = on_ready
        self._on_push = on_push
        self._on_end = on_end
        self._needed = needed
        self._replies = Replies(most_reply)
        self._sent: deque[Command] = deque()  # not answered yet
        self.on_close(self._report_ended)
        self.connect_to(address.host, address.port, timeout)

    # -- the beginning ---------------------------------------------------------------------------

    def handle_connect(self) -> None:
        """Begin TLS, or greet."""
        tls = self._address.tls
        if tls is None:
            self._greet()
        else:
            self.start_tls(tls, server_hostname=self._address.host, timeout=self._timeout)

    def handle_connect_error(self, error: OSError) -> None:
        """There is no connection."""
        self.reason = error

    def handle_secured(self) -> None:
        """The server's certificate is the right one."""
        self._greet()

    def _greet(self) -> None:
        try:
            greeting = self._address.greeting()
        except OSError as error:
            self.fail(error)
            return
        self.set_idle_timeout(KEEPALIVE)
        *first, last = greeting
        for words in first:
            self._send_own(words, self._greeted)
        self._send_own(last, self._welcomed)

    def _greeted(self, reply: object, name: str = "the greeting") -> bool:
        """Return whether the server has taken one command of the greeting."""
        if isinstance(reply, Exception):
            self.fail(ConnectionError(f"the server refused {name}: {brief(reply)}"))
        return not self.closed

    def _welcomed(self, reply: object) -> None:
        if self._greeted(reply):
            self._on_ready(self)

    def _send_own(self, words: tuple[Word, ...], on_reply: Callable[[Any], object] | None) -> None:
        """Send a command of the link's own."""
        self.send_command(Command(self.loop, words, on_reply, self._timeout, self.give_up))

    # -- commands and replies ---------------------------------------------------------------------

    def send_command(self, command: Command) -> None:
        """Send a command; all that are sent in one pass leave together."""
        self._sent.append(command)
        self.push(command.packed)

    def handle_read(self) -> None:
        """Take the replies that have arrived."""
        try:
            for reply in self._replies.feed(self.recv()):
                self._take(reply)
        except ProtocolError as error:
            self.fail(error)

    def _take(self, reply: Any) -> None:
        if isinstance(reply, hiredis.PushNotification):
            self._take_push(reply)
        elif not self._sent:
            raise ProtocolError("a reply that belongs to no command")
        elif self._sent[0].confirmations and not isinstance(reply, hiredis.ReplyError):
            raise ProtocolError(f"{self._sent[0].name.upper()} was answered with a reply")
        else:
            self._sent.popleft().finish(reply)

    def _take_push(self, push: list[Any]) -> None:
        """Take what was not asked for, or the confirmation of a subscription."""
        head = self._sent[0] if self._sent else None
        if head is None or not (head.confirmations and push[:1] == [head.name.encode()]):
            self.loop.call_soon(self._on_push, push)
            return
        head.confirmations -= 1
        if not head.confirmations:
            self._sent.popleft().finish(push)

    def handle_idle(self) -> None:
        """Nothing moved for a while: is the server still there?  A blocking command has a limit."""
        if not self._sent:
            self._send_own(("PING",), None)

    # -- the end ----------------------------------------------------------------------------------

    def drained(self) -> bool:
        """Return whether an orderly stop of the loop may close it: it is not needed any more."""
        return super().drained() and not (self.connected and self._needed())

    def give_up(self, command: Command) -> None:
        """End: a command took too long, and what comes now could be the answer to it."""
        error = TimeoutError(f"{command.name.upper()}: no answer in time; it may have been done")
        command.finish(error)
        self.fail(error)

    def fail(self, reason: Exception) -> None:
        """End, and say why."""
        if not self.closed:
            self.reason = reason
            self.end()

    def handle_eof(self) -> None:
        """The server has finished: nothing that waits will be answered."""
        self.fail(ConnectionResetError("the server closed the connection"))

    def _report_ended(self) -> None:
        reason = self.reason or self.error or CLOSED
        if reason is not CLOSED:
            logger.warning("%s: %s", self._address, brief(reason))
        lost, self._sent = self._sent, deque()
        for command in lost:
            command.finish(Lost(f"{command.name.upper()}: {brief(reason)}; it may have been done"))
        self._on_end(reason)
