"""Messages' ids, composed of the engine's time and the number of the room.

Rule of this file: arithmetic.

So an id is the place in the room's stream, the same at all nodes; it grows within a room, it is
unique across rooms, and until the year 2089 it is an exact number in a browser.
"""

from __future__ import annotations

EPOCH = 1_577_836_800_000
"""2020-01-01 in milliseconds since 1970."""
ROOMS = 4096


def id_of(at: int, room: int) -> int:
    """Return the id of the message at place `at` in the stream of the room with number `room`."""
    return (at - EPOCH) * ROOMS + room


def place_of(number: int) -> int:
    """Return the place in its stream of the message with this id."""
    return number // ROOMS + EPOCH


def room_of(number: int) -> int:
    """Return the number of the room that the message with this id belongs to."""
    return number % ROOMS
