"""A kqueue on Linux, for real descriptors: what `select` has on macOS and the BSDs.

Written after kqueue(2) of FreeBSD and macOS.  Each filter of a descriptor is a knote.  A knote is
evaluated when it is added, and whenever events are read:

* READ fires while there is data, and for ever after the peer's end, which sets EV_EOF.  On the
  writing end of a pipe it fires at that end only.
* NOTE_LOWAT fires on so many bytes only.  Darwin counts a full receive buffer as enough, and for
  FreeBSD's pipes any byte is.  The end fires all the same.
* WRITE fires while there is room, and for ever after the end, which sets EV_EOF.  On a pipe that
  has no reader, FreeBSD and older Darwin refuse to add it (EPIPE).
* EV_CLEAR fires once, and again when more data has come or the end.
* Adding a knote again changes its mark, not its flags, and evaluates it again.
* Closing a descriptor removes its knotes.  Another file on the same number has none.

What is left out: `fflags` is 0 with EV_EOF, for on Linux a pending error cannot be read without
taking it; a half-close of our own does not set EV_EOF on WRITE; regular files are refused.
"""

import errno
import fcntl
import math
import os
import select
import stat
import termios
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

LONGEST = 100_000_000
"""Seconds: Darwin refuses a longer wait."""

EPOLL, POLL = select.epoll, select.poll
"""Looked up at import, because a test hides them from the package."""

Identity = tuple[int, int]


@dataclass
class Kevent:
    """`select.kevent`."""

    ident: int
    filter: int = -1
    flags: int = 1
    fflags: int = 0
    data: int = 0
    udata: int = 0


@dataclass
class Knote:
    """One filter of one descriptor, as it was added.

    Attributes:
        file: what the descriptor was then.
        seen: the bytes that could be read at the last evaluation; -1 before the first.
        ended: whether the end was there at the last evaluation.
    """

    change: Kevent
    file: Identity
    seen: int = -1
    ended: bool = False


@dataclass
class Select:
    """The module: pass it to `KqueueSelector`.

    Attributes:
        buffer: the bytes that fill a receive buffer, on Darwin; elsewhere no number of bytes does.
        broken_pipe: adding WRITE fails when a pipe has no reader any more.
        refused: the filter that cannot be added, 0 for none.
        calls: for each `control()` its changes, or the number of events and the timeout.
        reported: every event.
    """

    KQ_FILTER_READ, KQ_FILTER_WRITE = -1, -2
    KQ_EV_ADD, KQ_EV_DELETE, KQ_EV_CLEAR = 0x01, 0x02, 0x20
    KQ_EV_EOF, KQ_EV_ERROR = 0x8000, 0x4000
    KQ_NOTE_LOWAT = 1
    kevent = Kevent

    buffer: float = math.inf
    broken_pipe: bool = False
    refused: int = 0
    calls: list[object] = field(default_factory=list)
    reported: list[Kevent] = field(default_factory=list)

    def kqueue(self) -> "Kqueue":
        return Kqueue(self)


