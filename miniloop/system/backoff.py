"""How long to wait before something that ended is started again; arithmetic, without a clock."""


class Backoff:
    """A delay that doubles with each failure, up to a bound.

    There is no jitter, as ``net/reconnecting.py`` has it: the processes of one machine do not meet
    at a server that is down.

    Args:
        first: seconds of the first delay; 0.1 is below what a person notices, and far above what
            starting a process costs.
        longest: seconds of the longest delay; 30 is how late a repaired cause is noticed.
        healthy: seconds after which what ran counts as healthy: the next delay is a first one.

    Raises:
        ValueError: the times are not positive, or ``longest`` is below ``first``.
    """

    def __init__(self, first: float = 0.1, longest: float = 30.0, healthy: float = 30.0) -> None:
        if not 0 < first <= longest or not healthy > 0:
            raise ValueError(
                "a back-off needs 0 < first <= longest and healthy > 0, in seconds, "
                f"not {first}, {longest} and {healthy}"
            )
        self._first = first
        self._longest = longest
        self._healthy = healthy
        self._next = first

    def delay(self, lasted: float) -> float:
        """Return the seconds to wait, after something that ran for ``lasted`` seconds ended."""
        if lasted >= self._healthy:
            self._next = self._first
        delay = self._next
        self._next = min(2 * delay, self._longest)
        return delay
