"""Solution of exercise 5.3: numbers with generations, as libev and libuv have them."""

from collections import Counter
from collections.abc import Callable

Key = tuple[int, int]
"""A number and its generation: what an event carries."""


class Generations:
    """Handlers by descriptor number, of which each reuse is told apart."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self._handlers: dict[int, Callable[[], object]] = {}
        self._generation: Counter[int] = Counter()

    def register(self, fd: int, handler: Callable[[], object]) -> Key:
        """Note who stands on ``fd`` now; return the key for the kernel."""
        self._generation[fd] += 1
        self._handlers[fd] = handler
        return fd, self._generation[fd]

    def deliver(self, key: Key) -> bool:
        """Call whom the event was meant for; return whether they are still there."""
        fd, generation = key
        if self._generation[fd] != generation:
            return False
        self._handlers[fd]()
        return True
