"""Solution of exercise 1.2: the kernel keeps the list."""

import selectors
import socket
from collections.abc import Callable

Handler = Callable[["KernelLoop", socket.socket], object]


class KernelLoop:
    """The tiny loop for any number of sockets."""

    def __init__(self) -> None:
        """Start without sockets."""
        self.selector = selectors.DefaultSelector()

    def watch(self, sock: socket.socket, handler: Handler) -> None:
        """Call ``handler(loop, sock)`` whenever ``sock`` can be read."""
        self.selector.register(sock, selectors.EVENT_READ, handler)

    def forget(self, sock: socket.socket) -> None:
        """Stop watching ``sock``; call this before closing it."""
        self.selector.unregister(sock)

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until a socket can be read, then call the handlers of all that can."""
        for key, _ in self.selector.select(timeout):
            key.data(self, key.fileobj)
