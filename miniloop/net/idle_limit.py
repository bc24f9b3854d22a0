"""A limit on the time in which nothing moves.

Traffic costs no timer operations: one timer looks back when it fires.
"""

import errno
from collections.abc import Callable
from functools import partial

from miniloop.channel import BaseChannel
from miniloop.loop import EventLoop


class IdleLimit:
    """Calls ``on_idle()`` whenever nothing was noted for ``seconds``, until ``close()``.

    Args:
        loop: whose clock and timers to use.
        seconds: the limit; an attribute, too.
        on_idle: must not raise.

    Raises:
        ValueError: ``seconds`` is not positive.
    """

    def __init__(self, loop: EventLoop, seconds: float, on_idle: Callable[[], object]) -> None:
        """Begin now."""
        if not seconds > 0:
            raise ValueError(f"an idle time limit is a number of seconds above 0, not {seconds!r}")
        self._loop = loop
        self.seconds = seconds
        self._on_idle = on_idle
        self._last = loop.time()
        self._timer = loop.call_later(seconds, self._look_back)

    def note(self) -> None:
        """Something has moved."""
        self._last = self._loop.time()

    def _look_back(self) -> None:
        """Report silence that was long enough; else look again when it could have been."""
        now, timer = self._loop.time(), self._timer
        try:
            if now - self._last >= self.seconds:
                self._last = now
                self._on_idle()
        finally:  # an interrupt ends no limit
            if not timer.cancelled():  # else close() was called
                self._timer = self._loop.call_at(self._last + self.seconds, self._look_back)

    def close(self) -> None:
        """Report nothing any more."""
        self._timer.cancel()


def set_idle_timeout(channel: BaseChannel, seconds: float | None) -> None:
    """Give the channel another idle limit, or none; see ``BaseChannel.set_idle_timeout()``."""
    channel.check_open("set_idle_timeout()")
    on_idle = partial(channel._guarded_, channel.handle_idle)
    limit = None if seconds is None else IdleLimit(channel.loop, seconds, on_idle)
    replace_limit(channel, IdleLimit, limit)
    channel._update_plain_read_()
    channel.interest_changed()


def replace_limit(channel: BaseChannel, kind: type[IdleLimit], limit: IdleLimit | None) -> None:
    """Have the channel note its traffic for ``limit``, in place of an earlier one of the kind."""
    others = tuple(each for each in channel._limits_ if type(each) is not kind)
    for each in channel._limits_:
        if each not in others:
            each.close()
    channel._limits_ = others if limit is None else (*others, limit)


def silence(channel: BaseChannel) -> TimeoutError:
    """Return the error of a channel that was idle for as long as its limit says."""
    limits = [f"{each.seconds:g} seconds" for each in channel._limits_ if type(each) is IdleLimit]
    how_long = limits[0] if limits else "too long"
    return TimeoutError(errno.ETIMEDOUT, f"idle: nothing was received or sent for {how_long}")
