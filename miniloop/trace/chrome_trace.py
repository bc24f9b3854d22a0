"""A loop's life as a picture: a trace file for https://ui.perfetto.dev and chrome://tracing.

``ChromeTrace`` decides what is drawn; bytes and the file are ``trace_file.py``'s matter.  The
format is Chrome's "Trace Event Format", its array form.

What is drawn: one row for the loop, with its stages, and callbacks inside them; one row for each
registration, with its handlers.  A row is a "thread" to the format, and its number is never used
again, so a descriptor that comes back is seen to be another channel's.  Arrows lead from the
handler that called ``push()`` to the flush that emptied the queue, and begin where that handler's
callback was asked for, if it is one of ``call_soon()`` or brings what a thread pool has done.

Memory is bounded by the live channels: nothing that is written is kept.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from miniloop.readiness import Registration
from miniloop.timers import Handle, TimerHandle
from miniloop.trace.hooks import Counts, Trace, callback_name, channel_behind
from miniloop.trace.trace_file import TraceFile

LIMIT = 100_000_000
"""Bytes: some minutes of a busy loop, and as much as chrome://tracing opens with patience."""

MOST_ARROWS = 64
"""Arrows to one flush: a picture with more of them shows nothing."""

_MOST_POINTS = 8
"""Callbacks that ask for callbacks: so much of the chain is drawn."""

_MOST_SCHEDULED = 4096
"""Callbacks remembered with what scheduled them; cancelled ones are never removed otherwise."""

_LOOP_ROW = 1

_Points = tuple[tuple[int, int], ...]
"""Where an arrow passes: rows, and times in nanoseconds."""


class _Running(NamedTuple):
    """A handler or callback that runs: its row, a number of its own, and what led to it."""

    row: int
    number: int
    origin: _Points


class _Row:
    """One registration's row.

    Attributes:
        number: its "thread" id.
        registration: the registration that the row shows.
        name: the present handler's.
        begun: when it began, in nanoseconds; None outside of handlers.
        named: whether the file has the row's name.
        ended: whether the registration died in the present handler.
        received, sent: bytes in the present handler.
        queued: bytes in the queue, as last seen.
        causes: what led to each ``push()`` of what is in the queue.
        pusher: the number of the handler that pushed last.
        left_out: causes beyond ``MOST_ARROWS``.
    """

    __slots__ = (
        "begun", "causes", "ended", "left_out", "name", "named", "number", "pusher", "queued",
        "received", "registration", "sent",
    )  # fmt: skip

    def __init__(self, number: int, registration: Registration) -> None:
        """Nothing has happened yet."""
        self.number = number
        self.registration = registration
        self.begun: int | None = None
        self.name = ""
        self.named = self.ended = False
        self.received = self.sent = self.queued = self.left_out = self.pusher = 0
        self.causes: list[_Points] = []


