"""Observations of the watched loop.

Rule of this file: the trace that records events, and pictures made of it; no network.

The watched thread records; the page's thread requests pictures.  It makes a picture while the
watched thread does not run, in its wait or at a stop; if that never happens, the watched thread
makes it between two passes.  So the loop never changes while a picture is made.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace

from miniloop import EventLoop, Trace
from miniloop.readiness import HANGUP, READ, URGENT, WRITE, Registration
from miniloop.timers import Handle, TimerHandle
from miniloop.trace import inspection, install
from miniloop.trace.hooks import Counts, callback_name, channel_behind

from .pace import RUN, Pace
from .picture import Entry, Picture, Row, Stage, Timer

STAGES = ("refresh", "wait", "deliver", "timers", "callbacks")
MOST_ROWS = 40
MOST_TIMERS = 12
LOG = 100
KERNEL, LOOP, HANDLERS = "kernel", "loop", "handlers"
_BITS = {READ: "read", WRITE: "write", URGENT: "urgent", HANGUP: "hangup"}
_CALLS = {"EpollSelector": ("epoll_wait", "epoll_ctl"), "KqueueSelector": ("kevent", "kevent")}
_ANY = ("wait", "watch")
"""The names of the selector's two system calls; a poll list has no second one."""


@dataclass
class _Notes:
    """The recorded facts of one registration."""

    number: int
    received: int = 0
    sent: int = 0
    calls: int = 0
    last: str = ""


@dataclass
class _Spent:
    """How often a stage was entered since the last picture, and how long it took."""

    times: int = 0
    seconds: float = 0.0


@dataclass
class _Place:
    """The position of the loop."""

    stage: str = ""
    since: float = 0.0
    row: int | None = None
    doing: str = ""
    spent: dict[str, _Spent] = field(default_factory=lambda: {name: _Spent() for name in STAGES})

    def spend(self, now: float) -> None:
        """Add the time up to `now` to this stage."""
        if self.stage:
            self.spent[self.stage].seconds += now - self.since
        self.since = now


