"""Coroutines on a miniloop, without another event loop: one step of a coroutine is one callback.

A ``Task`` drives a coroutine until it awaits a ``Waiter``, and goes on when that has its result.
Everything that a coroutine here waits for is a ``Waiter`` in the end.  Cancellation and time limits
throw a ``Cancelled`` into the coroutine at its ``await``.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

from miniloop.awaitable.waiter import Waiter
from miniloop.loop import EventLoop
from miniloop.timers import Handle

logger = logging.getLogger("miniloop")

_Result = TypeVar("_Result")


class Cancelled(BaseException):
    """Thrown into a coroutine: its task was cancelled, or a time limit around it has passed.

    It is no ``Exception``, so that ``except Exception`` lets it pass.  Under asyncio it is
    ``asyncio.CancelledError`` that is thrown.
    """


class _Current(threading.local):
    """The task whose step is under way on this thread."""

    task: Task | None = None


_current = _Current()


def current_task() -> Task | None:
    """Return the task whose coroutine calls this; None outside of one, and under asyncio."""
    return _current.task


class Task:
    """Runs a coroutine on ``loop``, beside everything else that happens there.

    The first step comes in the next pass.  ``loop.run()`` goes on for what the coroutine waits for,
    a connection or a timer, and not for the task itself.  When the loop is closed the coroutine is
    closed first: its ``finally`` blocks run, and cannot await any more.

    Args:
        loop: the loop.
        coroutine: what an ``async def`` function returns.
        on_done: called with the task when the coroutine has ended, in whatever way.  Without it an
            exception is logged, since nothing else would report it.

    Raises:
        RuntimeError: the loop is closed, or runs on another thread.
        TypeError: ``coroutine`` is none.

    Attributes:
        loop: the loop.
        done: the coroutine has ended.
        error: the exception that it ended with, a ``Cancelled`` after ``cancel()``; or None.
    """

    def __init__(
        self,
        loop: EventLoop,
        coroutine: Coroutine[Any, Any, Any],
        on_done: Callable[[Task], object] | None = None,
    ) -> None:
        if not isinstance(coroutine, Coroutine):
            raise TypeError(f"a task takes a coroutine, the result of a call, not {coroutine!r}")
        self.loop = loop
        self.done = False
        self.error: BaseException | None = None
        self._coroutine = coroutine
        self._on_done = on_done
        self._result: Any = None
        self._thrown: list[BaseException] = []  # to be raised at the coroutine's await
        self._soon: Handle | None = None
        try:
            self._wake()
        except BaseException:
            coroutine.close()  # or Python would warn that it was never awaited
            raise
        loop.background[self] = None

    def __repr__(self) -> str:
        name = getattr(self._coroutine, "__qualname__", repr(self._coroutine))
        return f"<Task {name}{' done' if self.done else ''}>"

    def result(self) -> Any:
        """Return what the coroutine returned, or raise what it raised.

        Raises:
            RuntimeError: it has not ended.
        """
        if not self.done:
            raise RuntimeError(f"{self!r} has not ended")
        if self.error is not None:
            raise self.error
        return self._result

    def cancel(self) -> None:
        """Raise ``Cancelled`` at the coroutine's ``await``, soon; again after its end: no-op."""
        self.throw(Cancelled())

    def throw(self, error: BaseException) -> None:
        """Raise ``error`` at the coroutine's present or next ``await``."""
        if not self.done:
            self._thrown.append(error)
            self._wake()

    def take_back(self, error: BaseException) -> None:
        """Undo a ``throw()`` that the coroutine has not seen yet; no-op for another one."""
        self._thrown = [each for each in self._thrown if each is not error]

    def _wake(self) -> None:
        if self._soon is None and not self.done:
            self._soon = self.loop.call_soon(_step, [self])

    def _step(self) -> None:
        """Go on until the next ``await`` that has to wait."""
        self._soon = None
        outer, _current.task = _current.task, self
        try:
            if self._thrown:
                awaited = self._coroutine.throw(self._thrown.pop(0))
            else:
                awaited = self._coroutine.send(None)
        except StopIteration as end:
            self._end(end.value, None)
        except BaseException as error:
            self._end(None, _without_outer_frame(error))
            if not isinstance(error, Exception | Cancelled):
                raise
        else:
            self._wait_for(awaited)
        finally:
            _current.task = outer
            del self  # see _step()

    def _wait_for(self, awaited: object) -> None:
        """Have the coroutine's next step made when there is a reason for it."""
        if isinstance(awaited, Waiter):
            awaited._wake = self._wake
        else:
            self.throw(RuntimeError(f"{self!r} awaits {awaited!r}, which needs another event loop"))
        if self._thrown:
            self._wake()

    def _end(self, result: Any, error: BaseException | None) -> None:
        self.done, self._result, self.error = True, result, error
        self.loop.background.pop(self, None)
        if self._on_done is not None:
            self._on_done(self)
        elif isinstance(error, Exception):
            logger.error("exception in %r", self, exc_info=error)

    # -- background work of the loop -------------------------------------------------------------

    def busy(self) -> bool:
        """Return False: what the coroutine waits for keeps the loop going."""
        return False

    def handle_stop(self) -> None:
        """Go on: the coroutine may still have something to send."""

    def after_fork(self) -> None:
        """Go on, in the child too."""

    def close(self) -> None:
        """End the coroutine at once; again is harmless.  The loop calls this when it is closed."""
        if self.done:
            return
        if self._soon is not None:
            self._soon.cancel()
        try:
            self._coroutine.close()
        finally:
            self._end(None, Cancelled())


def _step(due: list[Task]) -> None:
    """Make a task's step, and leave no frame that refers to the task.

    From Python 3.12 on the frames of an exception refer to their callers: a task that keeps its
    exception would be a circle, which only the garbage collector frees.
    """
    due.pop()._step()


def _without_outer_frame(error: BaseException) -> BaseException:
    """Return the error without the frame of ``_step()``, which refers to the task: no circle."""
    traceback = error.__traceback__
    return error.with_traceback(None if traceback is None else traceback.tb_next)


class TimeLimit:
    """The time limit of ``timeout()`` for coroutines of this runner."""

    def __init__(self, task: Task, seconds: float | None) -> None:
        self._task = task
        self._seconds = seconds
        self._timer: Handle | None = None
        self._thrown: Cancelled | None = None

    async def __aenter__(self) -> Self:
        """Begin to count."""
        if self._seconds is not None:
            self._timer = self._task.loop.call_later(self._seconds, self._pass)
        return self

    def _pass(self) -> None:
        self._thrown = Cancelled()
        self._task.throw(self._thrown)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Make a TimeoutError of this limit's own ``Cancelled``, and of no other."""
        thrown, self._thrown = self._thrown, None
        if self._timer is not None:
            self._timer.cancel()
        if thrown is None:
            return
        self._task.take_back(thrown)
        if error is thrown:
            text = f"not done within {self._seconds:g} seconds"
            raise TimeoutError(errno.ETIMEDOUT, text) from None


def run(loop: EventLoop, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run ``loop`` until the coroutine has ended, stop it in order, and return the result.

    Raises:
        Cancelled: the loop was stopped before, by Ctrl-C say.
        RuntimeError: the coroutine waits for something, and nothing is left that could happen.
    """
    task = Task(loop, coroutine, lambda _: loop.stop())
    loop.run()
    if not task.done:
        task.close()
        raise RuntimeError(f"{task!r} waits for something that will not happen")
    result: _Result = task.result()
    return result
