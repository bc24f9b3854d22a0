"""The events of the hall, as JSON for the page.

Rule of this file: pure functions from typed values to JSON; no sockets, no room.
"""

from __future__ import annotations

import json

from ...hall.messages import (
    Event,
    Forgotten,
    Found,
    Kind,
    Message,
    Page,
    Parted,
    Receipt,
    RoomList,
    RoomView,
)
from ...people.text import clean

_BARE = frozenset({Kind.NOTICE, Kind.FAREWELL, Kind.CLOSING})

Json = dict[str, object]


def encode(value: Json) -> bytes:
    """Return `value` as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def describe(event: Event) -> Json:
    """Return `event` as the object that the page receives."""
    match event:
        case Message():
            return _message(event)
        case RoomView():
            return _room_view(event)
        case Parted(room, text):
            return {"kind": "parted", "room": clean(room), "text": clean(text)}
        case Page():
            return _page(event)
        case Forgotten(number):
            return {"kind": "forgotten", "id": number}
        case Found():
            return _found(event)
        case RoomList():
            return _room_list(event)
        case Receipt(number):
            return {"kind": "receipt", "n": number}


def _message(message: Message) -> Json:
    # Cleaned again although the input was cleaned: a history may let through more.
    text = clean(message.text)
    if message.kind in _BARE:
        return {"kind": message.kind.value, "text": text}
    shown: Json = {"kind": message.kind.value, "sender": clean(message.sender), "text": text}
    if message.kind is Kind.WHISPERED:
        shown["recipient"] = clean(message.recipient)
    else:
        shown["room"] = clean(message.room)
    shown["at"] = message.at
    if message.id:
        shown["id"] = message.id
    if not message.kept:
        shown["kept"] = False
    if message.quiet:
        shown["quiet"] = True
    return shown


def _page(page: Page) -> Json:
    head: Json = {"kind": "page", "room": clean(page.room), "before": page.before}
    shown = {**head, "messages": [_message(each) for each in page.messages], "more": page.more}
    return {**shown, "next": page.next} if page.next else shown


def _found(found: Found) -> Json:
    shown: Json = {"kind": "found", "room": clean(found.room), "query": clean(found.query)}
    shown |= {"before": found.before, "messages": [_message(each) for each in found.messages]}
    shown |= {"more": found.more, "total": found.total}
    if found.next:
        shown["next"] = found.next
    return shown if found.counted else {**shown, "counted": False}


def _room_view(view: RoomView) -> Json:
    return {
        "kind": "room",
        "room": clean(view.name),
        "topic": clean(view.topic),
        "closed": view.closed,
        "people": [{"name": clean(each.name), "operator": each.operator} for each in view.people],
        "recent": [_message(each) for each in view.recent],
        "more": view.more,
    }


def _room_list(rooms: RoomList) -> Json:
    entries = [
        {
            "name": clean(each.name),
            "people": each.people,
            "topic": clean(each.topic),
            "closed": each.closed,
        }
        for each in rooms.rooms
    ]
    return {"kind": "rooms", "rooms": entries}
