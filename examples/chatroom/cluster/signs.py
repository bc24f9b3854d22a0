"""Topics and locks that the engine has lost and this node still has.

Rule of this file: from a room to its feed.
"""

from __future__ import annotations

from ..hall.room import Room
from .bodies import signs_of
from .interface import Full, Snapshot
from .site import Site


def send_lost(site: Site, room: Room, snapshot: Snapshot) -> None:
    """Publish to the room's feed the signs that its state has lost."""
    try:
        for sign in signs_of(room):
            if sign.what not in snapshot.state:
                body = {**sign.body(), "do": "sign", "what": sign.what}
                site.outgoing.send(snapshot.feed, body, state={sign.what: sign.body()})
    except Full:
        site.roster.behind = True