class Seen(Trace):
    """Records what the loop does, and holds it at the stops of `pace`."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._loop: EventLoop | None = None
        self._lock = threading.Lock()
        self._still = False
        self._held = False
        self._wanted = False
        self._made: Picture | None = None
        self._notes: dict[Registration, _Notes] = {}
        self._opened = 0
        self._passes = 0
        self._place = _Place()
        self._log: deque[Entry] = deque(maxlen=LOG)
        self._logged = 0
        self._last_picture = time.monotonic()
        self._wait_call, self._control = _ANY

    def attach(self, loop: EventLoop) -> None:
        """Watch `loop` from now on."""
        self._loop = loop
        self._wait_call, self._control = _CALLS.get(type(loop._selector).__name__, _ANY)
        install(loop, self)

    # Called by the watched thread

    def before_pass(self, counts: Counts) -> None:
        """Make a requested picture if the loop never stopped meanwhile."""
        self._passes += 1
        if self._wanted:
            with self._lock:
                self._wanted = False
                self._made = self._picture()

    def stage(self, name: str) -> None:
        """Record the stage, and stop: each stage is a stop."""
        place = self._place
        place.spend(time.monotonic())
        place.stage, place.row, place.doing = name, None, ""
        place.spent[name].times += 1
        self._stop(pass_begins=name == STAGES[0])

    def after_pass(self) -> None:
        """Record the end of the pass: no time is counted between two passes."""
        self._place.spend(time.monotonic())
        self._place.stage = ""

    def asked(self, registration: Registration, before: int) -> None:
        """Record a poll of the interest, and stop; a changed answer is a system call."""
        notes, now = self._notes.get(registration), registration.interest
        if notes is None:
            return
        self._note(LOOP, f"ask {_title(registration)}: {_words(now)}")
        if now != before:
            call = "MOD" if now and before else "ADD" if now else "DEL"
            self._note(KERNEL, f"{self._control}({call}, fd {registration.fd}, {_words(now)})")
        self._place.row, self._place.doing = notes.number, "interest"
        self._stop()
        self._place.row, self._place.doing = None, ""

    def before_wait(self, timeout: float | None) -> None:
        """Record the wait, and allow pictures: the loop does not run during it."""
        longest = "no limit" if timeout is None else f"{timeout:.3g} s"
        self._note(KERNEL, f"{self._wait_call}({longest})")
        with self._lock:
            self._still = True

    def after_wait(self, count: int) -> None:
        """Record the end of the wait: the loop runs again."""
        with self._lock:
            self._still = False
        waited = self._log[-1]
        self._log[-1] = replace(waited, text=f"{waited.text} = {count} ready")

    def before_handler(self, registration: Registration, name: str) -> None:
        """Record the handler, and stop: each handler is a stop."""
        notes = self._notes.get(registration)
        if notes is not None:
            notes.calls += 1
            notes.last = name
            if name == "flush":
                self._note(LOOP, f"flush {_title(registration)}")
            else:
                self._note(HANDLERS, f"{_title(registration)}.{name}()")
            self._place.row, self._place.doing = notes.number, name
            self._stop()

    def after_handler(self, registration: Registration, name: str) -> None:
        """Record that no handler runs."""
        self._place.row, self._place.doing = None, ""

    def before_callback(self, handle: Handle) -> None:
        """Record the callback, and stop: each callback is a stop."""
        kind = "timer" if isinstance(handle, TimerHandle) else "callback"
        self._place.doing = callback_name(handle)
        self._note(HANDLERS, f"{kind}: {self._place.doing}()")
        self._stop()

    def after_callback(self, handle: Handle) -> None:
        """Record that no callback runs."""
        self._place.doing = ""

    def opened(self, registration: Registration) -> None:
        """Add a row."""
        self._opened += 1
        self._notes[registration] = _Notes(self._opened)
        if self._opened > 1:  # the first is the loop's own waker
            self._note(LOOP, f"{_title(registration)} is registered")

    def closed(self, registration: Registration) -> None:
        """Remove a row."""
        if self._notes.pop(registration, None) is not None:
            self._note(LOOP, f"{_title(registration)} leaves the loop")

    def received(self, registration: Registration, size: int) -> None:
        """Count the bytes."""
        if (notes := self._notes.get(registration)) is not None:
            notes.received += size
            self._note(KERNEL, f"recv(fd {registration.fd}) = {size} bytes")

    def sent(self, registration: Registration, size: int) -> None:
        """Count the bytes."""
        if (notes := self._notes.get(registration)) is not None:
            notes.sent += size
            self._note(KERNEL, f"send(fd {registration.fd}) = {size} bytes")

    def pushed(self, registration: Registration, size: int) -> None:
        """Record the output that the program queues."""
        if registration in self._notes:
            self._note(HANDLERS, f"{_title(registration)}.push({size} bytes)")

    def _note(self, lane: str, text: str) -> None:
        self._logged += 1
        place = self._place
        self._log.append(Entry(self._logged, lane, text, place.stage, self._passes))

    def _stop(self, *, pass_begins: bool = False) -> None:
        if self._pace.mode == RUN:
            return
        with self._lock:
            self._still = self._held = True
        begun = time.monotonic()
        self._pace.stop_here(pass_begins=pass_begins)
        with self._lock:
            self._place.since += time.monotonic() - begun  # time held at a stop does not count
            self._still = self._held = False

    # Called by the other thread

    def look(self) -> Picture | None:
        """Return a picture; None if there was no moment for one yet: call again soon."""
        with self._lock:
            if self._still:
                self._wanted, self._made = False, None
                return self._picture()
            self._wanted = True
            made, self._made = self._made, None
            return made

    def _picture(self) -> Picture:
        """Return a picture of the loop, which does not run meanwhile."""
        assert self._loop is not None
        loop, place, now = self._loop, self._place, time.monotonic()
        entries = inspection.registrations(loop)
        rows = [self._row(entry, self._notes[entry]) for entry in entries if entry in self._notes]
        if place.stage == STAGES[1] and not self._held:
            place.spend(now)  # the present wait
        span, self._last_picture = now - self._last_picture, now
        spent, place.spent = place.spent, {name: _Spent() for name in STAGES}
        return Picture(
            mode=self._pace.mode, delay=self._pace.delay, passes=self._passes, span=span,
            stage=place.stage, row=place.row, doing=place.doing,
            stages={name: Stage(each.times, each.seconds) for name, each in spent.items()},
            rows=_busiest(rows), hidden=max(0, len(rows) - MOST_ROWS),
            channels=len(rows), dirty=sum(row.dirty for row in rows),
            queued=sum(row.queued for row in rows),
            timer_count=len(loop._timers),
            timers=[
                Timer(max(0.0, timer.when - loop.time()), callback_name(timer))
                for timer in inspection.timers(loop, MOST_TIMERS)
            ],
            callbacks=[callback_name(each) for each in inspection.callbacks(loop, MOST_TIMERS)],
            log=[*self._log], logged=self._logged,
        )  # fmt: skip

    def _row(self, registration: Registration, notes: _Notes) -> Row:
        channel = channel_behind(registration.channel)
        return Row(
            number=notes.number, fd=registration.fd, kind=type(channel).__name__,
            address=_address(registration),
            wants=[word for bit, word in _BITS.items() if registration.interest & bit],
            dirty=registration.dirty, queued=getattr(channel, "output_size", 0),
            received=notes.received, sent=notes.sent, calls=notes.calls, last=notes.last,
        )  # fmt: skip


def _busiest(rows: list[Row]) -> list[Row]:
    """Return as many rows as fit, oldest first; the busiest are among them."""
    if len(rows) <= MOST_ROWS:
        return rows
    shown = sorted(rows, key=lambda row: -row.calls)[:MOST_ROWS]
    return sorted(shown, key=lambda row: row.number)


def _words(interest: int) -> str:
    return "|".join(word.upper() for bit, word in _BITS.items() if interest & bit) or "nothing"


def _title(registration: Registration) -> str:
    kind = type(channel_behind(registration.channel)).__name__
    return f"fd {registration.fd} {kind}"


def _address(registration: Registration) -> str:
    address = getattr(channel_behind(registration.channel), "addr", None)
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else ""
