"""End a channel for a reason: one line in the log, however often a stranger causes it."""

import errno
import logging

from miniloop.channel import BaseChannel
from miniloop.state import ENDED

logger = logging.getLogger("miniloop")

_MOST_CHARACTERS = 500
"""Characters of a reason that are logged: it may quote what a peer has sent."""


def abort(channel: BaseChannel, reason: str | Exception) -> None:
    """Log the reason, keep it as the channel's ``error``, and end; see ``BaseChannel.abort()``.

    Raises:
        RuntimeError: on another thread than the loop's.
    """
    if not (channel.closed or channel._hold_ & ENDED):
        channel.loop._check_thread()
        logger.info("closing %r: %s", channel, in_one_line(reason))
        channel.error = _as_error(reason)
    channel.end()


def _as_error(reason: str | Exception) -> Exception:
    """Return an error that a channel may keep: frames, its causes' too, hold the channel."""
    if isinstance(reason, str):
        return ConnectionAbortedError(errno.ECONNABORTED, reason)
    each: BaseException | None = reason
    while each is not None and (each.__traceback__ or each.__context__):
        each.__context__ = each.__traceback__ = None
        each = each.__cause__
    return reason


def in_one_line(reason: str | Exception) -> str:
    """Return at most 500 characters of a reason; control characters and line ends are escaped."""
    text = str((isinstance(reason, OSError) and reason.strerror) or reason) or repr(reason)
    shown = (each if each.isprintable() else repr(each)[1:-1] for each in text[:_MOST_CHARACTERS])
    return "".join(shown)
