"""A clock that stands still until it is told to move."""


class FakeClock:
    """A clock that stands still until ``advance()``.

    Args:
        start: its first answer in seconds; not 0, so that a forgotten offset shows.
    """

    def __init__(self, start: float = 1000.0) -> None:
        """Stand at ``start``."""
        self.now = start

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now += seconds
