"""A channel that does not read still notices that its peer has finished.

The loop reports HANGUP for it; what the peer sent before its end stays unread in the kernel.
"""

import socket

from miniloop.dispatcher import Dispatcher
from miniloop.state import HANGUP_SEEN


def notice(channel: Dispatcher) -> None:
    """Report the peer's end; where unread data is before it, wait until that is read."""
    try:
        unread = channel.socket.recv(1, socket.MSG_PEEK)
    except OSError as error:
        channel._not_received_(error)
        return
    if unread or channel._has_undelivered_():
        channel._hold_reading_(HANGUP_SEEN)
    else:
        channel._peer_finished_()
