"""The short way to a server: one object that listens and makes a channel of each connection."""

import errno
import logging
import os
import socket
import stat
from collections.abc import Callable
from typing import Any

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop

logger = logging.getLogger("miniloop")

Address = tuple[str, int] | str
"""``(host, port)`` for IPv4 and IPv6, a path for a UNIX socket."""


class Listener(Dispatcher):
    """Listens on ``address`` and calls ``factory(loop, sock)`` for each connection.

    A class of dispatchers is such a factory: ``Listener(loop, ("127.0.0.1", 1234), Echo)``.

    Args:
        loop: the loop that serves it.
        address: ``(host, port)``, port 0 for any free one; or the path of a UNIX socket, where a
            socket that a dead server left behind is replaced.
        factory: makes the connection's channel and owns the socket from then on.
        family: the address family, when it cannot be seen from the address.
        backlog: connections that may wait in the kernel.

    Raises:
        OSError: the address is taken, or not this machine's.

    Attributes:
        address: the address bound, with the real port.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        factory: Callable[[EventLoop, socket.socket], object],
        *,
        family: int | None = None,
        backlog: int = 1024,
    ) -> None:
        """Bind and listen."""
        super().__init__(loop)
        if not callable(factory):
            raise TypeError(f"the factory is called as factory(loop, sock); {factory!r} cannot be")
        self.factory = factory
        self._path: str | None = address if isinstance(address, str) else None
        self.create_socket(_family_of(address) if family is None else family)
        try:
            self._bind(address)
            self.listen(backlog)
        except BaseException:
            self._path = None
            self.close()
            raise
        self.address = self.addr = self.socket.getsockname()

    def _bind(self, address: Address) -> None:
        if self._path is None:
            self.set_reuse_addr()
        try:
            self.bind(address)
        except OSError as error:
            if self._path is None or error.errno != errno.EADDRINUSE or not _is_dead(self._path):
                raise
            os.unlink(self._path)
            self.bind(address)

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        """Make a channel of the connection."""
        self.factory(self.loop, sock)

    def close(self) -> None:
        """Stop listening, and remove the UNIX socket from the file system."""
        super().close()
        path, self._path = self._path, None
        if path is not None and not path.startswith("\0"):
            try:
                os.unlink(path)
            except OSError as error:
                logger.debug("cannot remove %s: %s", path, error)


def _family_of(address: Address) -> int:
    """Return the family that an address looks like."""
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _is_dead(path: str) -> bool:
    """Return whether ``path`` is a socket on which nobody listens."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            return probe.connect_ex(path) == errno.ECONNREFUSED
    except FileNotFoundError:
        return True
