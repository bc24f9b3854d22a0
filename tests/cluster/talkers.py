"""Members on threads of their own: they talk, note what they see, and come back after a loss.

A member says a line and goes on when it has seen it. One by telnet logs in again on another node
when its own is gone; one by web does what the page does: it enters with its old token as proof,
repeats what has no receipt under the same nonce, and fills the gap from the history.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from .town import Node

ROOM = "talk"
PATIENCE = 60.0
"""Seconds until a member gives up; the longest outage of a test is shorter."""

AWAY = "The link to the other servers is down"
"""What a node says that has not reached the engine yet."""

SAID = re.compile(r"(?:line|web)\d+-\d+")


class Gone(Exception):
    """The connection has ended, or never was."""


class Talker(threading.Thread):
    """One member.

    Args:
        name: Its name.
        nodes: Where it may go.
        chance: Chooses the node.
        stop: Set when it is to say no more.

    Attributes:
        stays: What it saw of the room, a list for each time that nothing fills the gap before.
        seen_own: Its own lines that it has seen.
        error: What ended the thread too early.
    """

    def __init__(
        self, name: str, nodes: Sequence[Node], chance: random.Random, stop: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.stays: list[list[str]] = []
        self.seen_own: set[str] = set()
        self.error: BaseException | None = None
        self._nodes, self._chance, self._over = nodes, chance, stop

    def run(self) -> None:
        """Talk until told to stop."""
        try:
            self._talk()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.leave()

    def _talk(self) -> None:
        numbers = itertools.count(1)
        text = ""
        while not self._over.is_set():
            try:
                self.come_in(self._chance.choice(self._nodes))
                while not self._over.is_set():
                    text = self.next_line(text, numbers)
                    self.say(text)
                    while text not in self.seen_own:
                        self.hear()
            except Gone:
                self.leave()
        self.finish()

    def next_line(self, last: str, numbers: itertools.count[int]) -> str:
        """Return what to say next."""
        return f"{self.name}-{next(numbers)}"

    def note(self, text: str) -> None:
        """Note a line of the room."""
        self.stays[-1].append(text)
        if text.startswith(f"{self.name}-"):
            self.seen_own.add(text)

    def finish(self) -> None:
        """Take what has been sent already."""

    def come_in(self, node: Node) -> None:
        """Log in there, and go to the room."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Send one line."""
        raise NotImplementedError

    def hear(self) -> None:
        """Wait for something, and note it."""
        raise NotImplementedError

    def leave(self) -> None:
        """Give the connection back; again is harmless."""
        raise NotImplementedError


