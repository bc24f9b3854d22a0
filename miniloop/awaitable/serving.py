"""Serve each connection of a listener with a coroutine."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from miniloop.awaitable.host import start
from miniloop.awaitable.stream import IncompleteRead, Stream, TooLong
from miniloop.loop import EventLoop
from miniloop.net.aborting import in_one_line
from miniloop.registry import close_on_error

logger = logging.getLogger("miniloop")

Handler: TypeAlias = Callable[[Stream], Coroutine[Any, Any, object]]

_PEERS_DOING = (ConnectionError, TimeoutError, IncompleteRead, TooLong)
"""Exceptions that any stranger can cause: they are worth a line in the log, and no traceback."""


def served_by(handler: Handler) -> Callable[[EventLoop, socket.socket], Stream]:
    """Return a factory for ``Listener`` that has ``handler(stream)`` serve each connection.

    When the handler returns, what is queued is sent and the connection closed.  That is so too when
    the handler raises what a peer can cause: ConnectionError, TimeoutError, ``IncompleteRead`` and
    ``TooLong``, which are logged in one line at INFO, or the channel's own ``error``, which the
    channel has logged (a limit at INFO, a lost connection at DEBUG).  Any other exception is logged
    with its traceback and closes the connection at once.  Inside asyncio the handler is a task of
    asyncio, and elsewhere a ``Task``.

    Args:
        handler: an ``async def`` function.
    """

    def serve(loop: EventLoop, sock: socket.socket) -> Stream:
        stream = Stream(loop, sock)
        start(loop, _conversation(handler, stream))
        return stream

    return serve


async def _conversation(handler: Handler, stream: Stream) -> None:
    try:
        try:
            await handler(stream)
        except Exception as error:
            if error is not stream.error and not isinstance(error, _PEERS_DOING):
                raise
            _report(error, stream)
        if not stream.closed:
            stream.close_when_done()
    except Exception:
        close_on_error(stream)
    except BaseException:
        stream.close()
        raise


def _report(error: Exception, stream: Stream) -> None:
    """Log it in one line, unless it is the channel's own, which the channel has reported."""
    if error is not stream.error:
        logger.info("%r ends: %s", stream, in_one_line(error))
    error.__context__ = error.__traceback__ = None  # its frames refer to the stream: no circle
