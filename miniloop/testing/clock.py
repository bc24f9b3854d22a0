"""A clock that a test moves by hand."""


class FakeClock:
    """A clock that changes in ``advance()`` only.

    Args:
        start: the first reading in seconds; not 0, so that a forgotten offset shows.
    """

    def __init__(self, start: float = 1000.0) -> None:
        """Set the clock to ``start``."""
        self.now = start

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move the clock on by ``seconds``."""
        self.now += seconds
