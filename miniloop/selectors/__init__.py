"""Selectors that also report URGENT and HANGUP: one file each, and the choice among them.

A selector of the standard library may take their place; it reports READ and WRITE only.  What ours
can do is in ``sees``, ``outer_fileno()`` and ``always_ready()``: nobody asks for a selector's type.
This folder knows the kernel's bits and nothing of loops or channels.
"""

import select
import selectors

from miniloop.selectors.epoll import EpollSelector
from miniloop.selectors.kqueue import KqueueSelector
from miniloop.selectors.poll import PollSelector

__all__ = ["EpollSelector", "KqueueSelector", "PollSelector", "default_selector"]


def default_selector() -> selectors.BaseSelector:
    """Return the best one here: epoll, else kqueue, else poll, else the standard library's."""
    ours = {"epoll": EpollSelector, "kqueue": KqueueSelector, "poll": PollSelector}
    found = [kind for name, kind in ours.items() if hasattr(select, name)]
    return found[0]() if found else selectors.DefaultSelector()
