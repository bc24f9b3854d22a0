"""How fast lines may leave.

Rule of this file: pure; times are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

PART = 0.75  # of what the server takes at once: it may have counted a line that we have forgotten
SLOWER = 0.9  # of what it takes in the long run: its clock and ours differ


@dataclass(slots=True)
class Pace:
    """A bucket a little smaller than the server's, which drops a line that comes too fast.

    Args:
        burst: Lines at once; the default is a part of the 20 that the chat room takes.
        rate: Lines a second in the long run.
    """

    burst: float = 15.0
    rate: float = 1.8
    _tokens: float = -1.0
    _filled: float = 0.0

    def take(self, now: float) -> float:
        """Take one token at `now`, in seconds; return the seconds to wait, 0 if it was had."""
        if self._tokens < 0:
            self._tokens, self._filled = self.burst, now
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0.0


def pace_for(facts: dict[str, str]) -> Pace:
    """Return the pace for a server that tells its limits; the default where it tells none."""
    burst, rate = _number(facts.get("FLOOD BURST", "")), _number(facts.get("FLOOD RATE", ""))
    if burst is None or rate is None:
        return Pace()
    return Pace(max(1.0, burst * PART), rate * SLOWER)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None
