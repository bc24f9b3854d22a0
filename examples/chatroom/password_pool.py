"""Password checks on a thread pool.

Rule of this file: pass work from a doorkeeper to a thread pool, and the result back.
"""

from __future__ import annotations

import logging

from miniloop import Job, PoolFull, ThreadPool

from .people.doorkeeper import Answered, Run, Work
from .people.names import Refused

log = logging.getLogger("chatroom")


def on_threads(pool: ThreadPool) -> Run:
    """Return a function that runs work on `pool`, which should be small: each thread takes 32 MiB.

    A check that fails for lack of memory is answered with no, and logged.
    """

    def run(work: Work, answered: Answered) -> None:
        def finished(job: Job[bool]) -> None:
            try:
                good = job.result()
            except Exception:
                log.exception("A password could not be checked.")
                good = False
            answered(good)

        try:
            pool.submit(work, on_done=finished)
        except PoolFull:
            text = "Too many are asking at this moment; please try again."
            raise Refused(text) from None

    return run
