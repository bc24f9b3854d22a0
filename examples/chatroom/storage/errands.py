"""Disk operations in order, on a thread, with a guarantee that all are run before the end.

Rule of this file: threads and order, independent of the operations.

`ThreadPool` drops its queue when the loop stops.  That is right for a server's queries and wrong
for messages, so the queue is kept here, the pool is only notified of one more errand, and
`finish()` runs at the end what the pool did not reach.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from miniloop import EventLoop, ThreadPool

from .problems import describe
from .turns import Turns

log = logging.getLogger("chatroom")

Result = TypeVar("Result")

TOO_SLOW = "the disk was too slow for the end"


class Errand(Generic[Result]):
    """An operation for the thread, and a callback for the loop's thread.

    Args:
        work: The operation; an exception from it becomes an answer as well.
        failed: Makes the answer from half a sentence on the failure.
        done: Called with the answer, once.
        source: The source of the errand; see turns.py.
    """

    def __init__(
        self,
        work: Callable[[], Result],
        failed: Callable[[str], Result],
        done: Callable[[Result], None],
        source: str = "",
    ) -> None:
        self.source = source
        self._work = work
        self._failed = failed
        self._done = done

    def run(self) -> None:
        """Run the operation; on any thread."""
        try:
            self._answer = self._work()
        except Exception as error:
            self.fail(describe(error))

    def fail(self, why: str) -> None:
        """Make the answer from half a sentence on the failure."""
        self._answer = self._failed(why)

    def tell(self) -> None:
        """Call `done` with the answer; on the loop's thread."""
        self._done(self._answer)


class Errands:
    """A queue of errands; urgent ones go first, the others in turn by their sources.

    Args:
        loop: The loop on whose thread the answers are delivered.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._pool = ThreadPool(loop, threads=1, max_queued=1_000_000, name="chatroom-history")
        self._turn = threading.Lock()  # held while one is run; only its holder takes from queues
        self._urgent: deque[Errand[Any]] = deque()
        self._others: Turns[Errand[Any]] = Turns()
        self._run: deque[Errand[Any]] = deque()  # but not delivered yet
        self._untold: dict[Errand[Any], None] = {}  # used on the loop's thread only
        self._finishing = self._over = False

    def __len__(self) -> int:
        """Return the number of errands whose answers are not delivered yet."""
        return len(self._untold)

    def waiting(self, source: str) -> int:
        """Return the number of waiting errands of `source` that are not urgent."""
        return self._others.waiting(source)

    def add(self, errand: Errand[Any], *, urgent: bool = False) -> None:
        """Run `errand` at its turn and deliver the answer; after the end, only answer."""
        if self._over:
            errand.fail(TOO_SLOW)
            errand.tell()
            return
        self._untold[errand] = None
        (self._urgent if urgent else self._others).append(errand)
        if not self._finishing and not self._pool.closed:
            self._pool.submit(self._do_one, on_done=lambda job: self._tell_one())

    def finish(self, patience: float) -> None:
        """Run and answer all errands now, and those that the answers add; the thread gets no more.

        Args:
            patience: Seconds in total; errands not done by then get a failure as answer.
        """
        self._finishing = True
        deadline = time.monotonic() + patience
        while self._untold and (left := deadline - time.monotonic()) > 0:
            if not self._run and not self.alone(self._do_next, left):
                break
            self._tell_safely()
        self._give_up()

    def alone(self, work: Callable[[], object], patience: float) -> bool:
        """Run `work` on this thread while no errand runs; return False if that was not possible.

        Args:
            work: The operation.
            patience: Seconds to wait for the running errand; if negative, do not wait.
        """
        if not self._turn.acquire(timeout=max(0.0, patience)):
            return False
        try:
            work()
        finally:
            self._turn.release()
        return True

    def _do_one(self) -> None:
        with self._turn:
            self._do_next()

    def _do_next(self) -> None:
        """Run the most urgent errand, if any is left; only for the holder of the turn."""
        queue = self._urgent or self._others
        if queue:
            errand = queue.popleft()
            began = time.monotonic()
            errand.run()
            self._others.charge(errand.source, time.monotonic() - began)
            self._run.append(errand)

    def _tell_one(self) -> None:
        """Deliver the oldest answer, unless finish() has delivered it or given it up."""
        if self._run:
            errand = self._run.popleft()
            if errand in self._untold:
                del self._untold[errand]
                errand.tell()

    def _tell_safely(self) -> None:
        try:
            self._tell_one()
        except Exception:  # one failure must not keep the others from finishing
            log.exception("An answer from the history was not understood.")

    def _give_up(self) -> None:
        """Answer the remaining errands with a failure, after the time limit."""
        self._over = True
        self._urgent.clear()
        self._others.clear()
        self._run.clear()
        for errand in self._untold:
            errand.fail(TOO_SLOW)
            self._run.append(errand)
        while self._run:
            self._tell_safely()
