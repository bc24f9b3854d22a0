"""Solution of exercise 5.3: numbers with generations, as libev has them."""

from collections import Counter
from collections.abc import Callable

Key = tuple[int, int]
"""A number and its generation: what an event carries."""


class Generations:
    """Handlers by descriptor number, where each registration of a number counts."""

    def __init__(self) -> None:
        """Start without handlers."""
        self._handlers: dict[int, Callable[[], object]] = {}
        self._generation: Counter[int] = Counter()

    def register(self, fd: int, handler: Callable[[], object]) -> Key:
        """Set the handler of ``fd``; return the key to give to the kernel."""
        self._generation[fd] += 1
        self._handlers[fd] = handler
        return fd, self._generation[fd]

    def unregister(self, key: Key) -> None:
        """Forget the handler that the key was made for, and no later one."""
        if self._is_current(key):
            del self._handlers[key[0]]

    def deliver(self, key: Key) -> bool:
        """Call the handler that the key was made for; return whether it is still set."""
        if not self._is_current(key):
            return False
        self._handlers[key[0]]()
        return True

    def _is_current(self, key: Key) -> bool:
        fd, generation = key
        return fd in self._handlers and self._generation[fd] == generation
