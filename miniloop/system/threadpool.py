"""Blocking work on threads; what comes of it returns through the loop.

Everything here runs on the loop's thread except ``_work()`` and the functions it calls.  The two
sides meet at one queue under one lock, and at ``call_soon_threadsafe()``.

Why not ``concurrent.futures``: its threads are joined when the interpreter exits, so one lookup
that hangs for a minute would hold the exit for a minute; and its queue has no bound.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from miniloop.loop import EventLoop

logger = logging.getLogger("miniloop")

_Result = TypeVar("_Result")

THREADS = 8
"""Enough to wait for a few slow disks and databases at once; work that computes gains nothing."""

MAX_QUEUED = 1000
"""Jobs that may wait: beyond it a program is not slow but overloaded, and should say so."""


class PoolFull(RuntimeError):
    """As many jobs wait as may; refuse the request, or try again later."""


class Job(Generic[_Result]):
    """A function that was handed to a pool; ``cancel()`` takes it back.

    Made by ``ThreadPool.submit()``.
    """

    _value: _Result
    _error: BaseException | None = None
    _done = False
    _cancelled = False

    def __init__(
        self,
        pool: "ThreadPool",
        function: Callable[..., _Result],
        args: tuple[object, ...],
        on_done: Callable[["Job[_Result]"], object] | None,
    ) -> None:
        """Remember what to call."""
        self._pool = pool
        self._function = function
        self._args = args
        self._on_done = on_done

    def __repr__(self) -> str:
        """Show the function and how far it is."""
        state = "cancelled" if self._cancelled else "done" if self._done else "pending"
        return f"<{type(self).__name__} {state} {self._function!r}>"

    def cancel(self) -> None:
        """Drop it if it waits, else drop what comes of it: ``on_done`` is not called.

        A function that runs already cannot be interrupted.  Harmless when it is done.
        """
        if not self._done:
            self._cancelled = True
            self._pool._withdraw(self)

    def cancelled(self) -> bool:
        """Return whether it was cancelled, by ``cancel()`` or by the pool's end."""
        return self._cancelled

    def done(self) -> bool:
        """Return whether ``result()`` can be asked for."""
        return self._done

    def result(self) -> _Result:
        """Return what the function returned, or raise what it raised.

        Raises:
            RuntimeError: it is not done yet, or was cancelled.
        """
        if not self._done:
            why = "was cancelled" if self._cancelled else "is not done: wait for on_done"
            raise RuntimeError(f"{self!r} {why}")
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        """Call the function, on a thread of the pool; every exception belongs to the loop."""
        try:
            self._value = self._function(*self._args)
        except BaseException as error:
            self._error = error

    def _finish(self) -> None:
        """Report the outcome, on the loop's thread; an error without a callback is logged."""
        self._done = True
        if self._on_done is not None:
            self._on_done(self)
        elif self._error is not None:
            logger.error("exception in %r", self._function, exc_info=self._error)


