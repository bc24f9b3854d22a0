"""What channels carry while a trace wants their bytes.

Sending and receiving happens in the channels and not in the loop, so it is observed there: the
channel's ``push()`` and the class of its socket are replaced, and put back in the end.  Nothing of
this exists where no hook is overridden that needs it.
"""

import socket
from collections.abc import Callable
from functools import wraps
from typing import Any

from miniloop.readiness import Channel, Registration
from miniloop.trace.hooks import Trace, Traces


class Instruments:
    """The instruments on the channels of one loop.

    Args:
        notify: the hooks to call.
        registrations: the live ones, by descriptor.
    """

    def __init__(self, notify: Traces, registrations: dict[int, Registration]) -> None:
        """Instrument no channel yet."""
        self._notify = notify
        self._attached: dict[Registration, tuple[Channel, Any]] = {}
        self._wants_pushes = notify.wants("pushed")
        wants_bytes = notify.wants("received") or notify.wants("sent")
        self._socket_class = instrumented_class(notify, registrations) if wants_bytes else None

    def attach(self, registration: Registration) -> None:
        """Observe what a channel sends and receives."""
        channel, sock = registration.channel, None
        if self._wants_pushes:
            _observe_pushes(registration, self._notify)
        if self._socket_class is not None:
            sock = getattr(channel, "socket", None)
            if type(sock) is socket.socket:
                sock.__class__ = self._socket_class
        self._attached[registration] = channel, sock

    def detach(self, registration: Registration) -> None:
        """Take the instruments off one channel."""
        if registration in self._attached:
            self._strip(*self._attached.pop(registration))

    def detach_all(self) -> None:
        """Take the instruments off all of them."""
        while self._attached:
            self._strip(*self._attached.popitem()[1])

    def _strip(self, channel: Channel, sock: Any) -> None:
        for name in ("push", "push_with_producer"):
            if getattr(getattr(channel, name, None), "observed", False):
                delattr(channel, name)
        if self._socket_class is not None and type(sock) is self._socket_class:
            sock.__class__ = socket.socket


def _observe_pushes(registration: Registration, notify: Trace) -> None:
    """Replace the channel's own ``push()`` and ``push_with_producer()``, where it has them."""
    channel: Any = registration.channel
    for name in ("push", "push_with_producer"):
        method = getattr(channel, name, None)
        if callable(method):
            setattr(channel, name, _observed(method, registration, notify))


def _observed(method: Callable[[Any], object], registration: Registration, notify: Trace) -> Any:
    @wraps(method)
    def push(data: Any) -> None:
        method(data)
        notify.pushed(registration, len(data) if hasattr(data, "__len__") else 0)

    push.observed = True  # type: ignore[attr-defined]  # a mark, by which it is found again
    return push


def instrumented_class(
    notify: Trace, registrations: dict[int, Registration]
) -> type[socket.socket]:
    """Return a socket class that calls the hooks; a live socket may change to it and back.

    It adds no slots, so ``sock.__class__ = ...`` is all there is to do, and every reference to the
    socket stays valid.
    """

    class InstrumentedSocket(socket.socket):
        __slots__ = ()

        def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
            data = super().recv(bufsize, flags)
            if not flags & socket.MSG_PEEK:
                _call(notify.received, self, len(data))
            return data

        def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
            data, address = super().recvfrom(bufsize, flags)
            if not flags & socket.MSG_PEEK:
                _call(notify.received, self, len(data))
            return data, address

        def send(self, data: Any, flags: int = 0, /) -> int:
            size = super().send(data, flags)
            _call(notify.sent, self, size)
            return size

        def sendto(self, data: Any, *args: Any) -> int:
            size = super().sendto(data, *args)
            _call(notify.sent, self, size)
            return size

    def _call(hook: Callable[[Registration, int], None], sock: socket.socket, size: int) -> None:
        registration = registrations.get(sock.fileno())
        if registration is not None:
            hook(registration, size)

    return InstrumentedSocket
