"""When the watched loop may go on: at once, after a moment, or when the user steps.

Rule of this file: one thread stops here, the other lets it go; what either does it does not know.
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

    # The watched thread's side; the clock may be read from both

    def clock(self) -> float:
        """Return the time in seconds, as monotonic as its model; it stands while the thread does.

        So no time limit of the chat room runs out while the loop is held.
        """
        held = self._held_since
        return (time.monotonic() if held is None else held) - self._lost

    def stop_here(self, *, pass_begins: bool = False) -> None:
        """Stay as long as the mode demands."""
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
        """Return the seconds to stay, None for as long as nothing changes, 0 to go on."""
        if self._released or self.mode == RUN or self._to_next_pass:
            return 0
        if self.mode == SLOW:
            return max(0.0, begun + self.delay - time.monotonic())
        if self._steps:
            self._steps -= 1
            return 0
        return None

    # The other thread's side

    def set_mode(self, mode: str) -> None:
        """Run, go slowly, or pause.

        Raises:
            ValueError: There is no such mode.
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
            ValueError: Too short, too long, or no number.
        """
        if not SHORTEST <= seconds <= LONGEST:
            raise ValueError(f"the delay is {SHORTEST} to {LONGEST} seconds, not {seconds!r}")
        with self._condition:
            self.delay = seconds
            self._condition.notify_all()

    def step(self) -> None:
        """Let it go to its next stop; pauses it first if it runs."""
        with self._condition:
            if self.mode == PAUSE:
                self._steps = 1
            self.mode = PAUSE
            self._condition.notify_all()

    def step_pass(self) -> None:
        """Let it go to where the next pass begins; pauses it first if it runs."""
        with self._condition:
            if self.mode == PAUSE:
                self._to_next_pass = True
            self.mode = PAUSE
            self._condition.notify_all()

    def release(self) -> None:
        """Hold the thread no more: the program ends."""
        with self._condition:
            self._released = True
            self._condition.notify_all()
