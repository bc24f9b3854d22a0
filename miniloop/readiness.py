"""What the loop and its channels share: readiness bits, a protocol, registrations.  No I/O."""

from __future__ import annotations

import selectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    _Method = TypeVar("_Method", bound=Callable[..., object])

READ = selectors.EVENT_READ  # input, a connection to accept, or the peer has finished
WRITE = selectors.EVENT_WRITE  # room for output, or a connect has ended
URGENT = 4  # out-of-band data has arrived (POLLPRI)
HANGUP = 8  # the peer has finished or gone (POLLRDHUP): watched while READ is not

EVERYTHING = READ | WRITE | URGENT | HANGUP
NOT_DIRECT = -1  # no readiness equals this: no event may go straight to handle_read()


class Channel:
    """What the loop asks of an object with a descriptor; the answers here do nothing."""

    plain_read = False  # whether a READ event means no more than "call handle_read()"

    def fileno(self) -> int:
        """Return the descriptor to watch, -1 without one."""
        return -1

    def interest(self) -> int:
        """Return the wanted readiness bits.  Must have no effect: the loop asks at any time."""
        return 0

    def flush(self) -> None:
        """Send what is queued; called once in a pass after ``EventLoop.flush_soon()``."""

    def handle_read(self) -> None:
        """Handle READ while ``plain_read`` is true."""

    def handle_read_event(self) -> None:
        """Handle READ in any state."""
        self.handle_read()

    def handle_write_event(self) -> None:
        """Handle WRITE in any state."""

    def handle_expt_event(self) -> None:
        """Handle URGENT."""

    def handle_hangup_event(self) -> None:
        """Handle HANGUP."""

    def handle_error(self) -> None:
        """Report an exception that escaped from a handler; called inside the ``except`` block."""

    def handle_stop(self) -> None:
        """An orderly stop of the loop begins; the channel is closed when its output is sent."""

    def drained(self) -> bool:
        """Return whether no queued output is waiting to be sent."""
        return True

    def _goodbye_(self) -> bool:
        """End the protocol below, such as TLS; return whether there is nothing to wait for."""
        return True

    def evict(self, newcomer: Channel) -> None:
        """Let go of the descriptor without closing it: it belongs to ``newcomer`` now."""
        self.end()

    def end(self) -> None:
        """Report the end through the channel's own handler, once, and close."""
        self.close()

    def close(self) -> None:
        """Leave the loop and close the descriptor; again is harmless."""

    def _leave_(self) -> None:
        """Leave the loop, when ``close()`` has failed."""


class Registration:
    """One channel on one descriptor, from ``register()`` to ``unregister()``.

    The kernel reuses the number of a closed descriptor at once, often within one batch of events.
    So an event is matched with this object and never with the number: a registration dies with its
    channel, and a dead one receives nothing (libev does the same with generations).

    Attributes:
        channel: the channel to call.
        fd: the descriptor's number.
        interest: the bits that the selector was last given; 0 when it does not watch.
        direct: READ while such an event may go straight to ``channel.handle_read()``, because the
            registration is alive and trusted, READ is wanted, and nothing else has to be done
            first; ``NOT_DIRECT`` otherwise.  A cache, for the hot path.
        dirty: the last answer of ``channel.interest()`` is not trusted: ask before use.
        polled: the channel does not announce its changes, so no answer is trusted.
        alive: False from ``unregister()`` on.
    """

    __slots__ = ("alive", "channel", "direct", "dirty", "fd", "interest", "polled")

    def __init__(self, channel: Channel, fd: int, *, polled: bool) -> None:
        self.channel = channel
        self.fd = fd
        self.interest = 0
        self.direct = NOT_DIRECT
        self.dirty = False
        self.polled = polled
        self.alive = True

    def __repr__(self) -> str:
        state = "alive" if self.alive else "dead"
        return f"<Registration fd={self.fd} interest={self.interest:#x} {state}>"

    def wants(self, event: int) -> bool:
        """Return whether ``event`` may be delivered at this moment."""
        trusted = not (self.dirty or self.polled)
        interest = self.interest if trusted else self.channel.interest()
        return self.alive and bool(interest & event)  # the question itself may have closed it

    def trust(self) -> None:
        """Trust ``interest`` from now on."""
        direct = self.interest & READ and not self.polled and self.channel.plain_read
        self.direct = READ if direct else NOT_DIRECT

    def die(self) -> None:
        """Receive nothing any more."""
        self.alive = self.dirty = False
        self.interest = 0
        self.direct = NOT_DIRECT


def deliver(registration: Registration, ready: int) -> None:
    """Hand the events in ``ready`` to the channel, one at a time, in asyncore's order.

    The interest is checked again before *each*, because an earlier handler, of this channel or of
    another one in the batch, may have closed the channel or withdrawn its interest.
    """
    channel = registration.channel
    if ready & READ and registration.wants(READ):
        channel.handle_read_event()
    if ready & WRITE and registration.wants(WRITE):
        channel.handle_write_event()
    if ready & URGENT and registration.wants(URGENT):
        channel.handle_expt_event()
    if ready & HANGUP and registration.wants(HANGUP):
        channel.handle_hangup_event()


def announced(predicate: _Method) -> _Method:
    """Declare that a predicate answers the same until ``interest_changed()`` is called.

    An overridden ``readable()`` or ``writable()`` without it is asked in each pass, as in asyncore.
    """
    predicate.__dict__["announced"] = True
    return predicate


def announces(predicate: object) -> bool:
    """Return whether a predicate is decorated with ``announced``."""
    return getattr(predicate, "announced", False) is True
