"""Solution of exercise 5.3: numbers with generations, as libev and libuv have them."""

from collections import Counter
from collections.abc import Callable

Key = tuple[int, int]
"""A number and its generation: what an event carries."""


class Generations:
    """Handlers by descriptor number, where each reuse of a number counts."""

    def __init__(self) -> None:
        """Start without handlers."""
        self._handlers: dict[int, Callable[[], object]] = {}
        self._generation: Counter[int] = Counter()

    def register(self, fd: int, handler: Callable[[], object]) -> Key:
        """Set the handler of ``fd``; return the key to give to the kernel."""
        self._generation[fd] += 1
        self._handlers[fd] = handler
        return fd, self._generation[fd]

    def deliver(self, key: Key) -> bool:
        """Call the handler that the key was made for; return whether it is still set."""
        fd, generation = key
        if self._generation[fd] != generation:
            return False
        self._handlers[fd]()
        return True
