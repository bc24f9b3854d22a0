"""Which maps are watched at this moment, for those who have something to tell their watch.

A map is watched while its ``loop()`` runs (``watch.py``).  Dispatchers tell that they enter or
leave it, and whoever changes the answer of a stock predicate says so.
"""

from __future__ import annotations

import os
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from miniloop.compat.watch import Watch  # it stands on this file

Map: TypeAlias = dict[int, Any]
"""Descriptors and the objects behind them, duck-typed: nothing more can be said of these."""

watches: dict[int, Watch] = {}
"""By the map's ``id()``; an entry lives as long as its ``loop()`` runs."""


def watch_of(map: Map) -> Watch | None:
    """Return who watches ``map`` on this thread, if anybody does."""
    watch = watches.get(id(map))
    return watch if watch is not None and watch.thread == get_ident() else None


def announce(channel: Any) -> None:
    """``channel`` may answer differently now; callable from any thread."""
    for watch in [*watches.values()]:
        registration = watch.registry.registrations.get(channel._fileno)
        if registration is not None and registration.channel is channel and not registration.dirty:
            watch.registry.mark_dirty(registration)


def _forget_watches() -> None:
    """In a forked child: the epoll sets are the parent's too, and not ours to change."""
    for watch in watches.values():
        watch.crowd.close()
    watches.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_watches)
