"""The wire between simulated sockets and scripted peers: delays, and the log.

Endpoints, ports and datagrams know this much of the network.
"""

from collections.abc import Callable

from miniloop.testing.choices import Choices
from miniloop.testing.timeline import Timeline


class Wire:
    """Lets what was sent arrive after a delay.

    Attributes:
        choices: the network's choices.
        timeline: the network's time.
        log: called with a line for each event, if there is one.
    """

    def __init__(
        self, choices: Choices, timeline: Timeline, log: Callable[[str], object] | None
    ) -> None:
        """Begin the log's time at 0."""
        self.choices = choices
        self.timeline = timeline
        self.log = log
        self._start = timeline.now

    def carry(self, action: Callable[..., object], *args: object) -> None:
        """Call ``action(*args)`` after a delay of the network's choice: an arrival."""
        self.timeline.carry(self.choices.delay(), action, *args)

    def note(self, subject: object, event: str) -> None:
        """Write a line to the log: the time, the subject, and what happened to it."""
        if self.log is not None:
            self.log(f"{self.timeline.now - self._start:12.6f}  {subject}  {event}")
