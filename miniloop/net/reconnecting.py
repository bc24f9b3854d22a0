"""A connection that is made again whenever it is lost, with a pause that grows.

The pause is *exponential with full jitter*: a random time up to a ceiling that doubles with each
failure.  The ceiling spares a server that is down, and chance keeps a thousand clients, which all
lost the same server at the same moment, from coming back at the same moment too.
"""

import logging
import random
from collections.abc import Callable
from typing import Generic, TypeVar

from miniloop.channel import BaseChannel
from miniloop.loop import EventLoop
from miniloop.timers import Handle

logger = logging.getLogger("miniloop")

_Kind = TypeVar("_Kind", bound=BaseChannel)


class Reconnecting(Generic[_Kind]):
    """Calls ``factory(loop)`` for a channel, and again when that is closed, until ``close()``.

    The cause of the end does not matter: the peer, an error, a failed connect, or the program. An
    exception from the factory is logged and counts as a failed connect.  ``run()`` goes on
    meanwhile, and a loop that stops or is closed takes this with it.

    Args:
        loop: the loop that serves it.
        factory: makes a channel and has it connect; a class whose constructor calls
            ``connect_to()`` is one.
        first: seconds that the first pause lasts at most.
        longest: seconds that any pause lasts at most: how long a client may stay away from a server
            that is there again.
        lasting: seconds after its making from which a connection that stands counts as good: the
            next pause is a first one again.  A server that accepts and hangs up is not good.
        uniform: returns a random number between two others; ``random.uniform`` when not given.

    Raises:
        RuntimeError: the loop is closed, or runs on another thread.
        TypeError: ``factory`` cannot be called.
        ValueError: the times make no sense.

    Attributes:
        channel: the present channel, connecting or connected; None in a pause.
        closed: it connects no more.
    """

    def __init__(
        self,
        loop: EventLoop,
        factory: Callable[[EventLoop], _Kind],
        *,
        first: float = 1.0,
        longest: float = 60.0,
        lasting: float = 10.0,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Connect with the next callbacks."""
        if not callable(factory):
            raise TypeError(f"the factory is called as factory(loop); {factory!r} cannot be")
        if not (0 < first <= longest and lasting > 0):
            raise ValueError(
                "Reconnecting needs 0 < first <= longest and lasting > 0, in seconds, "
                f"not {first!r}, {longest!r} and {lasting!r}"
            )
        self.channel: _Kind | None = None
        self.closed = False
        self._loop = loop
        self._factory = factory
        self._first = self._ceiling = first
        self._longest = longest
        self._lasting = lasting
        self._uniform = uniform
        self._next: Handle = loop.call_soon(self._connect)
        loop.background[self] = None

    def _connect(self) -> None:
        """Make a channel, and watch for its end."""
        try:
            channel = self._factory(self._loop)
        except Exception:
            logger.exception("exception in %r: trying again later", self._factory)
            self._pause()
            return
        except BaseException:  # an interrupt: another run() tries again
            self._pause()
            raise
        if self.closed:  # by the factory itself
            channel.close()
            return
        self.channel = channel
        self._next = self._loop.call_later(self._lasting, self._look, channel)
        channel.on_close(self._lost)

    def _look(self, channel: _Kind) -> None:
        """Does the connection stand?  A connect that still goes on is looked at again."""
        if getattr(channel, "connected", True):
            self._ceiling = self._first
        else:
            self._next = self._loop.call_later(self._lasting, self._look, channel)

    def _lost(self) -> None:
        """The channel is closed: another one after a pause."""
        self.channel = None
        self._next.cancel()
        self._pause()

    def _pause(self) -> None:
        """Wait, and longer the next time."""
        if self.closed:
            return
        seconds = self._uniform(0.0, self._ceiling)
        self._ceiling = min(2 * self._ceiling, self._longest)
        logger.info("connecting again in %.1f seconds with %r", seconds, self._factory)
        self._next = self._loop.call_later(seconds, self._connect)

    # -- the end ---------------------------------------------------------------------------------

    def busy(self) -> bool:
        """Return False: its channel and its timers keep ``run()`` going already."""
        return False

    def handle_stop(self) -> None:
        """Connect no more; the present channel may send what it has queued."""
        self.closed = True
        self._next.cancel()
        self._loop.background.pop(self, None)

    def close(self) -> None:
        """Connect no more, and close the present channel.  Again is harmless."""
        self.handle_stop()
        if self.channel is not None:
            self.channel.close()

    def after_fork(self) -> None:
        """Go on."""
