"""What a loop holds at this moment: for debuggers and for pages that show a loop.

Call these on the loop's thread, or while that thread is stopped.  Nothing here changes anything.
"""

import heapq
from itertools import islice

from miniloop.loop import EventLoop
from miniloop.readiness import Channel, Registration
from miniloop.timers import Handle, TimerHandle


def registrations(loop: EventLoop) -> list[Registration]:
    """Return the live registrations, without the loop's own, oldest first."""
    return loop._channels()


def timers(loop: EventLoop, most: int) -> list[TimerHandle]:
    """Return the timers that are still to run, at most ``most`` of them, earliest first."""
    later = (entry for entry in loop._timers.heap if not entry[2].cancelled())
    soonest = (timer for _, _, timer in heapq.nsmallest(most, later))
    return [*loop._timers.due, *soonest][:most]


def callbacks(loop: EventLoop, most: int) -> list[Handle]:
    """Return the callbacks that wait, at most ``most`` of them, in order."""
    return [*islice(loop._callbacks, most)]


def waiting_to_flush(loop: EventLoop) -> list[Channel]:
    """Return the channels that queued output in this pass."""
    return [*loop._unflushed]
