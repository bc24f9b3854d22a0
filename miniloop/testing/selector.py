"""A selector that reports events from a script."""

import selectors
from collections import deque
from collections.abc import Mapping
from typing import Any

from miniloop.testing.clock import FakeClock


class ScriptedSelector(selectors.BaseSelector):
    """A selector that reports what the test has scripted, and waits by moving the clock.

    It uses no descriptor, so any object with a ``fileno()`` can be registered.

    Args:
        clock: moved on by the timeout when nothing is scripted; give the loop the same one.

    Attributes:
        timeouts: the timeout of each ``select()`` in seconds.
        calls: each register, modify and unregister as ``(name, fd, events)``.
    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        """Start with no registrations and an empty script."""
        self._clock = clock
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._script: deque[list[tuple[int, int]]] = deque()
        self.timeouts: list[float | None] = []
        self.calls: list[tuple[str, int, int]] = []

    def script(self, *ready: tuple[int, int]) -> None:
        """Add one batch of (fd, readiness bits) pairs; each ``select()`` reports the next batch."""
        self._script.append(list(ready))

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Register, and add it to ``calls``."""
        return self._note("register", fileobj, events, data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change the events, and add it to ``calls``."""
        return self._note("modify", fileobj, events, data)

    def _note(self, name: str, fileobj: Any, events: int, data: Any) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self.calls.append((name, fd, events))
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Remove the registration, and add it to ``calls``."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self.calls.append(("unregister", fd, 0))
        return self._keys.pop(fd)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Report the next scripted batch; without one, move the clock by ``timeout``.

        Raises:
            RuntimeError: nothing is scripted and there is no timeout, so the loop would hang.
        """
        self.timeouts.append(timeout)
        if self._script:
            batch = self._script.popleft()
            return [(self._keys[fd], ready) for fd, ready in batch if fd in self._keys]
        if timeout is None:
            raise RuntimeError("the script is empty and the loop waits without end")
        if self._clock is not None:
            self._clock.advance(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return the keys by descriptor number."""
        return self._keys

    def close(self) -> None:
        """Drop all registrations."""
        self._keys.clear()