class Kqueue:
    """`select.kqueue`.

    An epoll object does the waiting; its descriptor is the descriptor of the kqueue.
    """

    def __init__(self, system: Select) -> None:
        self._system = system
        self._knotes: dict[tuple[int, int], Knote] = {}
        self._epoll = EPOLL()
        self._watched: dict[int, int] = {}

    @property
    def closed(self) -> bool:
        return self._epoll.closed

    def fileno(self) -> int:
        self._check()
        return self._epoll.fileno()

    def close(self) -> None:
        self._epoll.close()

    def _check(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed kqueue object")

    def control(
        self,
        changelist: Iterable[Kevent] | None,
        max_events: int,
        timeout: float | None = None,
    ) -> list[Kevent]:
        self._check()
        changes = [replace(change) for change in changelist or ()]
        self._system.calls.append((max_events, timeout) if max_events else changes)
        if timeout is not None and not timeout >= 0:
            raise ValueError("timeout must be positive or None")
        if timeout is not None and timeout > LONGEST:
            raise OSError(errno.EINVAL, "the timeout is too long")
        if max_events < 0:
            raise ValueError("max_events must not be negative")
        failed = [event for change in changes for event in self._make(change, max_events > 0)]
        if failed or not max_events:
            return failed[:max_events]
        return self._wait(max_events, timeout)

    def _make(self, change: Kevent, has_room: bool) -> list[Kevent]:
        """Make one change; an error is raised unless there is room to report it."""
        try:
            self._apply(change)
        except OSError as error:
            if not has_room:
                raise
            return [replace(change, flags=Select.KQ_EV_ERROR, data=error.errno or 0)]
        return []

    def _apply(self, change: Kevent) -> None:
        file = identity(change.ident)
        self._drop_closed()
        place = (change.ident, change.filter)
        if change.flags & Select.KQ_EV_DELETE:
            if place not in self._knotes:
                raise FileNotFoundError(errno.ENOENT, "no such filter")
            del self._knotes[place]
        elif place in self._knotes:
            old = self._knotes[place]
            old.change = replace(change, flags=old.change.flags)
            old.seen, old.ended = -1, False
        else:
            if change.filter == self._system.refused:
                raise OSError(errno.ENOMEM, "no memory for a filter")
            self._check_pipe(change)
            self._knotes[place] = Knote(replace(change, flags=change.flags & ~1), file)
        self._watch(change.ident)

    def _check_pipe(self, change: Kevent) -> None:
        writes = change.filter == Select.KQ_FILTER_WRITE and is_pipe(change.ident)
        if writes and self._system.broken_pipe and poll(change.ident) & select.POLLERR:
            raise BrokenPipeError(errno.EPIPE, "no reader")

    def _drop_closed(self) -> None:
        """Forget the knotes whose descriptor was closed, and an epoll object that may report it."""
        gone = {fd for (fd, _), note in self._knotes.items() if identity_or_none(fd) != note.file}
        if gone:
            self._knotes = {at: note for at, note in self._knotes.items() if at[0] not in gone}
            with EPOLL() as fresh:
                os.dup2(fresh.fileno(), self._epoll.fileno(), inheritable=False)
            self._watched.clear()
            for fd in {fd for fd, _ in self._knotes}:
                self._watch(fd)

    def _watch(self, fd: int) -> None:
        """Register in the epoll object what may trigger one of the descriptor's knotes."""
        notes = [note for at, note in self._knotes.items() if at[0] == fd]
        wanted = 0
        for note in notes:
            wanted |= self._triggers(note)
        if wanted == self._watched.get(fd, 0):
            return
        if fd not in self._watched:
            self._epoll.register(fd, wanted)
        elif wanted:
            self._epoll.modify(fd, wanted)
        else:
            self._epoll.unregister(fd)
        self._watched[fd] = wanted
        if not wanted:
            del self._watched[fd]

    def _triggers(self, note: Knote) -> int:
        if note.change.filter == Select.KQ_FILTER_WRITE:
            return select.EPOLLOUT
        if not note.change.flags & Select.KQ_EV_CLEAR:
            return select.EPOLLIN | select.EPOLLRDHUP
        return 0 if note.ended else select.EPOLLRDHUP

    def _wait(self, max_events: int, timeout: float | None) -> list[Kevent]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._drop_closed()
            events = self._scan(max_events)
            left = None if deadline is None else deadline - time.monotonic()
            if events or (left is not None and left <= 0):
                return events
            self._epoll.poll(left)

    def _scan(self, max_events: int) -> list[Kevent]:
        """Return the events of the knotes that fire, and queue these knotes last."""
        events: list[Kevent] = []
        for place, note in [*self._knotes.items()]:
            event = self._look(note) if len(events) < max_events else None
            if event is not None:
                events.append(event)
                self._knotes[place] = self._knotes.pop(place)
                self._watch(place[0])
        self._system.reported += events
        return events

    def _look(self, note: Knote) -> Kevent | None:
        """Run the filter; return the event if it fires."""
        change, state = note.change, poll(note.change.ident)
        if change.filter == Select.KQ_FILTER_WRITE:
            ended = state & (select.POLLERR | select.POLLHUP)
            fires, size = bool(ended or state & select.POLLOUT), 0
        else:
            ended = state & (select.POLLRDHUP | select.POLLHUP)
            if is_pipe(change.ident):  # POLLERR: its reader is gone
                ended |= state & select.POLLERR
            size = readable(change.ident, state)
            fires = bool(ended or state & select.POLLERR) or size >= self._mark(change)
        if change.flags & Select.KQ_EV_CLEAR and size <= note.seen and note.ended >= bool(ended):
            fires = False
        note.seen, note.ended = size, bool(ended)
        flags = change.flags | (Select.KQ_EV_EOF if ended else 0)
        return replace(change, flags=flags, fflags=0, data=size) if fires else None

    def _mark(self, change: Kevent) -> float:
        if change.fflags & Select.KQ_NOTE_LOWAT and not is_pipe(change.ident):
            return min(change.data, self._system.buffer)
        return 1


def poll(fd: int) -> int:
    """Return the state of a descriptor, in the bits of poll(2)."""
    kernel = POLL()
    kernel.register(fd, select.POLLIN | select.POLLOUT | select.POLLRDHUP)
    return dict(kernel.poll(0)).get(fd, 0)


def readable(fd: int, state: int) -> int:
    """Return the number of bytes that can be read, or of connections: 0 or 1."""
    if not state & select.POLLIN:
        return 0
    try:
        return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), "little")
    except OSError:  # a listening socket
        return 1


def is_pipe(fd: int) -> bool:
    return stat.S_ISFIFO(os.fstat(fd).st_mode)


def identity(fd: int) -> Identity:
    """Return what tells one open file from another; EBADF."""
    state = os.fstat(fd)
    return state.st_dev, state.st_ino


def identity_or_none(fd: int) -> Identity | None:
    try:
        return identity(fd)
    except OSError:  # it is closed
        return None
