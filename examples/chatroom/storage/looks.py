"""Questions to the history: how many may wait, and how long each may take.

Rule of this file: bounds; what is asked is SQL of history_rows.py.
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
"""Questions that may wait; writes have a thread of their own, and are never refused."""

MOST_OF_ONE = 50
"""Questions from one source that may wait: it waits for them itself, others do not."""

LONGEST_LOOK = 2.0
"""Seconds for one page or search; common words in a small room of a large file can take long."""
LOOK_EVERY = 10_000  # instructions of SQLite's machine: some tenth of a millisecond

GONE = "its file was deleted or replaced, and cannot be made anew"


class Looks(Errands):
    """The questions, on a thread of their own: one that takes long must hold up no message."""

    def ask(
        self,
        file: Callable[[], HistoryFile],
        work: Callable[[sqlite3.Connection], Answer],
        done: Callable[[Answer], None],
        by: Asker,
    ) -> None:
        """Let `work` look into `file` when the turn of its source has come.

        Args:
            file: Returns the history; called on the thread, as it may be another one by then.
            work: Looks into it.
            done: Gets the answer.
            by: Who asks.
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
