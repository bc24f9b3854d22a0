"""What channels carry while somebody traces their bytes.

Sending and receiving happens in the channels and not in the loop, so it is listened to there: the
channel's ``push()`` and the class of its socket are replaced, and put back in the end.  Nothing of
this exists where nobody wants to know.
"""

import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

from miniloop.readiness import Channel, Registration
from miniloop.trace.hooks import Trace, Traces


class Equipment(Trace):
    """What channels carry while their bytes are traced, and who takes it off again.

    Args:
        told: who wants to know.
        registrations: the live ones, by descriptor.
    """

    def __init__(self, told: Traces, registrations: dict[int, Registration]) -> None:
        """Equip nobody yet."""
        self._told = told
        self._equipped: dict[Registration, tuple[Channel, Any]] = {}
        self._wants_pushes = told.tells("pushed")
        wants_bytes = told.tells("received") or told.tells("sent")
        self._socket_class = telling_socket(told, registrations) if wants_bytes else None

    def opened(self, registration: Registration) -> None:
        """Tell of a new channel, and listen to what it sends and receives."""
        self._told.opened(registration)
        channel, sock = registration.channel, None
        if self._wants_pushes:
            _tell_pushes(registration, self._told)
        if self._socket_class is not None:
            sock = getattr(channel, "socket", None)
            if type(sock) is socket.socket:
                sock.__class__ = self._socket_class
        self._equipped[registration] = channel, sock

    def closed(self, registration: Registration) -> None:
        """Take everything off, and tell of the end."""
        if registration in self._equipped:
            self._strip(*self._equipped.pop(registration))
        self._told.closed(registration)

    def take_back(self) -> None:
        """Take everything off everybody."""
        while self._equipped:
            self._strip(*self._equipped.popitem()[1])

    def _strip(self, channel: Channel, sock: Any) -> None:
        for name in ("push", "push_with_producer"):
            if getattr(getattr(channel, name, None), "tells", False):
                delattr(channel, name)
        if self._socket_class is not None and type(sock) is self._socket_class:
            sock.__class__ = socket.socket


def _tell_pushes(registration: Registration, told: Trace) -> None:
    """Let the channel's own ``push()`` and ``push_with_producer()`` tell, where it has them."""
    channel: Any = registration.channel
    for name in ("push", "push_with_producer"):
        method = getattr(channel, name, None)
        if callable(method):
            setattr(channel, name, _telling_push(method, registration, told))


def _telling_push(method: Callable[[Any], object], registration: Registration, told: Trace) -> Any:
    @wraps(method)
    def push(data: Any) -> None:
        method(data)
        told.pushed(registration, len(data) if hasattr(data, "__len__") else 0)

    push.tells = True  # type: ignore[attr-defined]  # a mark, by which it is found again
    return push


def telling_socket(told: Trace, registrations: dict[int, Registration]) -> type[socket.socket]:
    """Return a socket class that tells; a live socket may change to it and back.

    It adds no slots, so that ``sock.__class__ = ...`` is all there is to do, and whoever holds the
    socket goes on holding it.
    """

    class TellingSocket(socket.socket):
        __slots__ = ()

        def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
            data = super().recv(bufsize, flags)
            if not flags & socket.MSG_PEEK:
                _tell(told.received, self, len(data))
            return data

        def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
            data, address = super().recvfrom(bufsize, flags)
            if not flags & socket.MSG_PEEK:
                _tell(told.received, self, len(data))
            return data, address

        def send(self, data: Any, flags: int = 0, /) -> int:
            size = super().send(data, flags)
            _tell(told.sent, self, size)
            return size

        def sendto(self, data: Any, *args: Any) -> int:
            size = super().sendto(data, *args)
            _tell(told.sent, self, size)
            return size

    def _tell(hook: Callable[[Registration, int], None], sock: socket.socket, size: int) -> None:
        registration = registrations.get(sock.fileno())
        if registration is not None:
            hook(registration, size)

    return TellingSocket
