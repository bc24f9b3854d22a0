"""Learn on the loop that a child process has ended, without asking it again and again.

Linux has a descriptor for a process, ``pidfd``, which becomes readable when the process ends.
Elsewhere a thread waits for it.  SIGCHLD is left alone: it would be one handler for all
children, on the main thread only, and other libraries want it too.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Protocol

from miniloop.channel import BaseChannel
from miniloop.loop import EventLoop
from miniloop.readiness import Channel


class Process(Protocol):
    """A child of this process: what ``subprocess.Popen()`` returns, say."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, or the negated number of a signal; None until it was collected."""

    def wait(self) -> int:
        """Wait for its end, collect it, and return the exit status; on any thread, and again."""


class Child(BaseChannel):
    """Calls ``on_exit(returncode)`` once, on the loop, when ``process`` has ended.

    The child is collected then, so it is no zombie; no other child is looked at.  While it is
    watched ``run()`` goes on.  ``close()`` watches no more and does nothing to the process, and so
    does the end of the loop.  After a ``fork()`` the report comes in the parent only, whose child
    it is.

    Args:
        loop: the loop that watches it.
        process: what ``subprocess.Popen()`` returned; it may have ended already.
        on_exit: called with ``process.returncode``: the exit status, or the negated number of the
            signal that killed it.

    Attributes:
        process: the process.

    Raises:
        OSError: the descriptors have run out.
        TypeError: ``on_exit`` is not callable.
    """

    def __init__(self, loop: EventLoop, process: Process, on_exit: Callable[[int], object]) -> None:
        """Watch it from now on."""
        super().__init__(loop)
        if not callable(on_exit):
            raise TypeError(f"on_exit is called with the exit status; {on_exit!r} cannot be")
        self.process = process
        self._on_exit_ = on_exit
        self._parent_ = os.getpid()
        self._fd_, self._close_fd_ = _exit_descriptor(process)
        try:
            self._attach_()
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor that tells of the end, -1 when it is over."""
        return self._fd_

    def handle_read(self) -> None:
        """It has ended, so ``wait()`` only collects it, or waits for a thread that is at it."""
        if self._parent_ != os.getpid():
            self.close()
            return
        returncode = self.process.wait()
        self.close()
        self._on_exit_(returncode)

    def evict(self, newcomer: Channel) -> None:
        """The descriptor's number belongs to another channel: do not close it."""
        self._fd_ = -1
        super().evict(newcomer)

    def close(self) -> None:
        """Watch no more; again is harmless."""
        super().close()
        fd, self._fd_ = self._fd_, -1
        if fd >= 0:
            self._close_fd_(fd)


def _exit_descriptor(process: Process) -> tuple[int, Callable[[int], object]]:
    """Return a new descriptor that becomes readable when the process has ended.

    And the function that closes it: Windows closes sockets by another one than files.
    """
    if hasattr(os, "pidfd_open") and process.returncode is None:
        try:
            return os.pidfd_open(process.pid), os.close
        except OSError:  # an old kernel, a sandbox that forbids it, collected elsewhere
            pass
    reader, writer = socket.socketpair()  # and no pipe: select() on Windows waits for sockets only
    Thread(target=_tell_the_end, args=(process, writer), daemon=True).start()
    return reader.detach(), socket.close


def _tell_the_end(process: Process, writer: socket.socket) -> None:
    """Wait in a thread; a byte and not the stream's end tells, which forks may keep open."""
    with writer:
        process.wait()
        with suppress(ConnectionError):  # the loop does not watch any more
            writer.send(b"\0")
