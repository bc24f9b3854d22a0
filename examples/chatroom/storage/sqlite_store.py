"""The persistent store: SQLite in one file.

Rule of this file: `Store`'s methods become errands on two threads, one for writes and one for
queries; the SQL is in history_rows.py.  The loop never blocks: queueing a write takes microseconds,
the commit runs on the thread.

Commits are durable (`synchronous=FULL`): when `done` has been called, the data survives SIGKILL or
a power cut, as far as the disk itself is reliable.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from miniloop import EventLoop

from ..hall.history import ANYBODY, Answer, Asker, Remembered, Write, Written
from .errands import Errand, Errands
from .history_file import HistoryFile, transaction
from .history_rows import Writer, last_time, read_all, read_matches, read_page
from .looks import GONE, LONGEST_LOOK, Looks
from .problems import Clash, StoreError, describe
from .rescue import copy_out, put_in_place
from .retention import Retention, Trimmed, sweep

__all__ = ["Retention", "SqliteStore", "StoreError", "Trimmed"]

log = logging.getLogger("chatroom")

Result = TypeVar("Result")

RENEWED = "The history's file was deleted or replaced; it has been made anew, and nothing is lost."

PATIENCE = 3.0
"""Seconds that `close()` waits for pending operations."""


class SqliteStore:
    """A `Store` in the SQLite database `path`, which one server at a time can open.

    `close()` it in an ``on_stop()`` callback that runs after the hall's own: during an orderly stop
    the loop waits for output and not for threads, so the last messages would be lost.

    Args:
        loop: The loop whose thread makes the calls and gets the answers.
        path: The file; it and its folder are created if they are missing, for this user alone.
        retention: What `trim()` keeps; everything by default.
        wall: The time for ages, in seconds since the epoch.

    Raises:
        StoreError: It cannot be opened, is not a history, or another server has it.

    Attributes:
        renewed: How often the file was restored after it had been deleted or replaced.
    """

    def __init__(
        self,
        loop: EventLoop,
        path: Path,
        retention: Retention | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._retention = retention or Retention()
        self._wall = wall
        self._path = path
        self._file = HistoryFile(path)
        self._rescued: Path | None = None  # a copy that is not in its place yet
        self._errands = Errands(loop)
        self._looks = Looks(loop)
        self._sweep: Iterator[None] | None = None
        self._swept = self._file
        self._trouble = self._news = ""
        self.renewed = 0
        self._closing = self._closed = False

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._file.connection

    @property
    def waiting(self) -> int:
        """How many writes and queries are not answered yet."""
        return len(self._errands) + len(self._looks)

    def last_time(self) -> float:
        """Return the last time in the history, in seconds since the epoch; 0 if there is none.

        Raises:
            StoreError: The file is damaged, or cannot be read.
        """
        with self._reading():
            return last_time(self._connection)

    def load(self, recent: int) -> Remembered:
        """Return the stored data, with up to `recent` messages a room; blocks, so before the loop.

        Raises:
            StoreError: The file is damaged, or cannot be read.
        """
        most = self._retention.keep_rooms
        with self._reading():
            return read_all(self._connection, recent, most, self._wall())

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Write all of `writes` in one transaction, or none; then call `done`."""
        # A copy: the thread must not read a list that its owner continues to use.
        batch, now = tuple(writes), self._wall()
        self._add(
            lambda: self._write(batch, now), lambda why: Written(problem=why), done, urgent=True
        )

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        """Find up to `count` messages of `room` before the id `before`; 0 means the newest."""
        unheard = by.unheard
        self._ask(lambda reader: read_page(reader, room, before, count, unheard), done, by)

    def search(
        self,
        room: str,
        query: str,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
        before: int = 0,
    ) -> None:
        """Find up to `count` of the newest messages of `room` with all the words of `query`.

        A word is found in texts and in senders' names, in any case and with or without accents; the
        last word also matches the beginning of a longer word.  In scripts without spaces between
        words any part is found.
        """
        unheard = by.unheard
        self._ask(
            lambda reader: read_matches(reader, room, query, count, before, unheard), done, by
        )

    def trim(self, now: float, done: Callable[[Trimmed], None] | None = None) -> None:
        """Delete what exceeds the retention, in small steps that let other errands run in between.

        Does nothing, and does not call `done`, while an earlier call is still running.

        Args:
            now: Seconds since the epoch, by the clock for ages.
            done: Called with what was removed, which is logged as well.
        """
        if self._sweep is None and not self._closing:
            trimmed, self._swept = Trimmed(), self._file
            self._sweep = sweep(self._connection, self._retention, now, trimmed)
            self._trim_on(trimmed, done or (lambda _: None))

    def close(self, patience: float = PATIENCE) -> None:
        """Finish all queued errands, call their callbacks, and close the file.

        Blocks; safe to call again.  Later requests are answered with a problem.

        Args:
            patience: Seconds for the writes, and as many again for the queries.
        """
        if self._closed:
            return
        self._closing = True
        self._errands.finish(patience)
        self._looks.finish(patience)
        self._closed = True
        looked = self._looks.alone(self._file.reader.close, patience)
        if not (looked and self._errands.alone(self._file.close, patience)):
            log.error("The history in %s could not be closed: the disk hangs.", self._path)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            why = describe(error)
            raise StoreError(f"The history in {self._path} cannot be read: {why}.") from error

    def _ask(
        self,
        work: Callable[[sqlite3.Connection], Answer],
        done: Callable[[Answer], None],
        by: Asker,
    ) -> None:
        if self._closed:
            done(Answer(problem="it is closed already"))
        else:
            self._looks.ask(lambda: self._file, work, done, by)

    def _add(
        self,
        work: Callable[[], Result],
        failed: Callable[[str], Result],
        done: Callable[[Result], None],
        *,
        urgent: bool = False,
    ) -> None:
        if self._closed:
            done(failed("it is closed already"))
        else:
            self._errands.add(Errand(work, failed, done), urgent=urgent)

    def _trim_on(self, trimmed: Trimmed, done: Callable[[Trimmed], None]) -> None:
        """Run one step of the sweep, then queue the next, unless it was the last."""

        def failed(why: str) -> bool:
            trimmed.problem = why
            return False

        def stepped(more: bool) -> None:
            if more and not self._closing:
                self._trim_on(trimmed, done)
            else:
                self._sweep = None
                _report(trimmed)
                done(trimmed)

        self._add(self._sweep_on, failed, stepped)

    # On the threads

    def _write(self, batch: Sequence[Write], now: float) -> Written:
        try:
            self._stay_in_place()
            with transaction(self._connection):
                writer = Writer(self._connection, now)
                for each in batch:
                    writer.do(each)
        except Exception as error:
            self._note(error)
            raise
        if self._trouble:
            log.info("The history is written again.")
            self._trouble = ""
        note, self._news = self._news, ""
        return Written(repeated=frozenset(writer.repeated), note=note)

    def _stay_in_place(self) -> None:
        """Restore the file if it is not in its place any more.

        Raises:
            Clash: It cannot be restored.
        """
        if not self._file.closed and self._file.in_place():
            return
        try:
            if not self._looks.alone(self._renew, LONGEST_LOOK + 1.0):
                raise TimeoutError("a search does not end")
        except (OSError, sqlite3.Error, StoreError) as error:
            if self._trouble != GONE:
                log.error("The history in %s cannot be made anew: %s", self._path, error)
            raise Clash(GONE) from error
        self.renewed += 1
        self._news = RENEWED
        log.warning("%s It is %s.", RENEWED, self._path)

    def _renew(self) -> None:
        """Put a copy in the place of the missing file, while no query runs."""
        if not self._file.closed:  # or an earlier attempt reached this point
            self._rescued = copy_out(self._file)
            self._file.close()
        if self._rescued is not None:  # a file in its place is not opened before
            put_in_place(self._rescued, self._file)
            self._rescued = None
        self._file = HistoryFile(self._file.path)

    def _note(self, error: Exception) -> None:
        # Once for each cause: the hall retries every second.
        if str(error) != self._trouble:
            self._trouble = str(error)
            log.warning("The history in %s was not written: %s.", self._path, error)

    def _sweep_on(self) -> bool:
        self._stay_in_place()
        if self._swept is not self._file:
            return False
        return self._sweep is not None and next(self._sweep, _END) is not _END


_END = object()


def _report(trimmed: Trimmed) -> None:
    if trimmed.problem:
        log.warning("The history was not trimmed to the end: %s.", trimmed.problem)
    if trimmed.messages or trimmed.rooms or trimmed.sanctions:
        log.info(
            "Forgot %d messages, %d rooms and %d sanctions; the history takes %.1f MB now.",
            *(trimmed.messages, trimmed.rooms, trimmed.sanctions, trimmed.bytes / 1e6),
        )
