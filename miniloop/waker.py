"""Wake a waiting loop, from another thread or from a signal handler.

A pair of connected sockets: writing a byte to one end makes the other readable, which ends the
selector's wait.  The waker is a channel like any other, only that the loop neither counts nor
closes it with the others.
"""

import logging
import socket

from miniloop.readiness import READ, Channel

logger = logging.getLogger("miniloop")


class Waker:
    """A channel whose only purpose is to become readable."""

    plain_read = True

    def __init__(self) -> None:
        """Open the pair; both ends never block."""
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self._pending = False

    def wake(self) -> None:
        """End the wait in progress, or the next one; callable from any thread."""
        if self._pending:
            return
        self._pending = True
        try:
            self._sender.send(b"\0")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already, so the loop will wake
        except OSError:
            if self._sender.fileno() >= 0:
                raise
            # Another thread's loop was closed after this one had looked: nobody waits any more.

    def signal_fileno(self) -> int:
        """Return the descriptor for ``signal.set_wakeup_fd()``."""
        return self._sender.fileno()

    def handle_read(self) -> None:
        """Swallow the wake-ups.

        The mark goes last.  Were it first, a wake-up from another thread could mark again and have
        its byte swallowed with the others: marked without a byte, nobody could ever wake us again.
        Who finds the mark still set need not write: the loop is awake, and looks at what there is
        to do after this.
        """
        try:
            while len(self._receiver.recv(4096)) == 4096:
                pass
        except BlockingIOError:
            pass  # swallowed already
        self._pending = False

    handle_read_event = handle_read

    def fileno(self) -> int:
        """Return the end that the loop watches."""
        return self._receiver.fileno()

    def interest(self) -> int:
        """Always READ."""
        return READ

    def drained(self) -> bool:
        """Nothing is ever queued here."""
        return True

    def flush(self) -> None:
        """Nothing is ever queued here."""

    def handle_stop(self) -> None:
        """A stopping loop still has to be woken."""

    def handle_write_event(self) -> None:
        """Never wanted."""

    handle_expt_event = handle_hangup_event = handle_write_event

    def handle_error(self) -> None:
        """Say so: something closed a descriptor that is not its own."""
        logger.exception("the loop lost its waker: call_soon_threadsafe() and stop() fail now")

    def evict(self, newcomer: Channel) -> None:
        """Say so: the loop's own descriptor was closed and belongs to ``newcomer`` now."""
        self._receiver.detach()
        logger.critical(
            "%r was given the loop's own descriptor: something closed what is not its own",
            newcomer,
        )

    def close(self) -> None:
        """Close both ends; a ``wake()`` that comes too late does nothing."""
        self._pending = True
        self._receiver.close()
        self._sender.close()
