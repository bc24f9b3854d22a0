"""Passwords checked beside the loop.

Rule of this file: the way from a doorkeeper to a thread pool and back.
"""

from __future__ import annotations

import logging

from miniloop import Job, PoolFull, ThreadPool

from .people.doorkeeper import Answered, Run, Work
from .people.names import Refused

log = logging.getLogger("chatroom")


def on_threads(pool: ThreadPool) -> Run:
    """Return what runs work on `pool`, which should be small: each thread takes 32 MiB.

    What cannot be checked for want of memory is answered with no, and logged.
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
