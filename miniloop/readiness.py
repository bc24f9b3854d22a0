"""What a channel wants from the kernel, and what the kernel answers.

This file holds the words that the loop and its channels share: the readiness bits, the protocol
that a channel speaks, and the registration that ties one channel to one descriptor.  It performs
no I/O and knows neither sockets nor selectors.
"""

import selectors
from collections.abc import Callable
from typing import Protocol, TypeVar

READ = selectors.EVENT_READ
"""Something can be read, or a connection accepted, or the peer has finished."""
WRITE = selectors.EVENT_WRITE
"""Something can be written, or a connect has ended."""
URGENT = 4
"""Out-of-band data has arrived (``POLLPRI``)."""
HANGUP = 8
"""The peer is going or gone (``POLLRDHUP``): wanted by channels whose reading is paused."""

EVERYTHING = READ | WRITE | URGENT | HANGUP

NOT_DIRECT = -1
"""No readiness equals this: nothing may go straight to ``handle_read()``."""


class Channel(Protocol):
    """What the loop asks of whatever it serves; it knows nothing else of it."""

    plain_read: bool
    """True while a READ event means no more than "call ``handle_read()``"."""

    def fileno(self) -> int:
        """Return the descriptor to watch."""

    def interest(self) -> int:
        """Return the wanted readiness bits.  It must have no effect: it may be asked anytime."""

    def flush(self) -> None:
        """Send what is queued; called once in a pass after ``EventLoop.flush_soon()``."""

    def handle_read(self) -> None:
        """Handle READ while ``plain_read`` is true."""

    def handle_read_event(self) -> None:
        """Handle READ in any state."""

    def handle_write_event(self) -> None:
        """Handle WRITE in any state."""

    def handle_expt_event(self) -> None:
        """Handle URGENT."""

    def handle_hangup_event(self) -> None:
        """Handle HANGUP."""

    def handle_error(self) -> None:
        """An exception escaped from a handler; called inside the ``except`` block."""

    def handle_stop(self) -> None:
        """The loop is stopping: take nothing new, finish what is queued."""

    def drained(self) -> bool:
        """Return whether nothing queued is waiting to be sent."""

    def evict(self, newcomer: "Channel") -> None:
        """The descriptor belongs to ``newcomer`` now: let go of it without closing it."""

    def close(self) -> None:
        """Close the channel and leave the loop; may be called again without effect."""


class Registration:
    """One channel on one descriptor, from ``register()`` to ``unregister()``.

    A descriptor number is handed out again by the kernel as soon as it is closed, often within one
    batch of events.  So events are matched with this object and never with the number: it dies with
    its channel, and a dead registration gets nothing (libev and libuv do the same with
    generations).

    Attributes:
        channel: whom to call.
        fd: the descriptor's number.
        interest: the bits that the selector was last told; 0 means that it does not know us.
        direct: READ while such an event may go straight to ``channel.handle_read()``: the
            registration is alive, its answer is trusted, it wants READ, and nothing else is to be
            done first.  ``NOT_DIRECT`` otherwise.  The hot path has this one thing to check.
        dirty: the last answer of ``channel.interest()`` is not trusted: ask before use.
        asked: the channel never announces its changes, so it is dirty in every pass.
        alive: false from the moment of ``unregister()``.
    """

    __slots__ = ("alive", "asked", "channel", "direct", "dirty", "fd", "interest")

    def __init__(self, channel: Channel, fd: int, *, asked: bool) -> None:
        """Tie ``channel`` to ``fd``; nothing is trusted yet."""
        self.channel = channel
        self.fd = fd
        self.interest = 0
        self.direct = NOT_DIRECT
        self.dirty = asked
        self.asked = asked
        self.alive = True

    def __repr__(self) -> str:
        """Show the descriptor, the interest and the state."""
        state = "alive" if self.alive else "dead"
        return f"<Registration fd={self.fd} interest={self.interest:#x} {state}>"

    def wants(self, event: int) -> bool:
        """Return whether ``event`` may be delivered at this moment."""
        interest = self.channel.interest() if self.dirty else self.interest
        return self.alive and bool(interest & event)  # the question itself may have closed it

    def settle(self) -> None:
        """The answer in ``interest`` is trusted from now on."""
        direct = self.interest & READ and not self.asked and self.channel.plain_read
        self.direct = READ if direct else NOT_DIRECT

    def die(self) -> None:
        """Receive nothing any more."""
        self.alive = False
        self.dirty = False
        self.interest = 0
        self.direct = NOT_DIRECT


def deliver(registration: Registration, ready: int) -> None:
    """Hand the events in ``ready`` to the channel, one at a time, asyncore's order.

    Before *each* of them the interest is checked again, because the handler of the one before, or
    of another channel in the same batch, may have closed this channel or withdrawn its interest.
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


# -- predicates that announce their changes -------------------------------------------------------

_Method = TypeVar("_Method", bound=Callable[..., object])


def announced(predicate: _Method) -> _Method:
    """Declare that a ``readable()`` or ``writable()`` of yours announces its changes.

    Such a method answers the same until ``interest_changed()`` is called, so the loop need not ask
    in every pass.  Without this decorator an overridden predicate is asked in every pass, as
    asyncore does.
    """
    predicate.__dict__["announced"] = True
    return predicate


def announces(predicate: object) -> bool:
    """Return whether a predicate is decorated with ``announced``."""
    return getattr(predicate, "announced", False) is True
