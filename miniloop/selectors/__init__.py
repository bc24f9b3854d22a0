"""Selectors that also report URGENT and HANGUP: one file each, and the choice among them.

Any selector of the standard library may take their place; it reports READ and WRITE only.  What
ours can do is in ``sees``, ``outer_fileno()`` and ``always_ready()``: the type of a selector is
never asked for.  This folder knows the kernel's bits and nothing of loops or channels.
"""

import select as kernel  # the name select is that of our file

from miniloop.selectors.epoll import EpollSelector
from miniloop.selectors.kqueue import KqueueSelector
from miniloop.selectors.poll import PollSelector
from miniloop.selectors.select import SelectSelector

__all__ = ["EpollSelector", "KqueueSelector", "PollSelector", "SelectSelector", "default_selector"]


def default_selector() -> PollSelector:
    """Return the best one here: epoll, else kqueue, else poll, else select."""
    ours: dict[str, type[PollSelector]] = {
        "epoll": EpollSelector, "kqueue": KqueueSelector, "poll": PollSelector,
    }  # fmt: skip
    for name, kind in ours.items():
        if hasattr(kernel, name):
            return kind()
    return SelectSelector()
