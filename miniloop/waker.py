"""Wake a waiting loop, from another thread or from a signal handler.

A byte that is written to one end of a pair of sockets makes the other readable, which ends the
selector's wait.  The waker is a channel, but the loop neither counts it nor closes it with others.
"""

import logging
import socket

from miniloop.readiness import READ, Channel

logger = logging.getLogger("miniloop")


class Waker(Channel):
    """A channel whose only purpose is to become readable."""

    plain_read = True

    def __init__(self) -> None:
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
            return  # the buffer is full of wake-ups already, so the loop will wake
        except OSError:
            if self._sender.fileno() >= 0:
                raise
            # The loop was closed by another thread after the caller had looked: no wait is left.

    def signal_fileno(self) -> int:
        """Return the descriptor for ``signal.set_wakeup_fd()``."""
        return self._sender.fileno()

    def handle_read(self) -> None:
        """Read the wake-ups, then reset the mark.

        In the other order another thread could set the mark again and have its byte read here: a
        mark without a byte, and no wake-up would ever write again.  A thread that finds the mark
        set need not write: the loop is awake, and looks for work.
        """
        try:
            while len(self._receiver.recv(4096)) == 4096:
                pass
        except BlockingIOError:
            pass  # read already
        self._pending = False

    def fileno(self) -> int:
        """Return the end that the loop watches."""
        return self._receiver.fileno()

    def interest(self) -> int:
        """Return READ."""
        return READ

    def handle_error(self) -> None:
        """Report that a descriptor was closed which belongs to the loop."""
        logger.exception("the loop lost its waker: call_soon_threadsafe() and stop() fail now")

    def evict(self, newcomer: Channel) -> None:
        """Report that the loop's own descriptor was closed and belongs to ``newcomer`` now."""
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
