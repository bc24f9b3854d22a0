"""Requests to the server that are not confirmed yet.

Rule of this file: a queue; pure, no socket.

A request stays until its receipt arrives. Numbers grow without gaps, so the server can recognise a
request that it has already handled, and sending it again is harmless.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 5000  # pending requests; a longer paste is refused with a message
_SPOKEN_COMMAND = re.compile(r"/(/|me )")


@dataclass(slots=True, eq=False)
class Request:
    """A request.

    Attributes:
        body: The message without its number.
        n: Its number.
        sent: Whether it was sent on this connection.
        ever_sent: Whether a server may have handled it.
        joins: The room of its /join, as typed; empty for anything else.
        after: The /join that decides which room it is for; None if the room is known.
    """

    body: dict[str, object]
    n: int = 0
    sent: bool = False
    ever_sent: bool = False
    joins: str = ""
    after: Request | None = None

    @property
    def is_speech(self) -> bool:
        """Whether it may be sent twice: a nonce identifies it for the server."""
        return "nonce" in self.body


def spoken(text: str, room: str) -> dict[str, object]:
    """Return the request for a typed line; a message has a nonce, a command has none."""
    body: dict[str, object] = {"do": "say", "room": room, "text": text}
    typed = text.lstrip()
    if not typed.startswith("/") or _SPOKEN_COMMAND.match(typed):
        body["nonce"] = secrets.token_urlsafe(12)
    return body


class Requests:
    """The queue."""

    def __init__(self) -> None:
        self._queue: list[Request] = []
        self._next = 1

    @property
    def lines(self) -> int:
        """Return how many typed lines wait to be sent."""
        return sum(not each.sent and each.body["do"] == "say" for each in self._queue)

    def add(self, body: dict[str, object]) -> bool:
        """Queue `body`, as `put` does."""
        return self.put(Request(body))

    def put(self, new: Request) -> bool:
        """Queue `new`; return False, and change nothing, if the queue is full.

        A request that is not a typed line goes before all unsent ones: scrolling back does not wait
        for a long paste.
        """
        if len(self._queue) >= MOST:
            return False
        sent = [each for each in self._queue if each.sent]
        waiting = [each for each in self._queue if not each.sent]
        waiting = [*waiting, new] if new.body["do"] == "say" else [new, *waiting]
        self._queue = [*sent, *waiting]
        self._number(waiting, self._next - len(waiting) + 1)
        return True

    def has(self, request: Request) -> bool:
        """Return whether `request` is not confirmed yet."""
        return request in self._queue

    def drop(self, request: Request) -> None:
        """Remove `request`, which was never sent."""
        at = self._queue.index(request)
        del self._queue[at]
        self._number(self._queue[at:], request.n)

    def next_number(self) -> int:
        """Return the next unused number."""
        return self._next

    def add_first(self, bodies: Iterable[dict[str, object]]) -> None:
        """Put `bodies` before all others; for a seat on which nothing was sent yet."""
        self._queue = [*map(Request, bodies), *self._queue]
        self._number(self._queue, 1)

    def unsent(self) -> Request | None:
        """Return the next request to be sent on this connection."""
        return next((each for each in self._queue if not each.sent), None)

    def receipt(self, number: int) -> None:
        """Remove request `number`, which is confirmed."""
        self._queue = [each for each in self._queue if each.n != number]

    def resume(self, done: int, *, fresh: bool) -> None:
        """Continue on a new connection; the server has handled all requests up to `done`.

        If the events since then come again (not `fresh`), so do their receipts. The others
        are sent again, numbered from `done` on.
        """
        old = [] if fresh else [each for each in self._queue if each.n <= done]
        open_ = [each for each in self._queue if each.n > done]
        self._queue = [*old, *open_]
        self._number(open_, done + 1)

    def restart(self) -> list[Request]:
        """Begin with a new seat: numbers begin at 1; return the requests that were given up.

        A request is kept if it may be sent twice or was never sent; the others may be done.
        """
        kept = [each for each in self._queue if each.is_speech or not each.ever_sent]
        lost = [each for each in self._queue if each not in kept]
        self._queue = [each for each in kept if each.body["do"] == "say"]
        self._number(self._queue, 1)
        return lost

    def give_up(self) -> Request | None:
        """Remove and return the oldest sent request, which the server cannot handle."""
        for at, each in enumerate(self._queue):
            if each.sent:
                return self._queue.pop(at)
        return None

    def _number(self, requests: list[Request], first: int) -> None:
        for n, each in enumerate(requests, first):
            each.n, each.sent = n, False
        self._next = first + len(requests)
