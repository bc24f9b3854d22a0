"""What follows when the last output is sent, and a limit on the time that it may wait.

Without the limit, ``close_when_done()`` to a peer that never reads would keep the connection and
its queue for ever.  A slow reader gets everything: whatever the kernel takes begins the time again.
"""

import errno
from functools import partial

from miniloop.dispatcher import Dispatcher
from miniloop.net.discarding import discard_input
from miniloop.net.idle_limit import IdleLimit, replace_limit
from miniloop.queued import QueuedDispatcher
from miniloop.state import CLOSING, Output


def finish(channel: QueuedDispatcher) -> None:
    """When the queue is empty, do what the state of the output says."""
    output = channel._output_
    ending = output is Output.CLOSE_WHEN_EMPTY or output is Output.DRAINING
    if ending:
        _limit_waiting(channel)
    if channel._outbox_ or channel.connecting:
        return
    if ending:
        _close_in_order(channel)
    elif output is Output.SHUT_WHEN_EMPTY and channel.connected:
        Dispatcher.close_write(channel)


def _close_in_order(channel: QueuedDispatcher) -> None:
    """End, once input is delivered and TLS has said goodbye."""
    if not (channel._hold_ & CLOSING or channel.input_done()):
        return
    registration = channel._registration_
    if registration is not None and not registration.channel._goodbye_():
        return
    if channel._hold_ & CLOSING and channel.connected:
        discard_input(channel.socket)
    channel.end()


class ClosingLimit(IdleLimit):
    """The limit of a channel's last output; a class of its own, beside the idle limit."""


def _limit_waiting(channel: QueuedDispatcher) -> None:
    """Begin the limit when the last output waits for room, and lift it when there is none left.

    What waits for the connect or for a thread's answer does not wait for the peer.  After
    ``close_write()`` alone the peer may go on sending: there the idle limit counts and no other.
    """
    limited = any(type(each) is ClosingLimit for each in channel._limits_)
    if not channel._outbox_:
        if limited:
            replace_limit(channel, ClosingLimit, None)
    elif channel._blocked_ and not limited and channel.close_timeout is not None:
        replace_limit(channel, ClosingLimit, _limit(channel, channel.close_timeout))


def _limit(channel: QueuedDispatcher, seconds: float) -> ClosingLimit:
    error = unread(seconds)
    return ClosingLimit(channel.loop, seconds, partial(channel._guarded_, channel.abort, error))


def unread(seconds: float) -> TimeoutError:
    """Return the error of a peer that took none of the last output for so long."""
    text = f"closing: the peer took nothing for {seconds:g} seconds"
    return TimeoutError(errno.ETIMEDOUT, text)
