"""When the watched loop may continue: at once, after a delay, or when the user steps.

Rule of this file: one thread stops here, the other releases it; their work is unknown here.
"""

from __future__ import annotations

import threading
import time

RUN, SLOW, PAUSE = "run", "slow", "pause"
MODES = (RUN, SLOW, PAUSE)
SHORTEST, LONGEST = 0.05, 5.0
DELAY = 0.6


class Pace:
    """Holds a thread at its stops.

    Attributes:
        mode: One of `MODES`; change it with `set_mode`.
        delay: Seconds at each stop in slow motion.
    """

    def __init__(self) -> None:
        self.mode = RUN
        self.delay = DELAY
        self._condition = threading.Condition()
        self._steps = 0
        self._to_next_pass = False
        self._released = False
        self._lost = 0.0
        self._held_since: float | None = None

    # Called by the watched thread; both threads may read the clock

    def clock(self) -> float:
        """Return the time in seconds, monotonic; it stops while the thread is held.

        So no time limit of the chat room expires while the loop is held.
        """
        held = self._held_since
        return (time.monotonic() if held is None else held) - self._lost

    def stop_here(self, *, pass_begins: bool = False) -> None:
        """Block as long as the mode requires."""
        if self.mode == RUN:
            return
        begun = time.monotonic()
        with self._condition:
            self._held_since = begun
            if pass_begins:
                self._to_next_pass = False
            while (left := self._time_left(begun)) != 0:
                self._condition.wait(left)
            self._lost += time.monotonic() - begun
            self._held_since = None

    def _time_left(self, begun: float) -> float | None:
        """Return the seconds to wait, None to wait for a change, 0 to continue."""
        if self._released or self.mode == RUN or self._to_next_pass:
            return 0
        if self.mode == SLOW:
            return max(0.0, begun + self.delay - time.monotonic())
        if self._steps:
            self._steps -= 1
            return 0
        return None

    # Called by the other thread

    def set_mode(self, mode: str) -> None:
        """Run, run slowly, or pause.

        Raises:
            ValueError: The mode does not exist.
        """
        if mode not in MODES:
            raise ValueError(f"the mode is one of {', '.join(MODES)}, not {mode!r}")
        with self._condition:
            self.mode = mode
            self._steps = 0
            self._to_next_pass = False
            self._condition.notify_all()

    def set_delay(self, seconds: float) -> None:
        """Set the seconds of slow motion.

        Raises:
            ValueError: The delay is too short, too long, or not a number.
        """
        if not SHORTEST <= seconds <= LONGEST:
            raise ValueError(f"the delay is {SHORTEST} to {LONGEST} seconds, not {seconds!r}")
        with self._condition:
            self.delay = seconds
            self._condition.notify_all()

    def step(self) -> None:
        """Release the thread until its next stop; pause it first if it runs."""
        with self._condition:
            if self.mode == PAUSE:
                self._steps = 1
            self.mode = PAUSE
            self._condition.notify_all()

    def step_pass(self) -> None:
        """Release the thread until the next pass begins; pause it first if it runs."""
        with self._condition:
            if self.mode == PAUSE:
                self._to_next_pass = True
            self.mode = PAUSE
            self._condition.notify_all()

    def release(self) -> None:
        """Stop holding the thread: the program ends."""
        with self._condition:
            self._released = True
            self._condition.notify_all()
