"""Solution of exercise 1.2: the kernel keeps the list."""

import selectors
import socket
from collections.abc import Callable

Handler = Callable[["KernelLoop", socket.socket], object]


class KernelLoop:
    """As the tiny loop, for any number of sockets."""

    def __init__(self) -> None:
        """Wait for nobody yet."""
        self.selector = selectors.DefaultSelector()

    def watch(self, sock: socket.socket, handler: Handler) -> None:
        """Call ``handler(loop, sock)`` whenever ``sock`` can be read."""
        self.selector.register(sock, selectors.EVENT_READ, handler)

    def forget(self, sock: socket.socket) -> None:
        """Do so no more; call it before closing the socket."""
        self.selector.unregister(sock)

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until somebody is ready, then call those who are."""
        for key, _ in self.selector.select(timeout):
            key.data(self, key.fileobj)
