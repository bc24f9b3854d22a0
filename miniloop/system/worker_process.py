"""A worker's process from both sides: forked, connected with its parent, ended.

One pair of sockets connects the two.  The worker sends READY; the parent sends RETIRE; and the end
of the stream means "stop in order".  So a parent that is killed, which closes its side, stops its
workers by the same way as one that stops them: no worker survives it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.system.children import Child
from miniloop.system.worker_states import Limits
from miniloop.timers import TimerHandle

logger = logging.getLogger("miniloop")

READY, RETIRE = b"+", b"-"
CHECK = 0.1  # seconds between two looks at what a retired worker has left

HELD_BACK = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that wait over a fork, until the worker has handlers of its own."""


class InWorker(BaseException):
    """Raised in a forked worker, to leave the parent's loop and every frame below it.

    Attributes:
        number: of the worker's slot.
        sock: the worker's side of the connection.
    """

    def __init__(self, number: int, sock: socket.socket) -> None:
        super().__init__(number)
        self.number = number
        self.sock = sock


# -- in the parent --------------------------------------------------------------------------------


class ForkedProcess:
    """A forked child, with what ``Child`` needs of ``subprocess.Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        """Collect it; where SIGCHLD is ignored the kernel forgets the status, which counts as 0."""
        if self.returncode is None:
            try:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                self.returncode = 0
        return self.returncode


class ParentSide(Dispatcher):
    """The parent's side of the connection with a worker."""

    def __init__(self, loop: EventLoop, sock: socket.socket, on_ready: Callable[[], None]) -> None:
        super().__init__(loop, sock)
        self._on_ready = on_ready

    def handle_read(self) -> None:
        """The worker is ready."""
        if READY in self.recv():
            self._on_ready()


class WorkerProcess:
    """A worker, as the supervisor starts it; in the worker itself the constructor raises.

    Args:
        loop: the parent's loop.
        number: of the worker's slot.
        on_ready: called when the worker serves.
        on_exit: called with the exit status, or the negated number of the signal that ended it.

    Raises:
        InWorker: this is the worker.
        OSError: the system refuses one more process or descriptor.
    """

    def __init__(
        self,
        loop: EventLoop,
        number: int,
        on_ready: Callable[[], None],
        on_exit: Callable[[int], None],
    ) -> None:
        ours, theirs = socket.socketpair()
        try:
            self.pid = _fork()
        except BaseException:
            ours.close()
            theirs.close()
            raise
        if not self.pid:
            ours.close()
            raise InWorker(number, theirs)
        theirs.close()
        self._process = ForkedProcess(self.pid)
        self._link = ParentSide(loop, ours, on_ready)
        self._child = Child(loop, self._process, on_exit)

    def retire(self) -> None:
        """Have it accept no more, serve the connections that it has, and end."""
        if not self._link.closed:
            self._link.send(RETIRE)

    def stop(self) -> None:
        """Have it end in order."""
        self._link.close()

    def kill(self) -> None:
        """End it at once; harmless when it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _fork() -> int:
    """Fork; in the child some signals wait, until ``serve_until_told()`` lets them in."""
    _flush()  # or both would write what is in the buffers
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _held_back())
    try:
        pid = os.fork()
    except BaseException:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _held_back() -> set[signal.Signals]:
    return {signal.Signals[name] for name in HELD_BACK}


def _flush() -> None:
    """Write what ``print()`` has buffered; without a reader it is lost."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # None, broken, closed
            stream.flush()


# -- in the worker --------------------------------------------------------------------------------


class WorkerSide(Dispatcher):
    """The worker's side: it obeys the parent.

    Args:
        loop: the worker's loop.
        sock: connected with the parent.
        limits: how long retiring and stopping may take.
    """

    def __init__(self, loop: EventLoop, sock: socket.socket, limits: Limits) -> None:
        super().__init__(loop, sock)
        self._limits = limits
        self._retired_at: float | None = None
        self._next_check: TimerHandle | None = None

    def report_ready(self) -> None:
        """Tell the parent that this worker serves; it may have stopped this worker already."""
        if not self.closed:
            self.send(READY)

    def handle_read(self) -> None:
        """The parent has something to say."""
        if RETIRE in self.recv():
            self.retire()

    def handle_close(self) -> None:
        """The parent stops this worker, or is gone."""
        self.loop.stop(self._limits.grace)

    def retire(self) -> None:
        """Close the listeners, and stop when the last connection has ended, or the time is up."""
        if self._retired_at is not None:
            return
        self._retired_at = self.loop.time()
        for registration in self.loop._channels():
            if getattr(registration.channel, "accepting", False):
                registration.channel.close()
        self._check(self._retired_at)

    def _check(self, retired_at: float) -> None:
        over = self.loop.time() - retired_at >= self._limits.drain
        if over or not self._is_busy():
            self.loop.stop(self._limits.grace)
        else:
            self.loop.call_later(CHECK, self._check, retired_at)

    def _is_busy(self) -> bool:
        """Return whether there is more than this connection."""
        others = [each for each in self.loop._channels() if each.channel is not self]
        return bool(others) or any(work.busy() for work in self.loop.background)


def be_worker(
    serve: Callable[[EventLoop, int], object], started: InWorker, limits: Limits
) -> NoReturn:
    """Serve until the parent says otherwise, and end the process, whatever happens.

    ``os._exit()`` and not ``sys.exit()``: what the parent's program does at its end is the
    parent's.
    """
    code = 1
    try:
        _serve(serve, started, limits)
        code = 0
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except SystemExit as error:
        code = _exit_code(error)
    except BaseException:
        logger.exception("worker %d (process %d) failed", started.number, os.getpid())
    finally:
        _flush()
        os._exit(code)


def _serve(serve: Callable[[EventLoop, int], object], started: InWorker, limits: Limits) -> None:
    with EventLoop() as loop:
        parent = WorkerSide(loop, started.sock, limits)
        loop.add_signal_handler(signal.SIGHUP, parent.retire)  # a terminal sends it to all of us
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _held_back())
        serve(loop, started.number)
        loop.call_soon(parent.report_ready)  # when run() handles SIGTERM
        loop.run()


def _exit_code(error: SystemExit) -> int:
    """Return the status that ``sys.exit()`` means; a text goes to standard error."""
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    logger.error("%s", error.code)
    return 1
