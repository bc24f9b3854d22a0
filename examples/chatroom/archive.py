"""Reading what was said long ago: page by page, and by words.

Rule of this file: asking the store, and showing the answer when it comes.
"""

from __future__ import annotations

from collections.abc import Callable

from .history import Answer, Store
from .limits import Limits
from .members import Member
from .messages import Event, Found, Kind, Message, Page
from .names import fold
from .postbox import Postbox
from .room import Room


class Archive:
    """The way back.

    Args:
        store: Where everything is.
        postbox: Where answers go.
        limits: `history_page` counts here.
    """

    def __init__(self, store: Store, postbox: Postbox, limits: Limits) -> None:
        self._store = store
        self._postbox = postbox
        self._limits = limits

    def page(self, member: Member, room: Room, before: int, count: int) -> None:
        """Show `member` up to `count` messages of `room` before the id `before` (0: the newest)."""

        def show(messages: tuple[Message, ...], more: bool) -> Event:
            return Page(room.name.shown, before, messages, more)

        most = min(count, self._limits.history_page)
        self._store.page(room.name.key, before, most, self._answering(member, show))

    def search(self, member: Member, room: Room, query: str) -> None:
        """Show `member` the newest messages of `room` that match `query`."""

        def show(messages: tuple[Message, ...], more: bool) -> Event:
            return Found(room.name.shown, query, messages)

        most = self._limits.history_page
        self._store.search(room.name.key, query, most, self._answering(member, show))

    def _answering(
        self, member: Member, show: Callable[[tuple[Message, ...], bool], Event]
    ) -> Callable[[Answer], None]:
        def answered(answer: Answer) -> None:
            event: Event = Message(Kind.NOTICE, f"The history cannot be read: {answer.problem}.")
            if not answer.problem:
                wanted = (each for each in answer.messages if not member.ignores(fold(each.sender)))
                event = show(tuple(wanted), answer.more)
            self._postbox.post(event, (member,))

        return answered
