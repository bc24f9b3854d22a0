"""A bound on the steps of one call, and a report of what ran in the last of them.

Only the last steps are traced, so a run that stays below its bound costs a comparison a step.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from miniloop.channel import BaseChannel
from miniloop.net.idle_limit import IdleLimit
from miniloop.readiness import Channel, Registration
from miniloop.testing.choices import Choices
from miniloop.timers import Handle, TimerHandle
from miniloop.trace.hooks import Trace, callback_name, channel_behind

WATCHED = 100
"""Steps that are traced before the bound: enough for a cycle through several channels."""

MOST_SHOWN = 5
"""Handlers in the report."""


class Watched(Protocol):
    """What a report needs of a loop."""

    def start_watching(self, trace: Trace) -> None:
        """Trace the loop with ``trace`` besides its own trace."""

    def stop_watching(self, trace: Trace) -> None:
        """Trace the loop as before."""

    def dirty_channels(self) -> Sequence[Channel]:
        """Return the channels that called ``interest_changed()`` since it was last read."""

    def flushing_channels(self) -> Sequence[Channel]:
        """Return the channels that queued output since the last pass."""


class StepLimit:
    """Counts the steps of one call.

    Args:
        most: the number of steps beyond which something spins.
        loops: the loops of the network.
        choices: says how to repeat the run.
    """

    def __init__(self, most: int, loops: Sequence[Watched], choices: Choices) -> None:
        """Start at 0."""
        self._left = most
        self._most = most
        self._loops = loops
        self._choices = choices
        self._watched: list[Watched] = []
        self._ran = HandlerCounts()

    def count(self) -> None:
        """Count a step that is about to begin; RuntimeError when it is one too many."""
        self._left -= 1
        if self._left < WATCHED and not self._watched:
            self._start_watching()
        if self._left < 0:
            raise RuntimeError(
                f"{self._most} steps and no end: something spins. The last "
                f"{min(self._most, WATCHED)} steps ran {self._report()}. "
                f"The network is {self._choices.constructor()}"
            )

    def _start_watching(self) -> None:
        self._watched = [*self._loops]
        for loop in self._watched:
            loop.start_watching(self._ran)

    def close(self) -> None:
        """Stop tracing."""
        for loop in self._watched:
            loop.stop_watching(self._ran)

    def _report(self) -> str:
        if report := self._ran.report():
            return report
        if dirty := [channel for loop in self._watched for channel in loop.dirty_channels()]:
            return (
                f"no handler, but interest_changed() was called in every pass for {_names(dirty)}"
            )
        if busy := [channel for loop in self._watched for channel in loop.flushing_channels()]:
            return f"no handler, but output was queued in every pass by {_names(busy)}"
        return "no handler: actions of the test follow each other with hardly a delay"


class HandlerCounts(Trace):
    """Counts the handlers and callbacks that run."""

    def __init__(self) -> None:
        """Start with none."""
        self._counts: Counter[tuple[int, str]] = Counter()
        self._channels: dict[int, Channel] = {}  # by id(): a channel need not be hashable
        self._handled = False  # a handler ran for the event that is being delivered

    def before_delivery(self, registration: Registration, ready: int) -> None:
        """Begin an event."""
        self._handled = False

    def before_handler(self, registration: Registration, name: str) -> None:
        """Count a handler of a channel."""
        self._handled = True
        self._add(registration.channel, f"{name}()")

    def after_delivery(self, registration: Registration) -> None:
        """Count an event for which no handler ran."""
        if not self._handled:
            self._add(registration.channel, "no handler for an event")

    def _add(self, channel: Channel, name: str) -> None:
        channel = channel_behind(channel)
        self._channels[id(channel)] = channel
        self._counts[id(channel), name] += 1

    def before_callback(self, handle: Handle) -> None:
        """Count a callback or a timer, with the channel whose method it is."""
        kind = "timer" if isinstance(handle, TimerHandle) else "callback"
        name = f"the {kind} {callback_name(handle)}()"
        channel = _owner(handle._callback)
        if channel is None:
            self._counts[0, name] += 1
        else:
            self._add(channel, name)

    def report(self) -> str:
        """Return what ran most often, for people; ``""`` when nothing did."""
        lines = [self._line(*key, times) for key, times in self._counts.most_common(MOST_SHOWN)]
        more = len(self._counts) - len(lines)
        return ", ".join([*lines, f"and {more} others"] if more else lines)

    def _line(self, owner: int, name: str, times: int) -> str:
        of = f" of {self._channels[owner]!r}" if owner in self._channels else ""
        return f"{name}{of} ({times} times)"


def _names(channels: Sequence[Channel]) -> str:
    return ", ".join(repr(channel) for channel in channels[:MOST_SHOWN])


def _owner(callback: Any) -> BaseChannel | None:
    """Return the channel whose method a callback is, also one behind a handle or a time limit."""
    while isinstance(callback, partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, Handle):  # call_soon(handle.run)
        return _owner(owner._callback)
    if isinstance(owner, IdleLimit):
        return _owner(owner._on_idle)
    owner = channel_behind(owner) if owner is not None else None
    return owner if isinstance(owner, BaseChannel) else None
