"""Solution of exercise 7.1: a tiny loop that threads can wake."""

import socket
from collections import deque
from collections.abc import Callable

from examples.inside.tiny_loop import Loop


class WokenLoop(Loop):
    """Runs callbacks that any thread may hand over."""

    def __init__(self) -> None:
        """Watch the waking end from the beginning."""
        super().__init__()
        self.callbacks: deque[Callable[[], object]] = deque()
        self.receiver, self.sender = socket.socketpair()
        self.receiver.setblocking(False)
        self.sender.setblocking(False)
        self.handlers[self.receiver] = lambda loop, receiver: self.handle_wake_up()

    def call_threadsafe(self, callback: Callable[[], object]) -> None:
        """Have ``callback()`` called on the loop's thread: first the note, then the knock."""
        self.callbacks.append(callback)
        try:
            self.sender.send(b"\0")
        except BlockingIOError:
            return  # it is full of knocks already

    def handle_wake_up(self) -> None:
        """Swallow the knocks, then run what stands in the list by now."""
        self.receiver.recv(4096)
        for _ in range(len(self.callbacks)):
            self.callbacks.popleft()()
