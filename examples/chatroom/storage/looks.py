"""Queries of the history: how many may wait, and how long each may take.

Rule of this file: limits; the SQL is in history_rows.py.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial

from ..hall.history import Answer, Asker
from .errands import Errand, Errands
from .history_file import HistoryFile
from .problems import Clash

MOST_WAITING = 1000
"""Queries that may wait; writes have a separate thread, and are never refused."""

MOST_OF_ONE = 50
"""Queries from one source that may wait: they delay that source only."""

LONGEST_LOOK = 2.0
"""Seconds for one page or search; common words in a small room of a large file can be slow."""
LOOK_EVERY = 10_000  # instructions of SQLite's virtual machine: about a tenth of a millisecond

GONE = "its file was deleted or replaced, and cannot be made anew"


class Looks(Errands):
    """The queries, on a separate thread: a slow one must not delay messages."""

    def ask(
        self,
        file: Callable[[], HistoryFile],
        work: Callable[[sqlite3.Connection], Answer],
        done: Callable[[Answer], None],
        by: Asker,
    ) -> None:
        """Run the query `work` on `file` at the turn of its source.

        Args:
            file: Returns the history; called on the thread, as the file may have been replaced by
                then.
            work: Runs the query.
            done: Called with the answer.
            by: The member that asks.
        """
        if len(self) >= MOST_WAITING or self.waiting(by.source) >= MOST_OF_ONE:
            done(Answer(problem="too many look into it at once; try again"))
        else:
            look = partial(_look, file, work)
            self.add(Errand(look, lambda why: Answer(problem=why), done, by.source))


def _look(file: Callable[[], HistoryFile], work: Callable[[sqlite3.Connection], Answer]) -> Answer:
    history = file()
    if history.closed:
        raise Clash(GONE)
    deadline = time.monotonic() + LONGEST_LOOK
    history.reader.set_progress_handler(lambda: time.monotonic() > deadline, LOOK_EVERY)
    try:
        return work(history.reader)
    finally:
        history.reader.set_progress_handler(None, LOOK_EVERY)
        history.shorten_log()
