"""Log lines that a stranger can cause at will.

Rule of this file: some lines, then a number.
"""

from __future__ import annotations

import logging

from ..hall.throttle import TokenBucket

log = logging.getLogger("chatroom")

RATE = 0.2  # lines a second in the long run
BURST = 10  # lines at once


class SparingLog:
    """Logs at most `BURST` lines at once and `RATE` a second; says how many were left out."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(RATE, BURST, 0.0)
        self._left_out = 0

    def warn(self, now: float, text: str, *arguments: object) -> None:
        """Log a warning.

        Args:
            now: The time, in seconds on a monotonic clock.
            text: What to say, as in `logging.Logger.warning`.
            arguments: What is put into it.
        """
        if not self._bucket.take(now):
            self._left_out += 1
            return
        if self._left_out:
            text, arguments = f"{text} (%d more like this were left out.)", (
                *arguments, self._left_out,
            )  # fmt: skip
        self._left_out = 0
        log.warning(text, *arguments)
