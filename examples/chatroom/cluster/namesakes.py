"""Two members with the same name for a while, assigned by servers that were disconnected.

Rule of this file: what is shown when one of them gets another name, so that lists stay right.
"""

from __future__ import annotations

from dataclasses import replace

from ..hall.members import Member
from ..hall.messages import Kind, Message
from ..hall.room import Room
from ..people.names import fold
from .bodies import Told
from .site import Site


def namesakes(room: Room, key: str) -> list[Member]:
    """Return the members in `room` whose name has this key."""
    return [each for each in room.members if each.key == key]


def show_renamed(site: Site, room: Room, told: Told, wall: float) -> None:
    """Keep lists of people correct after RENAMED, and notify the member itself."""
    message = Message(told.kind, told.text, told.sender, room=room.name.shown, at=wall)
    show = site.hall.notifier.show
    for each in namesakes(room, fold(told.sender)):
        if not each.node:  # it was not this one
            show(each, replace(message, text=each.shown, sender=told.text, quiet=True))
        for viewer in tuple(room.own()):
            shown = told.text if viewer is each else each.shown
            there = replace(message, kind=Kind.JOINED, text="", sender=shown, quiet=True)
            show(viewer, there)
    if site.member(told.profile) in room.members:  # lists may have lost it with its namesake
        there = replace(message, kind=Kind.JOINED, text="", sender=told.text, quiet=True)
        for viewer in tuple(room.own()):
            show(viewer, there)
    own = site.roster.find(told.profile.ref)
    if own is not None and own.room is not None and room not in own.rooms:
        show(own, replace(message, room=own.room.name.shown))