class ThreadPool:
    """Threads that do what would block the loop: files, databases, ``getaddrinfo()``.

    ``run()`` goes on while jobs are under way.  When the loop stops or is closed, the pool closes:
    waiting jobs are dropped and the results of running ones discarded.  The threads are daemons, so
    a function that hangs does not hold the interpreter's exit.

    Args:
        loop: on which results are told.
        threads: most jobs at once; a thread is started when one is needed.
        max_queued: most jobs that may wait for a thread.
        name: of the threads, for debuggers.

    Raises:
        RuntimeError: the loop is closed, or runs on another thread.
        ValueError: ``threads`` is below 1, or ``max_queued`` below 0.

    Attributes:
        closed: it takes no more jobs.
    """

    def __init__(
        self,
        loop: EventLoop,
        *,
        threads: int = THREADS,
        max_queued: int = MAX_QUEUED,
        name: str = "miniloop-pool",
    ) -> None:
        """Join the loop; no thread runs yet."""
        if threads < 1 or max_queued < 0:
            raise ValueError(
                f"a pool needs threads >= 1 and max_queued >= 0, not {threads} and {max_queued}"
            )
        loop._check_thread()
        self.closed = False
        self._loop = loop
        self._most_threads = threads
        self._max_queued = max_queued
        self._name = name
        self._threads: list[threading.Thread] = []
        self._pending: set[Job[Any]] = set()  # those that are waited for
        self._changed = threading.Condition()  # guards the next two, and the way to the loop
        self._queue: deque[Job[Any]] = deque()
        self._idle = 0
        loop.background[self] = None

    def submit(
        self,
        function: Callable[..., _Result],
        *args: object,
        on_done: Callable[[Job[_Result]], object] | None = None,
    ) -> Job[_Result]:
        """Call ``function(*args)`` on a thread, then ``on_done(job)`` on the loop's.

        Args:
            function: must not touch channels or the loop, except ``call_soon_threadsafe()``.
            args: its arguments.
            on_done: ``job.result()`` returns or raises in it what the function did.  Without it,
                an exception is logged.

        Raises:
            PoolFull: ``max_queued`` jobs wait already.
            RuntimeError: the pool is closed, or the loop runs on another thread.
            TypeError: ``function`` cannot be called.
        """
        if not callable(function):
            raise TypeError(f"submit() takes a function and its arguments, not {function!r}")
        self._loop._check_thread()
        job = Job(self, function, args, on_done)
        with self._changed:
            self._enqueue(job)
        self._pending.add(job)
        self._loop.scheduled(job)
        return job

    def _enqueue(self, job: Job[Any]) -> None:
        """Give it to an idle thread, or to a new one, or let it wait."""
        if self.closed:
            raise RuntimeError("submit(): the pool is closed; make a new ThreadPool")
        free = self._idle + self._most_threads - len(self._threads)
        if len(self._queue) >= free + self._max_queued:
            raise PoolFull(f"{self._max_queued} jobs wait already: refuse, or try again later")
        if len(self._queue) >= self._idle and len(self._threads) < self._most_threads:
            self._start_thread()
        self._queue.append(job)
        self._changed.notify()

    def _start_thread(self) -> None:
        number = len(self._threads) + 1
        thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads; those that run must do
            if not self._threads:
                raise
        else:
            self._threads.append(thread)
            self._idle += 1

    def _withdraw(self, job: Job[Any]) -> None:
        """Stop waiting for this one."""
        self._pending.discard(job)
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)

    def _finish(self, job: Job[Any]) -> None:
        """Report the outcome of a job, if it is waited for."""
        if job in self._pending:
            self._pending.remove(job)
            job._finish()

    # -- on the threads --------------------------------------------------------------------------

    def _work(self) -> None:
        """Do jobs until the pool closes."""
        while (job := self._take()) is not None:
            job._run()
            self._deliver(job)
            del job  # or a thread that waits would keep it and its callback's object

    def _take(self) -> Job[Any] | None:
        """Wait for a job; None when the pool is closed.  A thread that waits here is idle."""
        with self._changed:
            while not self._queue and not self.closed:
                self._changed.wait()
            self._idle -= 1
            return None if self.closed else self._queue.popleft()

    def _deliver(self, job: Job[Any]) -> None:
        """Send the job home.  Under the lock, because a closed pool may have no loop any more."""
        with self._changed:
            self._idle += 1
            if not self.closed:
                self._loop.call_soon_threadsafe(self._finish, job)

    # -- the loop's questions --------------------------------------------------------------------

    def busy(self) -> bool:
        """Return whether a job is waited for."""
        return bool(self._pending)

    def handle_stop(self) -> None:
        """Do nothing: results still arrive while queued output is sent."""

    def close(self) -> None:
        """Drop what waits and discard what runs; no ``on_done`` is called.  Again is harmless.

        It does not wait.  Idle threads end now, the others after their job.
        """
        with self._changed:
            self.closed = True
            self._queue.clear()
            self._changed.notify_all()
        for job in self._pending:
            job._cancelled = True
        self._pending.clear()
        self._loop.background.pop(self, None)

    def after_fork(self) -> None:
        """In a forked child, where there are no threads of the parent: drop every job."""
        self._changed = threading.Condition()  # a thread that is gone may have held the lock
        self._threads.clear()
        self._queue.clear()
        self._idle = 0
        for job in self._pending:
            job._cancelled = True
        self._pending.clear()
