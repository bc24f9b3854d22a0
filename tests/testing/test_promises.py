"""What dispatchers promise, on thousands of simulated networks.

Each schedule is a number: it chooses the network, its faults, and what peers and handlers do.
Whatever that is: lines are heard once and in order, answers arrive once and in order, queues stay
within their bounds, ``handle_close()`` comes once and nothing after the end.
"""

import logging
import random
import socket
import sys
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniloop import AsyncChat, EventLoop, Listener
from miniloop.testing import GENTLE, HARSH, Faults, Peer, SimulatedNetwork

ROUGH = Faults(
    latency=(0, 1), split=0.9, partial_send=0.7, spurious=0.2, shuffle=1, buffers=(8, 512)
)
WEATHERS = (GENTLE, Faults(), ROUGH, HARSH)
COMMANDS = (
    "echo",
    "echo",
    "echo",
    "echo",
    "big",
    "pause",
    "leave",
    "close",
    "fail",
    "finish",
    "kick",
)
ENDING = {"leave", "close", "fail"}
BIG = b"." * 1500


class Obedient(AsyncChat):
    """Does what the lines say, and watches over what is promised."""

    max_output = 2000
    crowd: Collection["Obedient"] = ()

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        self.lines: list[bytes] = []
        self.said: list[bytes] = []
        self.partial = b""
        self.failures: list[BaseException | None] = []
        self.closes = 0
        self.overflowed = self.kicked = False
        self.left = self.pushed = 0
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.check()
        self.partial += data

    def found_terminator(self) -> None:
        self.check()
        line, self.partial = self.partial, b""
        self.lines.append(line)
        self.obey(line.split()[1].decode())

    def obey(self, command: str) -> None:
        self.say(b"%d %s" % (len(self.lines), BIG if command == "big" else b"ok"))
        if command == "pause":
            self.pause_reading()
            self.loop.call_later(1.5, self.wake_up)
        elif command == "leave":
            self.close_when_done()
        elif command == "close":
            self.close()
        elif command == "finish":
            self.close_write()
            self.say = lambda text: None  # type: ignore[method-assign]
        elif command == "kick":
            for other in self.crowd:
                if other is not self:
                    other.kicked = True
                    other.close()
        elif command == "fail":
            raise ValueError("on purpose")

    def say(self, text: bytes) -> None:
        self.said.append(text)
        before = self.output_size
        self.push(text + b"\n")
        self.pushed += self.output_size - before

    def wake_up(self) -> None:
        if not self.closed:
            self.resume_reading()

    def check(self) -> None:
        assert not self.closed, "a handler after the end"
        assert not self.closes, "a handler after handle_close()"

    def handle_close(self) -> None:
        self.check()
        self.closes += 1
        self.end()  # a mistake that costs nothing

    def handle_output_overflow(self) -> None:
        self.overflowed = True
        super().handle_output_overflow()

    def flush(self) -> None:
        too_much = self.left > self.max_output and self.pushed > 0 and not self.closed
        over = self.overflowed or too_much
        super().flush()
        assert self.overflowed == over
        assert self.output_size <= max(self.left, self.max_output) + self.pushed
        self.left, self.pushed = self.output_size, 0

    def handle_error(self) -> None:
        """The loop contains what is raised in handlers, failed checks too: keep them."""
        error = sys.exc_info()[1]
        if not isinstance(error, ValueError):
            self.failures.append(error)
        super().handle_error()


class Script:
    """One peer, what it sends, and how it ends."""

    def __init__(self, net: SimulatedNetwork, chance: random.Random) -> None:
        self.net = net
        self.peer: Peer = net.connect(("server", 1))
        self.commands = chance.choices(COMMANDS, k=chance.randint(0, 12))
        self.lines = [b"%d %s" % (number, command.encode())
                      for number, command in enumerate(self.commands)]  # fmt: skip
        self.end = chance.choice(("finish", "finish", "close", "reset", "nothing"))
        self.slow = chance.random() < 0.3
        self.peer.reading = not self.slow
        moment = 0.0
        for line in self.lines:
            moment += chance.choice((0, 0, 0.01, 1))
            net.call_later(moment, self.send, line + b"\n")
        net.call_later(moment + 4, setattr, self.peer, "reading", True)
        net.call_later(moment + chance.choice((0, 5)), self.finish)

    def send(self, line: bytes) -> None:
        if self.peer.error is None:
            self.peer.send(line)

    def finish(self) -> None:
        if self.end != "nothing" and self.peer.error is None:
            getattr(self.peer, self.end)()

    @property
    def peaceful(self) -> bool:
        """Nothing that the script did may cost a byte."""
        return self.end in ("finish", "nothing") and not self.slow

    def expected(self) -> list[bytes]:
        """The lines up to the first one that ends the connection."""
        for number, command in enumerate(self.commands, 1):
            if command in ENDING:
                return self.lines[:number]
        return self.lines


def run_schedule(chance: random.Random, source: int | random.Random) -> None:
    net = SimulatedNetwork(source, faults=chance.choice(WEATHERS))
    chats: dict[object, Obedient] = {}

    def door(loop: EventLoop, sock: socket.socket) -> None:
        chat = Obedient(loop, sock)
        chat.crowd = chats.values()
        chats[sock.getsockname() and chat.addr] = chat

    with net.loop(debug=chance.random() < 0.1) as loop:
        Listener(loop, ("server", 1), door)
        scripts = [Script(net, chance) for _ in range(chance.randint(1, 3))]
        net.run(1000)  # the narrowest buffers take eight bytes at a time
        for script in scripts:
            chat = chats.get(script.peer.address)
            if chat is not None:
                compare(
                    script, chat, net.faults is not HARSH and not (chat.overflowed or chat.kicked)
                )
        assert len(net.open_sockets) == 1 + sum(not chat.closed for chat in chats.values())
    assert net.open_sockets == []


def compare(script: Script, chat: Obedient, whole: bool) -> None:
    assert not chat.failures
    heard, said = chat.lines, chat.said
    arrived = script.peer.received.split(b"\n")[:-1]
    assert heard == script.expected()[: len(heard)]
    assert arrived == said[: len(arrived)]
    assert chat.closes <= 1
    if not whole or not script.peaceful:
        return
    assert heard == script.expected()
    if not ENDING & {*script.commands}:
        assert arrived == said
        assert chat.closed == (script.end == "finish")
        assert chat.closes == chat.closed
    elif script.commands and script.commands[-1] == "leave" and len(heard) == len(script.lines):
        assert arrived == said


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("hundred", range(15))
def test_schedules(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        try:
            run_schedule(random.Random(seed), seed)
        except BaseException as error:
            error.add_note(f"run_schedule(random.Random({seed}), {seed})")
            raise


@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_schedules_that_hypothesis_chooses(seed: int, source: random.Random) -> None:
    run_schedule(random.Random(seed), source)
