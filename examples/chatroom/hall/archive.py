"""Reads the history by pages and by search, and removes single messages from it.

Rule of this file: query the store, and show the answer when it arrives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ..people.names import fold
from .history import Answer, Asker, ForgetMessage, Store, drop
from .ledger import Fate
from .limits import Limits
from .members import Member
from .messages import Event, Forgotten, Found, Kind, Message, Moment, Page
from .postbox import Postbox
from .room import Room
from .throttle import Throttle

MOST_FORGOTTEN = 1000
"""The latest forgotten messages, removed from answers that were pending at the time.  An answer
takes some seconds; so many commands in that time are far above the flood limit."""


class Archive:
    """Access to the stored history.

    Args:
        store: The store.
        postbox: The queue for the answers.
        limits: `history_page` and the limits on lookups apply here.
    """

    def __init__(self, store: Store, postbox: Postbox, limits: Limits) -> None:
        self._store = store
        self._postbox = postbox
        self._limits = limits
        self._by_source = Throttle(limits.address_look_rate, limits.address_look_burst)
        self._forgotten: deque[int] = deque(maxlen=MOST_FORGOTTEN)

    def admits(self, member: Member, now: Moment) -> bool:
        """Return whether one more lookup from `member`'s source is within the limit."""
        return self._by_source.take(member.place.source, now.mono)

    def page(self, member: Member, room: Room, before: int, count: int) -> None:
        """Show `member` up to `count` messages of `room` before the id `before` (0: the newest)."""

        def answered(answer: Answer) -> None:
            known = self._known(answer)
            page = Page(room.name.shown, before, known, answer.more, _next(answer, known))
            self._show(member, answer, replace(page, numbered=member.operator))

        most = min(count, self._limits.history_page)
        key, store = room.name.key, self._store
        self._ask(member, lambda by: store.page(key, before, most, answered, by))

    def search(self, member: Member, room: Room, query: str, before: int = 0) -> None:
        """Show `member` the newest messages of `room` that match `query`.

        With `before`, the newest before the message with that id.
        """

        def answered(answer: Answer) -> None:
            shown = self._wanted(member, answer)
            found = Found(
                *(room.name.shown, query, shown, member.operator, before, answer.more),
                *(_next(answer, shown), answer.total, answer.counted),
            )
            self._show(member, answer, found)

        most = self._limits.history_page
        key, store = room.name.key, self._store
        self._ask(member, lambda by: store.search(key, query, most, answered, by, before))

    def forget(self, number: int, rooms: Iterable[Room], members: Iterable[Member]) -> None:
        """Forget the message with the id `number`, and remove it from `members`' displays."""
        self._forgotten.append(number)

        def forgotten(_: Fate) -> Forgotten:
            for room in rooms:  # in order: until then the message may not be there yet
                drop(room.tail, number)
            return Forgotten(number)

        self._postbox.post(forgotten, members, ForgetMessage(number))

    def _known(self, answer: Answer) -> tuple[Message, ...]:
        # A store may have read the message before it was forgotten and answer afterwards.
        return tuple(each for each in answer.messages if each.id not in self._forgotten)

    def _wanted(self, member: Member, answer: Answer) -> tuple[Message, ...]:
        known = self._known(answer)  # the member may have begun to ignore a sender meanwhile
        return tuple(each for each in known if not member.ignores(fold(each.sender)))

    def _ask(self, member: Member, ask: Callable[[Asker], None]) -> None:
        """Query when everything said until now is stored: it belongs to the answer."""

        def turn(_: Fate) -> None:
            if member.reachable:
                ask(Asker(member.place.source, member.unheard))

        self._postbox.post(turn, (member,))

    def _show(self, member: Member, answer: Answer, event: Event) -> None:
        if answer.problem:
            event = Message(Kind.NOTICE, f"The history cannot be read: {answer.problem}.")
        self._postbox.post(event, (member,))


def _next(answer: Answer, shown: Sequence[Message]) -> int:
    """Return where to continue if nothing is shown: before the oldest message that was removed."""
    return answer.messages[0].id if answer.more and answer.messages and not shown else answer.next