class ChromeTrace(Trace):
    """Writes what the loop does to a file.

    The file can be opened at any time, and after a crash too: what was written until a second
    before is in it.  The loop's ``close()`` ends it.

    Args:
        path: where to write; what is there is replaced.
        limit: most bytes of the file; the trace ends there, and its last entry says so.
        clock: returns nanoseconds, never running backwards.

    Raises:
        OSError: the file cannot be made.
        ValueError: the limit is too small for any trace.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        limit: int = LIMIT,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        """Make the file, and name the loop's row."""
        self._file = TraceFile(Path(path), limit, clock)
        self._now = self._file.now
        self._rows: dict[Registration, _Row] = {}
        self._last_row = _LOOP_ROW
        self._current: _Running | None = None
        self._number = 0
        self._scheduled: dict[int, tuple[object, _Points]] = {}  # by id()
        self._arrows = 0
        self._stage: tuple[str, int] | None = None
        self._wait: dict[str, object] | None = None
        self._calls: list[tuple[int, _Running | None, str]] = []
        self._queued = 0
        self._told: dict[str, int] = {}
        self._file.name_row(_LOOP_ROW, "loop", first=True)

    def close(self) -> None:
        """End the file; what follows is not written.  Again is harmless."""
        self._end_stage()
        self._file.close()

    def loop_closed(self) -> None:
        """End the file."""
        self.close()

    # -- the loop's row ---------------------------------------------------------------------------

    def before_pass(self, counts: Counts) -> None:
        """Draw the counters that changed."""
        self._count("registered channels", counts.channels)
        self._count("dirty", counts.dirty)
        self._count("timers", counts.timers)
        self._count("queued output", self._queued)

    def _count(self, name: str, value: int) -> None:
        if self._told.get(name) != value:
            self._told[name] = value
            self._file.counter(name, value, self._now())

    def stage(self, name: str) -> None:
        """The stage before has ended."""
        self._end_stage()
        if name == "wait":
            self._count("queued output", self._queued)  # what the kernel did not take
        self._stage = name, self._now()

    def after_pass(self) -> None:
        """The last stage has ended."""
        self._end_stage()

    def _end_stage(self) -> None:
        if self._stage is not None:
            (name, begun), self._stage = self._stage, None
            self._file.slice(_LOOP_ROW, name, "stage", begun, self._now(), self._wait)
            self._wait = None

    def before_wait(self, timeout: float | None) -> None:
        """Note for how long; and let the file be complete, as there may be time for it."""
        self._file.flush_if_due()
        self._wait = {"timeout": timeout}

    def after_wait(self, count: int) -> None:
        """Note how many are ready."""
        if self._wait is not None:
            self._wait["events"] = count

    def before_callback(self, handle: Handle) -> None:
        """A callback is drawn inside its stage."""
        self._calls.append((self._now(), self._current, callback_name(handle)))
        self._begin(_LOOP_ROW, self._origin(handle))

    def _begin(self, row: int, origin: _Points = ()) -> None:
        """Whatever is pushed from now on is caused here."""
        self._number += 1
        self._current = _Running(row, self._number, origin)

    def scheduled(self, work: object) -> None:
        """Remember what scheduled it."""
        if self._current is not None:
            self._scheduled[id(work)] = work, self._points(self._current)
            if len(self._scheduled) > _MOST_SCHEDULED:
                del self._scheduled[next(iter(self._scheduled))]

    def _origin(self, handle: Handle) -> _Points:
        """Return what led to a callback: to its handle, or to the job that it brings home."""
        for work in (handle, *handle._args[:1]):
            if id(work) in self._scheduled:
                return self._scheduled.pop(id(work))[1]
        return ()

    def _points(self, cause: _Running) -> _Points:
        return (*cause.origin[: _MOST_POINTS - 2], (cause.row, self._now()))

    def after_callback(self, handle: Handle) -> None:
        """Draw it."""
        if self._calls:
            begun, self._current, name = self._calls.pop()
            kind = "timer" if isinstance(handle, TimerHandle) else "callback"
            self._file.slice(_LOOP_ROW, name, kind, begun, self._now())

    # -- the rows of the channels -----------------------------------------------------------------

    def opened(self, registration: Registration) -> None:
        """A row of its own; it is named when there is something to draw: the address may follow."""
        self._last_row += 1
        row = self._rows[registration] = _Row(self._last_row, registration)
        self._file.instant(row.number, "opened", self._now())

    def closed(self, registration: Registration) -> None:
        """Its row ends here, or with the handler that closed it."""
        row = self._rows.get(registration)
        if row is None:
            return
        self._name(row)
        self._file.instant(row.number, "closed", self._now())
        self._queued -= row.queued
        row.causes.clear()
        row.ended = True
        if row.begun is None:
            del self._rows[registration]

    def before_handler(self, registration: Registration, name: str) -> None:
        """A handler begins."""
        row = self._rows.get(registration)
        if row is not None:
            row.received = row.sent = 0
            row.name, row.begun = name, self._now()
            self._begin(row.number)

    def after_handler(self, registration: Registration, name: str) -> None:
        """Draw it, and the arrows that end in it."""
        self._current = None
        row = self._rows.get(registration)
        if row is None or row.begun is None:  # the trace began in the middle of it
            return
        if row.ended:
            del self._rows[registration]
        else:
            self._name(row)
            self._measure(row)
        self._end_handler(row, row.begun)

    def _name(self, row: _Row) -> None:
        """Name a row after its channel, once."""
        if not row.named:
            row.named = True
            self._file.name_row(row.number, _row_name(row.registration))

    def _end_handler(self, row: _Row, begun: int) -> None:
        row.begun = None
        notes = {"received": row.received, "sent": row.sent}
        if row.causes and row.registration.channel.drained():
            notes["arrows left out"] = row.left_out
            self._draw_arrows(row, begun)
        said = {key: value for key, value in notes.items() if value}
        self._file.slice(row.number, row.name, "handler", begun, self._now(), said)

    def pushed(self, registration: Registration, size: int) -> None:
        """Remember which handler queued it."""
        row = self._rows.get(registration)
        if row is None or row.ended:
            return
        row.queued += size
        self._queued += size
        cause = self._current
        if cause is None or row.pusher == cause.number:
            return  # between two passes; or one more by the same
        row.pusher = cause.number
        if len(row.causes) < MOST_ARROWS:
            row.causes.append(self._points(cause))
        else:
            row.left_out += 1

    def _draw_arrows(self, row: _Row, end: int) -> None:
        """From each cause to the handler that began at ``end``; those inside it need no arrow."""
        for points in row.causes:
            if points[-1][1] < end:
                self._arrows += 1
                self._file.arrow(self._arrows, (*points, (row.number, end)))
        row.causes.clear()
        row.left_out = 0

    def _measure(self, row: _Row) -> None:
        """Look how much is queued now."""
        queued = getattr(row.registration.channel, "output_size", 0)
        self._queued += queued - row.queued
        row.queued = queued

    def received(self, registration: Registration, size: int) -> None:
        """Count for the handler."""
        if (row := self._rows.get(registration)) is not None:
            row.received += size

    def sent(self, registration: Registration, size: int) -> None:
        """Count for the handler."""
        if (row := self._rows.get(registration)) is not None:
            row.sent += size


def _row_name(registration: Registration) -> str:
    """Return descriptor, class and address."""
    channel = channel_behind(registration.channel)
    address = getattr(channel, "addr", None)
    if isinstance(address, tuple) and len(address) >= 2:
        address = f"{address[0]}:{address[1]}"
    name = f"fd {registration.fd} {type(channel).__qualname__}"
    return name if address in (None, "") else f"{name} {address!s:.80}"
