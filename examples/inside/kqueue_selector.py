"""Solution of exercise 3.3: the growing loop's selector over kqueue."""

import select
import selectors
from collections import defaultdict
from typing import Any

from examples.inside.growing.step03_interest import READ, WRITE, Events


class KqueueSelector:
    """What step 3 calls of a selector, for macOS and the BSDs.

    Args:
        module: what has ``kqueue``, ``kevent`` and their constants.
    """

    def __init__(self, module: Any = select) -> None:
        """Open the kqueue."""
        self._module = module
        self._kqueue = module.kqueue()
        self._filters = {READ: module.KQ_FILTER_READ, WRITE: module.KQ_FILTER_WRITE}
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fd: int, events: int, data: Any = None) -> None:
        """Watch a descriptor."""
        self._change(fd, 0, events)
        self._keys[fd] = selectors.SelectorKey(fd, fd, events, data)

    def modify(self, fd: int, events: int, data: Any = None) -> None:
        """Watch it for other events: each filter that differs is one change."""
        self._change(fd, self._keys[fd].events, events)
        self._keys[fd] = selectors.SelectorKey(fd, fd, events, data)

    def unregister(self, fd: int) -> None:
        """Stop watching it."""
        self._change(fd, self._keys.pop(fd).events, 0)

    def _change(self, fd: int, before: int, after: int) -> None:
        for event, filter in self._filters.items():
            if (before ^ after) & event:
                flag = self._module.KQ_EV_ADD if after & event else self._module.KQ_EV_DELETE
                self._kqueue.control([self._module.kevent(fd, filter, flag)], 0)

    def select(self, timeout: float | None = None) -> Events:
        """Wait; two filters of one descriptor are two events of the kernel, and one of ours."""
        found: dict[int, int] = defaultdict(int)
        for event in self._kqueue.control(None, 2 * len(self._keys) or 1, timeout):
            written = event.filter == self._module.KQ_FILTER_WRITE
            found[event.ident] |= WRITE if written else READ
        return [(self._keys[fd], ready) for fd, ready in found.items()]

    def close(self) -> None:
        """Close the kqueue."""
        self._kqueue.close()