class LineTalker(Talker):
    """By telnet."""

    _socket: socket.socket | None = None
    refusal = ""

    def come_in(self, node: Node) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            self._open(node)
            self._send(f"{self.name}\n/join {ROOM}\n")
            if self._is_in():
                break
            self.leave()
            assert time.monotonic() < deadline, self.refusal
            if self._over.wait(0.3):  # until the name is free again
                raise Gone
        self.stays.append([])

    def _is_in(self) -> bool:
        """Take lines until it is in the room, or does not get its name; join as often as it takes."""
        while True:
            line = self._line()
            if f"{self.name} came into {ROOM}." in line:
                return True
            if "taken" in line or "looks like" in line:
                self.refusal = line
                return False
            if AWAY in line:
                self._over.wait(0.1)
                self._send(f"/join {ROOM}\n")

    def _open(self, node: Node) -> None:
        self._rest = b""
        try:
            self._socket = socket.create_connection(("127.0.0.1", node.server.port), timeout=5)
        except OSError as error:
            time.sleep(0.05)  # the node is down: a person would wait longer
            raise Gone from error
        self._socket.settimeout(PATIENCE)

    def say(self, text: str) -> None:
        self._send(f"{text}\n")

    def hear(self) -> None:
        line = self._line()
        if " history" not in line and (found := SAID.search(line)) and ": " in line:
            self.note(found[0])

    def _send(self, text: str) -> None:
        assert self._socket is not None
        try:
            self._socket.sendall(text.encode())
        except OSError as error:
            raise Gone from error

    def _line(self) -> str:
        while b"\n" not in self._rest:
            self._rest += self._received()
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode(errors="replace").strip()

    def _received(self) -> bytes:
        assert self._socket is not None
        try:
            data = self._socket.recv(65536)
        except TimeoutError as error:
            raise AssertionError(f"{self.name}: nothing came") from error
        except OSError as error:
            raise Gone from error
        if not data:
            raise Gone
        return data

    def finish(self) -> None:
        assert self._socket is not None or not self.stays
        if self._socket is None:
            return
        self._socket.settimeout(1.0)
        try:
            while True:
                self.hear()
        except (Gone, AssertionError):
            return

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class WebTalker(Talker):
    """By web, as the page does."""

    _socket: ClientConnection | None = None
    _token = ""
    _last = 0
    _n = 0

    def next_line(self, last: str, numbers: itertools.count[int]) -> str:
        """Repeat what was not seen: the nonce makes one line of it."""
        if last and last not in self.seen_own:
            return last
        return super().next_line(last, numbers)

    def come_in(self, node: Node) -> None:
        if not self.stays:
            self.stays.append([])
        deadline = time.monotonic() + PATIENCE
        while not self._entered(node):
            self.leave()
            assert time.monotonic() < deadline, f"{self.name} cannot have its name"
            if self._over.wait(0.3):
                raise Gone
        while not self._joined():
            self._over.wait(0.1)

    def _joined(self) -> bool:
        self._ask({"do": "join", "room": ROOM, "key": ""})
        event = self._until(
            lambda event: event.get("room") == ROOM
            and event["kind"] == "room"
            or event["kind"] == "notice"
            and AWAY in event["text"]
        )
        return bool(event["kind"] == "room")

    def _entered(self, node: Node) -> bool:
        try:
            uri = f"ws://127.0.0.1:{node.server.web_port}/chat"
            self._socket = connect(uri, close_timeout=1.0, open_timeout=5, proxy=None)
        except (OSError, InvalidHandshake, TimeoutError) as error:
            time.sleep(0.05)
            raise Gone from error
        self._n = 0
        self._send({"do": "enter", "name": self.name, "token": self._token})
        event = self._until(lambda event: event["kind"] in {"welcome", "refused"})
        self._token = event.get("token", self._token)
        return bool(event["kind"] == "welcome")

    def say(self, text: str) -> None:
        self._ask({"do": "say", "room": ROOM, "text": text, "nonce": text})

    def hear(self) -> None:
        self._until(lambda event: True)

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Take events up to the first that is wanted; note all of them."""
        while True:
            event = self._event()
            self._take(event)
            if wanted(event):
                return event

    def _take(self, event: dict[str, Any]) -> None:
        if event["kind"] == "said" and event["room"] == ROOM:
            self._note_live(event)
        elif event["kind"] == "room" and event["room"] == ROOM:
            self._fill_gap(event["recent"], more=event["more"])

    def _note_live(self, message: dict[str, Any]) -> None:
        assert message["id"] > self._last, f"{message['text']} was shown twice or out of order"
        self._last = message["id"]
        self.note(message["text"])

    def _fill_gap(self, recent: list[dict[str, Any]], *, more: bool) -> None:
        """Note what was said meanwhile; page back until it meets what is known."""
        while self._last and more and recent and recent[0]["id"] > self._last:
            self._ask({"do": "page", "room": ROOM, "before": recent[0]["id"]})
            page = self._page()
            recent, more = page["messages"] + recent, page["more"]
        for message in recent:
            if message["id"] > self._last:
                self._note_live(message)

    def _page(self) -> dict[str, Any]:
        later = []
        while (event := self._event())["kind"] != "page":
            later.append(event)
        self._later = later + self._later
        return event

    _later: list[dict[str, Any]] = []  # noqa: RUF012 - replaced, never changed

    def _event(self) -> dict[str, Any]:
        if self._later:
            first, *self._later = self._later
            return first
        assert self._socket is not None
        try:
            event = json.loads(self._socket.recv(timeout=PATIENCE))
        except ConnectionClosed as error:
            self._later = []
            raise Gone from error
        except TimeoutError as error:
            raise AssertionError(f"{self.name}: nothing came") from error
        assert isinstance(event, dict)
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
        if self._socket is not None:
            self._socket.close()
        self._socket, self._later = None, []
