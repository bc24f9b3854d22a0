"""How a loop ends in order, after ``stop()``.

Listeners close first, so that nothing new comes.  Then the ``on_stop()`` callbacks run, which may
queue a last message.  Then queued output is sent, as long as the grace lasts, and everything that
is left is closed.
"""

from collections.abc import Iterator

from miniloop.loop import EventLoop
from miniloop.registry import close_on_error
from miniloop.timers import Handle


def end_in_order(loop: EventLoop, grace: float) -> Iterator[None]:
    """Do it; the caller makes a pass between the steps, in ``run()`` or as a host."""
    for registration in loop._channels():
        try:
            if registration.alive:
                registration.channel.handle_stop()
        except Exception:
            close_on_error(registration.channel)
    for work in [*loop.background]:
        loop._run_handle(Handle(work.handle_stop, ()))
    for _ in range(len(loop._on_stop)):
        loop._run_handle(loop._on_stop.popleft())
    limit = loop.call_later(grace, loop._close_channels)
    try:
        loop._flush()  # what needs no waiting, so that a pass only waits for a slow reader
        while not all(each.channel.drained() for each in loop._channels()):
            yield
            loop._flush()
    finally:
        limit.cancel()
    loop._close_channels()
