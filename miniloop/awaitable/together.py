"""Several coroutines at the same time inside one, which ends after all of them."""

from collections.abc import Coroutine, Iterable
from typing import Any

from miniloop.awaitable.runner import Cancelled, Task, current_task
from miniloop.awaitable.waiter import Waiter
from miniloop.loop import EventLoop


async def together(*coroutines: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run coroutines at the same time, and return their results when all have ended.

    When one of them raises, or this one is cancelled, the others are cancelled; the first exception
    is raised when they have ended too.  Under asyncio its ``TaskGroup`` takes this place.

    Raises:
        RuntimeError: no ``Task`` runs this.
    """
    loop = None if (task := current_task()) is None else task.loop
    del task  # it holds the exception that leaves this frame: no circle
    if loop is None:
        for each in coroutines:
            each.close()
        raise RuntimeError("together() is for a Task; under asyncio use asyncio.TaskGroup")
    group = _Group(loop, coroutines)
    try:
        return await group.results()
    finally:
        group.forget()


class _Group:
    """The tasks of one ``together()``."""

    def __init__(self, loop: EventLoop, coroutines: Iterable[Coroutine[Any, Any, Any]]) -> None:
        self._error: BaseException | None = None
        self._all_done = Waiter[None]()
        self._tasks = [Task(loop, each, self._ended) for each in coroutines]

    def _ended(self, task: Task) -> None:
        if task.error is not None:
            self._fail(task.error)
        if self._tasks and all(each.done for each in self._tasks):  # else: nothing waits any more
            self._all_done.set_result(None)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
            for each in self._tasks:
                each.cancel()

    async def results(self) -> list[Any]:
        while not all(each.done for each in self._tasks):
            try:
                await self._all_done
            except Cancelled as cancelled:
                self._fail(cancelled)
        if self._error is not None:
            raise self._error
        return [each.result() for each in self._tasks]

    def forget(self) -> None:
        """Let go of the error: its frames refer to this, and would be a circle."""
        self._error = None
        self._tasks.clear()
