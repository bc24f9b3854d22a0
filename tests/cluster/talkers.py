"""Members on threads of their own: they send lines, note what they see, and reconnect after a loss.

A member sends a line and continues when it has seen it.  A member by telnet logs in on another
node when its own is down; members by web are in ``web_talker.py``.
"""

from __future__ import annotations

import itertools
import random
import re
import socket
import threading
import time
from collections.abc import Sequence

from .town import Node

PATIENCE = 60.0
"""Seconds until a member gives up; the longest outage of a test is shorter."""

AWAY = "The link to the other servers is down"
"""The notice of a node that has not reached the engine yet."""

SAID = re.compile(r": ((?:line|web)\d+r\d+-\d+)")


class Gone(Exception):
    """The connection has ended, or could not be made."""


class Talker(threading.Thread):
    """One member.

    Args:
        name: Its name.
        nodes: The nodes that it may use.
        chance: Chooses the node.
        stop: Set when it is to send no more lines.
        room: The room that it talks in.

    Attributes:
        stays: What it saw of the room, one list for each stay without a gap.
        seen_own: Its own lines that it has seen.
        error: The error that ended the thread too early.
    """

    def __init__(
        self,
        name: str,
        nodes: Sequence[Node],
        chance: random.Random,
        stop: threading.Event,
        room: str,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.room = room
        self._moving = False
        self.stays: list[list[str]] = []
        self.seen_own: set[str] = set()
        self.error: BaseException | None = None
        self._nodes, self._chance, self._over = nodes, chance, stop

    def run(self) -> None:
        """Send lines until the stop event is set."""
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
                    if self._moving:
                        raise Gone
            except Gone:
                self._moving = False
                self.leave()
        self.finish()

    def move(self) -> None:
        """Disconnect soon, without /quit, and reconnect to a random node."""
        self._moving = True

    def next_line(self, last: str, numbers: itertools.count[int]) -> str:
        """Return the next line to send."""
        return f"{self.name}-{next(numbers)}"

    def note(self, text: str) -> None:
        """Note a line of the room."""
        self.stays[-1].append(text)
        if text.startswith(f"{self.name}-"):
            self.seen_own.add(text)

    def finish(self) -> None:
        """Read what has been sent already."""

    def come_in(self, node: Node) -> None:
        """Log in at `node`, and enter the room."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Send one line."""
        raise NotImplementedError

    def hear(self) -> None:
        """Wait for input, and note it."""
        raise NotImplementedError

    def leave(self) -> None:
        """Close the connection; idempotent."""
        raise NotImplementedError


class LineTalker(Talker):
    """A member by telnet."""

    _socket: socket.socket | None = None
    refusal = ""

    def come_in(self, node: Node) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            self._open(node)
            self._send(f"{self.name}\n/join {self.room}\n")
            if self._is_in():
                break
            self.leave()
            assert time.monotonic() < deadline, self.refusal
            if self._over.wait(0.3):  # until the name is free again
                raise Gone
        self.stays.append([])

    def _is_in(self) -> bool:
        """Read lines until the member is in the room, or its name is refused."""
        while True:
            line = self._line()
            if f"{self.name} came into {self.room}." in line:
                return True
            if "taken" in line or "looks like" in line:
                self.refusal = line
                return False
            if AWAY in line:
                self._over.wait(0.1)
                self._send(f"/join {self.room}\n")

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
        if " history" not in line and (found := SAID.search(line)):
            self.note(found[1])

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
        self._socket.settimeout(0.3)
        try:
            while True:
                self.hear()
        except (Gone, AssertionError):
            return

    def leave(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
