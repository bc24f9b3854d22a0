"""Work that waits for a disk: in order, on a thread, and never left undone at the end.

Rule of this file: threads and turns; what the work is, is not known here.

`ThreadPool` drops what waits when the loop stops.  That is right for a server's questions and
wrong for what people have said, so the queue is kept here, the pool is only told "one more", and
`finish()` does at the end what the pool did not get to.
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
    """Something to do on the thread, and whom to tell on the loop's.

    Args:
        work: What to do; what it raises becomes an answer, too.
        failed: Makes the answer from half a sentence on what went wrong.
        done: Gets the answer, once.
        source: For whom it is done; see turns.py.
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
        """Do the work; on any thread."""
        try:
            self._answer = self._work()
        except Exception as error:
            self.fail(describe(error))

    def fail(self, why: str) -> None:
        """Let half a sentence on what went wrong be the answer."""
        self._answer = self._failed(why)

    def tell(self) -> None:
        """Tell the answer; on the loop's thread."""
        self._done(self._answer)


class Errands:
    """A queue of errands; urgent ones go first, the others in turns by their sources.

    Args:
        loop: The loop on whose thread the answers are told.
    """

    def __init__(self, loop: EventLoop) -> None:
        self._pool = ThreadPool(loop, threads=1, max_queued=1_000_000, name="chatroom-history")
        self._turn = threading.Lock()  # held while one is run; only its holder takes from queues
        self._urgent: deque[Errand[Any]] = deque()
        self._others: Turns[Errand[Any]] = Turns()
        self._run: deque[Errand[Any]] = deque()  # but not told yet
        self._untold: dict[Errand[Any], None] = {}  # this one is the loop's thread's alone
        self._finishing = self._over = False

    def __len__(self) -> int:
        """Return how many are not told yet."""
        return len(self._untold)

    def waiting(self, source: str) -> int:
        """Return how many that are not urgent wait for `source`."""
        return self._others.waiting(source)

    def add(self, errand: Errand[Any], *, urgent: bool = False) -> None:
        """Do `errand` when its turn comes, then tell; after the end, only tell."""
        if self._over:
            errand.fail(TOO_SLOW)
            errand.tell()
            return
        self._untold[errand] = None
        (self._urgent if urgent else self._others).append(errand)
        if not self._finishing and not self._pool.closed:
            self._pool.submit(self._do_one, on_done=lambda job: self._tell_one())

    def finish(self, patience: float) -> None:
        """Do and tell now all that waits, and what the answers bring; the thread gets no more.

        Args:
            patience: Seconds for all of it; what is not done by then is told so.
        """
        self._finishing = True
        deadline = time.monotonic() + patience
        while self._untold and (left := deadline - time.monotonic()) > 0:
            if not self._run and not self.alone(self._do_next, left):
                break
            self._tell_safely()
        self._give_up()

    def alone(self, work: Callable[[], object], patience: float) -> bool:
        """Do `work` on this thread while no errand runs; False if there was no such moment.

        Args:
            work: What to do.
            patience: Seconds to wait for the errand that runs; none if it is below 0.
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
        """Do the most urgent one, if any is left; only for the holder of the turn."""
        queue = self._urgent or self._others
        if queue:
            errand = queue.popleft()
            began = time.monotonic()
            errand.run()
            self._others.charge(errand.source, time.monotonic() - began)
            self._run.append(errand)

    def _tell_one(self) -> None:
        """Tell the one that was done first, unless finish() was faster, or had given it up."""
        if self._run:
            errand = self._run.popleft()
            if errand in self._untold:
                del self._untold[errand]
                errand.tell()

    def _tell_safely(self) -> None:
        try:
            self._tell_one()
        except Exception:  # one that fails must not keep the others from the end
            log.exception("An answer from the history was not understood.")

    def _give_up(self) -> None:
        """Time is over: let the answer be that nothing was done, as far as one knows."""
        self._over = True
        self._urgent.clear()
        self._others.clear()
        self._run.clear()
        for errand in self._untold:
            errand.fail(TOO_SLOW)
            self._run.append(errand)
        while self._run:
            self._tell_safely()
