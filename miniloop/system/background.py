"""Work that lives on a loop without a descriptor of its own.

A pool of threads, a connect that has no socket yet, the pause before the next connect: the selector
cannot know of them, yet ``run()`` has to wait for them, and they have to end with the loop.  They
are the keys of ``EventLoop.background``.
"""

from typing import Protocol


class Background(Protocol):
    """What the loop asks of work that has no descriptor: threads, a pause before a connect."""

    def busy(self) -> bool:
        """Return whether ``run()`` has to go on for it."""

    def handle_stop(self) -> None:
        """Prepare for the end of the loop: begin nothing new."""

    def close(self) -> None:
        """End at once; again is harmless."""

    def after_fork(self) -> None:
        """Drop what belongs to the parent; called in a forked child."""
