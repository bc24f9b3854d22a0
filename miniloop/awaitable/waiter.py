"""What a coroutine on our runner waits for in the end: a result that a handler sets."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

_Result = TypeVar("_Result")


class Waiter(Generic[_Result]):
    """A result that a task awaits and that a handler sets, once; the names are asyncio's."""

    __slots__ = ("_done", "_error", "_result", "_wake")

    def __init__(self) -> None:
        self._done = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._wake: Callable[[], object] | None = None

    def done(self) -> bool:
        """Return whether there is a result."""
        return self._done

    def set_result(self, result: _Result) -> None:
        """End the waiting.  RuntimeError: there is a result already, or this is another thread."""
        self._set(result, None)

    def set_exception(self, error: Exception) -> None:
        """Have ``await`` raise ``error``; raises as ``set_result()``."""
        self._set(None, error)

    def _set(self, result: Any, error: Exception | None) -> None:
        if self._done:
            raise RuntimeError("this waiter has its result already: make a new one")
        if self._wake is not None:
            self._wake()  # first: it checks the thread
        self._done, self._result, self._error = True, result, error

    def __await__(self) -> Generator[Waiter[_Result], None, _Result]:
        """Wait for the result.  RuntimeError: another task waits for it."""
        if self._wake is not None:
            raise RuntimeError("another task awaits this waiter: make one for each")
        if not self._done:
            try:
                yield self
            finally:
                self._wake = None
        if self._error is not None:
            raise self._error
        result: _Result = self._result
        return result
