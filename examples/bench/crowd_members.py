"""The people of `crowd.py`: at the line door and at the web door.

Each line says when it was sent; each member that receives it notes how long that took.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field

from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.uri import parse_uri

from miniloop import AsyncChat, EventLoop

from .process import Address

LINE = re.compile(rb"~(\d+) (\d+) (\d+)~")


@dataclass
class Tally:
    """What arrived.

    Attributes:
        delays: Seconds from sending to receiving, for each line and each member that received it.
        wrong: Lines that came twice or not in their sender's order.
    """

    delays: list[float] = field(default_factory=list)
    wrong: int = 0


class Member(AsyncChat):
    """One person; what both doors have alike.

    Args:
        loop: The loop to be on.
        address: Where to connect.
        number: Its number, from which its name is made.
        room: The room it will be in.
        tally: Where it counts.
    """

    def __init__(
        self, loop: EventLoop, address: Address, number: int, room: str, tally: Tally
    ) -> None:
        super().__init__(loop)
        self.max_output = 1 << 24
        self.number = number
        self.name = f"m{number:05}"
        self.room = room
        self.seated = False
        self._tally = tally
        self._said = 0
        self._last_heard: dict[int, int] = {}
        self.set_terminator(None)
        self.create_socket()
        self.connect(address)

    def speak(self) -> None:
        """Say one line, with the time in it."""
        self._said += 1
        self.say(f"~{self.number} {self._said} {time.monotonic_ns()}~ and some words to go with it")

    def say(self, text: str) -> None:
        """Say `text` to the room."""
        raise NotImplementedError

    def hear(self, data: bytes) -> None:
        """Count all lines in `data`."""
        now = time.monotonic_ns()
        for sender, number, sent in LINE.findall(data):
            self._tally.delays.append((now - int(sent)) / 1e9)
            if int(number) != self._last_heard.get(int(sender), 0) + 1:
                self._tally.wrong += 1
            self._last_heard[int(sender)] = int(number)


class LineMember(Member):
    """A member at the line door."""

    def __init__(
        self, loop: EventLoop, address: Address, number: int, room: str, tally: Tally
    ) -> None:
        super().__init__(loop, address, number, room, tally)
        self._received = b""

    def handle_connect(self) -> None:
        """Give a name, and go to the room."""
        self.push(f"{self.name}\r\n/join {self.room}\r\n".encode())

    def collect_incoming_data(self, data: bytes) -> None:
        """Hear whole lines."""
        whole, end, rest = (self._received + data).rpartition(b"\n")
        self._received = rest
        if not self.seated and f"{self.name} came into {self.room}.".encode() in whole:
            self.seated = True
        if end:
            self.hear(whole)

    def say(self, text: str) -> None:
        """Type it."""
        self.push(f"{text}\r\n".encode())


class WebMember(Member):
    """A member at the web door."""

    def __init__(
        self, loop: EventLoop, address: Address, number: int, room: str, tally: Tally
    ) -> None:
        self._protocol = ClientProtocol(parse_uri(f"ws://{address[0]}:{address[1]}/chat"))
        self._requests = 0
        super().__init__(loop, address, number, room, tally)

    def handle_connect(self) -> None:
        """Ask for the WebSocket."""
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def collect_incoming_data(self, data: bytes) -> None:
        """Hear whole messages."""
        opened = bool(self._protocol.events_received()) or self._requests
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if getattr(event, "opcode", None) is Opcode.TEXT:
                self._take(bytes(getattr(event, "data", b"")))
            elif not opened and hasattr(event, "status_code"):
                self._tell({"do": "enter", "name": self.name})
        self._flush()

    def _take(self, data: bytes) -> None:
        if not self.seated:
            self._come_in(json.loads(data))
        self.hear(data)

    def _come_in(self, event: dict[str, object]) -> None:
        if event["kind"] == "welcome":
            self._ask({"do": "join", "room": self.room, "key": ""})
            self._ask({"do": "leave", "room": "lobby"})
        elif event["kind"] == "parted":
            self.seated = True

    def say(self, text: str) -> None:
        """Send it."""
        self._ask(
            {"do": "say", "room": self.room, "text": text, "nonce": f"{self.number}-{self._said}"}
        )
        self._flush()

    def _ask(self, request: dict[str, object]) -> None:
        self._requests += 1
        self._tell({"n": self._requests, **request})

    def _tell(self, value: dict[str, object]) -> None:
        self._protocol.send_text(json.dumps(value).encode())

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self.push(data)
