"""The rate limit for sent lines.

Rule of this file: pure; times are passed in.
"""

from __future__ import annotations

from dataclasses import dataclass

PART = 0.75  # fraction of the server's limit, which may include lines that we have forgotten
SLOWER = 0.9  # fraction of the server's rate: its clock and ours differ


@dataclass(slots=True)
class Pace:
    """A token bucket slightly smaller than the server's, which drops lines that exceed its own.

    Args:
        burst: Lines at once; the default is a fraction of the 20 that the chat room accepts.
        rate: Lines a second in the long run.
    """

    burst: float = 15.0
    rate: float = 1.8
    _tokens: float = -1.0
    _filled: float = 0.0

    def take(self, now: float) -> float:
        """Take one token at `now`, in seconds; return the seconds to wait, 0 if it was taken."""
        if self._tokens < 0:
            self._tokens, self._filled = self.burst, now
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate
        self._tokens -= 1
        return 0.0


def pace_for(facts: dict[str, str]) -> Pace:
    """Return the pace for a server that reports its limits; the default for one that does not."""
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
