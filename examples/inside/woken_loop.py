"""Solution of exercise 7.1: a tiny loop that threads can wake."""

import socket
from collections import deque
from collections.abc import Callable

from examples.inside.tiny_loop import Loop


class WokenLoop(Loop):
    """Runs callbacks that any thread may schedule."""

    def __init__(self) -> None:
        """Watch the receiving end from the beginning."""
        super().__init__()
        self.callbacks: deque[Callable[[], object]] = deque()
        self.receiver, self.sender = socket.socketpair()
        self.receiver.setblocking(False)
        self.sender.setblocking(False)
        self.handlers[self.receiver] = lambda loop, receiver: self.handle_wake_up()

    def call_threadsafe(self, callback: Callable[[], object]) -> None:
        """Run ``callback()`` on the loop's thread: append it first, then wake the loop."""
        self.callbacks.append(callback)
        try:
            self.sender.send(b"\0")
        except BlockingIOError:
            return  # it is full of wake-ups already

    def handle_wake_up(self) -> None:
        """Read the wake-ups, then run the callbacks that are in the list by now."""
        self.receiver.recv(4096)
        for _ in range(len(self.callbacks)):
            self.callbacks.popleft()()
