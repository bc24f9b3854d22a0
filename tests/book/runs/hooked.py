"""The same runs, seen through the hooks of ``miniloop.trace``: to compare with the recordings."""

from miniloop.readiness import Registration
from miniloop.trace.hooks import Counts, Trace


class Stages(Trace):
    """Notes the stages of each pass, and which channels are flushed in it.

    Attributes:
        seen: the number of the pass with a stage, or with ``flush fd N``.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[int, str]] = []
        self._passes = 0

    def before_pass(self, counts: Counts) -> None:
        self._passes += 1

    def stage(self, name: str) -> None:
        self.seen.append((self._passes, name))

    def before_handler(self, registration: Registration, name: str) -> None:
        if name == "flush":
            self.seen.append((self._passes, f"flush fd {registration.fd}"))
