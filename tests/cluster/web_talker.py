"""Members by web, which behave as the page does.

A member resumes its seat if that is at the node where it reconnects.  Otherwise it enters with
the token of the old seat as proof of its name, repeats unseen messages under the same nonce,
and fills the gap from the history.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from .talkers import AWAY, PATIENCE, Gone, Talker
from .town import Node

INTRODUCTIONS = frozenset({"welcome", "resumed", "expired", "refused"})
"""Kinds of events that belong to no seat."""


class WebTalker(Talker):
    """A member by web, as the page does it."""

    _socket: ClientConnection | None = None
    _later: list[dict[str, Any]] = []  # noqa: RUF012 - replaced, never changed
    _token = ""  # of its seat, which may be at another node
    _seen: int | None = 0  # events of the seat that it has seen
    _is_in = False  # whether it is in the room, with this seat
    _known: set[int]  # the ids of the lines that it has noted
    _last = 0
    _n = 0

    def next_line(self, last: str, numbers: itertools.count[int]) -> str:
        """Repeat unseen messages: the nonce makes one message of both copies."""
        if last and last not in self.seen_own:
            return last
        return super().next_line(last, numbers)

    @cached_property
    def _connection(self) -> ExitStack:
        """The context of the open connection."""
        return ExitStack()

    def come_in(self, node: Node) -> None:
        if not self.stays:
            self.stays.append([])
            self._known = set()
        deadline = time.monotonic() + PATIENCE
        while not self._entered(node):
            self.leave()
            assert time.monotonic() < deadline, f"{self.name} cannot have its name"
            if self._over.wait(0.3):
                raise Gone
        while not self._is_in and not self._joined():
            self._over.wait(0.1)

    def _joined(self) -> bool:
        self._ask({"do": "join", "room": self.room, "key": ""})
        event = self._until(self._answers_join)
        return bool(event["kind"] == "room")

    def _answers_join(self, event: dict[str, Any]) -> bool:
        if event["kind"] == "room":
            return bool(event["room"] == self.room)
        return event["kind"] == "notice" and AWAY in event["text"]

    def _entered(self, node: Node) -> bool:
        try:
            uri = f"ws://127.0.0.1:{node.server.web_port}/chat"
            self._socket = self._connection.enter_context(
                connect(uri, close_timeout=1.0, open_timeout=5, proxy=None)
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            time.sleep(0.05)
            raise Gone from error
        return self._resumed() or self._welcome()

    def _resumed(self) -> bool:
        """Resume the seat, if it is at this node."""
        if not self._token:
            return False
        self._send({"do": "resume", "token": self._token, "seen": self._seen})
        event = self._until(lambda event: event["kind"] in {"resumed", "expired"})
        if event["kind"] == "resumed":
            self._n = event["done"]
            if self._seen is None or event.get("fresh"):
                self._seen = event.get("seen", 0)
                self._look_again()
        return bool(event["kind"] == "resumed")

    def _look_again(self) -> None:
        """Wait for the view of its room, as the page does: what is live before it is in it too."""
        if self._is_in:
            self._is_in = False
            self._until(lambda event: event["kind"] == "room" and event["room"] == self.room)

    def _welcome(self) -> bool:
        """Request a new seat; the token of the old one proves the name."""
        self._send({"do": "enter", "name": self.name, "token": self._token})
        event = self._until(lambda event: event["kind"] in {"welcome", "refused"})
        if event["kind"] == "welcome":
            self._token = event["token"]
            self._seen, self._n, self._is_in = 0, 0, False
        return bool(event["kind"] == "welcome")

    def say(self, text: str) -> None:
        self._ask({"do": "say", "room": self.room, "text": text, "nonce": text})

    def hear(self) -> None:
        self._until(lambda event: True)

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Handle events up to the first of the given kinds; note all of them."""
        while True:
            event = self._event()
            self._take(event)
            if wanted(event):
                return event

    def _take(self, event: dict[str, Any]) -> None:
        if event["kind"] == "said" and event["room"] == self.room and self._is_in:
            self._note_live(event)
        elif event["kind"] == "room" and event["room"] == self.room:
            self._is_in = True
            self._fill_gap(event["recent"], more=event["more"])

    def _note_live(self, message: dict[str, Any]) -> None:
        if message["id"] in self._known:
            return  # a node that was behind says it again: the page knows it by its id
        assert message["id"] > self._last, f"{message['text']} came out of order"
        self._last = message["id"]
        self._known.add(message["id"])
        self.note(message["text"])

    def _fill_gap(self, recent: list[dict[str, Any]], *, more: bool) -> None:
        """Note the missed messages; page back until the known ones."""
        seen, self._seen = self._seen, None  # where this is broken off, all is asked for again
        while self._last and more and recent and recent[0]["id"] > self._last:
            self._ask({"do": "page", "room": self.room, "before": recent[0]["id"]})
            page, counted = self._page()
            seen = None if seen is None else seen + counted
            recent, more = page["messages"] + recent, page["more"]
        self._seen = seen
        for message in recent:
            if message["id"] > self._last:
                self._note_live(message)

    def _page(self) -> tuple[dict[str, Any], int]:
        """Return the page that was asked for, and how many events came up to it."""
        later = []
        while (event := self._event())["kind"] != "page":
            later.append(event)
        self._later = later + self._later
        return event, len([*later, event])

    def _event(self) -> dict[str, Any]:
        if self._later:
            first, *self._later = self._later
            return first
        assert self._socket is not None
        try:
            event = json.loads(self._socket.recv(timeout=PATIENCE))
        except ConnectionClosed as error:
            raise Gone from error
        except TimeoutError as error:
            raise AssertionError(f"{self.name}: nothing came") from error
        assert isinstance(event, dict)
        if self._seen is not None and event["kind"] not in INTRODUCTIONS:
            self._seen += 1
        return event

    def _ask(self, request: dict[str, Any]) -> None:
        self._n += 1
        self._send({"n": self._n, **request})

    def _send(self, value: dict[str, Any]) -> None:
        assert self._socket is not None
        try:
            self._socket.send(json.dumps(value))
        except ConnectionClosed as error:
            raise Gone from error

    def leave(self) -> None:
        self._connection.close()
        if self._later:  # these are counted, but not noted: fetch all of them again
            self._seen = None
        self._socket, self._later = None, []
