"""The tables of states are what channels do: no more, and no less.

Thousands of schedules on simulated networks: how the connection comes about, with TLS or without,
what the program decides in its handlers and between them, what the peer and the network do. Every
transition that is seen is in a table, and after all schedules every one of a table was seen.
"""

from __future__ import annotations

import errno
import logging
import os
import random
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.channel import BaseChannel
from miniloop.state import (
    BACKOFF,
    CLOSING,
    ENDED,
    EOF,
    HANDOVER,
    HANGUP_SEEN,
    HOLDS,
    LIFE,
    OUTPUT,
    PAUSED,
    Life,
    Output,
    check,
)
from miniloop.testing import GENTLE, Faults, Peer, PeerServer, SimulatedNetwork

SCHEDULES = int(os.environ.get("STATE_SCHEDULES", "2000"))
"""How many; docs/reference/proofs.md has the command for a longer run."""

HERE = ("server", 1)
ROUGH = Faults(latency=(0, 1), split=0.9, partial_send=0.7, shuffle=1, buffers=(64, 2048))
HOLD_NAMES = {
    PAUSED: "PAUSED", BACKOFF: "BACKOFF", HANDOVER: "HANDOVER", EOF: "EOF", CLOSING: "CLOSING",
    ENDED: "ENDED", HANGUP_SEEN: "HANGUP_SEEN",
}  # fmt: skip

Step = tuple[str, str]


# -- what is seen --------------------------------------------------------------------------------


class Observed(BaseChannel):
    """Notes every transition of the three states, and that they agree with what is public."""

    seen: set[Step] = set()  # noqa: RUF012 - of all channels of all schedules

    def _move_(self, life: Life) -> None:
        self.seen.add((f"life {self._life_.name}", life.name))
        super()._move_(life)
        public = (self.connected, self.connecting, self.accepting, self.closed)
        states = (Life.OPEN, Life.CONNECTING, Life.LISTENING, Life.CLOSED)
        assert public == tuple(life is each for each in states)

    def _set_output_(self, output: Output) -> None:
        if output is not self._output_:
            self.seen.add((f"output {self._output_.name}", output.name))
        super()._set_output_(output)

    def _hold_reading_(self, reason: int) -> None:
        before = self._hold_
        super()._hold_reading_(reason)
        self._note_hold(before)

    def _release_reading_(self, reason: int) -> None:
        before = self._hold_
        super()._release_reading_(reason)
        self._note_hold(before)

    def _peer_finished_(self) -> None:
        before = self._hold_
        super()._peer_finished_()
        self._note_hold(before)

    def end(self) -> None:
        before = self._hold_
        super().end()
        self._note_hold(before)

    def close(self) -> None:
        before = self._hold_
        super().close()
        self._note_hold(before)

    def _note_hold(self, before: int) -> None:
        for bit, name in HOLD_NAMES.items():
            if (before ^ self._hold_) & bit:
                self.seen.add((f"hold {name}", "set" if self._hold_ & bit else "lifted"))


def table_steps() -> set[Step]:
    """Every transition that the tables allow, in the form of `Observed.seen`."""
    steps = {(f"life {one.name}", other.name) for one in LIFE for other in LIFE[one]}
    steps |= {(f"output {one.name}", other.name) for one in OUTPUT for other in OUTPUT[one]}
    for bit, lifted in HOLDS.items():
        steps.add((f"hold {HOLD_NAMES[bit]}", "set"))
        if lifted:
            steps.add((f"hold {HOLD_NAMES[bit]}", "lifted"))
    return steps


# -- the program ---------------------------------------------------------------------------------


class Subject(Observed, AsyncChat):
    """Does what the schedule says, in its handlers and between them, and watches its promises."""

    max_output = 4000
    max_input = 500
    high_water = 1000
    low_water = 200

    def __init__(self, loop: EventLoop, sock: socket.socket | None, play: Play) -> None:
        self.play = play
        self.calls: list[str] = []
        self.connects = False
        self.by_program = False  # it called close() itself
        self.left = False  # it called close_when_done() itself
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def called(self, name: str) -> None:
        assert not self.closed, f"{name}() on a closed channel"
        assert not self.by_program
        self.calls.append(name)
        self.play.decide(self)

    def collect_incoming_data(self, data: bytes) -> None:
        self.called("collect")

    def found_terminator(self) -> None:
        self.called("found")

    def handle_connect(self) -> None:
        assert not {"connect", "connect_error", "close"} & {*self.calls}
        self.called("connect")
        if self.play.tls and not self.closed and not self.left:
            self.play.try_to(self, "secure")

    def handle_connect_error(self, error: OSError) -> None:
        assert not {"connect", "connect_error", "close"} & {*self.calls}
        self.called("connect_error")

    def handle_secured(self) -> None:
        self.called("secured")

    def handle_eof(self) -> None:
        assert "eof" not in self.calls
        assert not self.left
        self.called("eof")
        if self.play.stays_open:
            self.loop.call_later(5, self.leave_later)
        elif not self.closed:
            super().handle_eof()
            self.play.decide(self)

    def leave_later(self) -> None:
        if not self.closed:
            self.close_when_done()

    def handle_idle(self) -> None:
        self.called("idle")
        if not self.closed:
            super().handle_idle()

    def handle_high_water(self) -> None:
        self.called("high")

    def handle_low_water(self) -> None:
        self.called("low")

    def handle_input_overflow(self) -> None:
        self.called("input overflow")
        if not self.closed:
            super().handle_input_overflow()

    def handle_output_overflow(self) -> None:
        self.called("output overflow")
        if not self.closed:
            super().handle_output_overflow()

    def handle_error(self) -> None:
        """Keep what is no bug of the program's: a promise of ours that was found broken."""
        error = sys.exc_info()[1]
        if not isinstance(error, ZeroDivisionError):
            self.play.broken.append(error)

    def handle_close(self) -> None:
        assert "close" not in self.calls
        assert "connect_error" not in self.calls
        assert not self.connects or "connect" in self.calls
        self.called("close")


class Plain(Observed, Dispatcher):
    """A dispatcher without a queue: its output is shut at once."""

    def handle_read(self) -> None:
        if self.recv():
            self.close_write()


class Door(Observed, Listener):
    """A listener, which has two states of its own."""


DECISIONS = (
    "push", "push", "fill", "pause", "resume", "pause and resume", "close_write", "leave", "close",
    "discard", "idle", "terminator", "fail", "secure", "fill", "leave",
)  # fmt: skip


class Play:
    """One schedule.

    Both ends of the connection are subjects of the same program, or one of them is a scripted peer.

    Args:
        chance: makes every choice.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.kind = chance.choice(["address", "name", "accepted", "both"])
        self.tls = self.kind == "both" and chance.random() < 0.7
        self.stays_open = chance.random() < 0.3
        self.eagerness = chance.choice([0.05, 0.3, 0.8])
        self.subjects: list[Subject] = []
        self.broken: list[BaseException | None] = []
        self.net = SimulatedNetwork(
            random.Random(chance.getrandbits(32)), faults=chance.choice([GENTLE, ROUGH])
        )

    def run(self) -> None:
        """Play it to the end: every channel is closed, and no promise was broken."""
        with self.net.loop() as loop:
            self.begin(loop)
            for _ in range(self.chance.randint(2, 8)):
                self.net.run(self.chance.choice([0.01, 0.3, 2]))
                for subject in self.subjects:
                    self.decide_between(subject)
            self.net.run(100)
            for subject in self.subjects:
                if not subject.closed:
                    subject.set_idle_timeout(5)
            self.net.run(300)
            for subject in self.subjects:
                assert subject.closed, subject
                self.look_back_at(subject)
        assert not self.broken

    def look_back_at(self, subject: Subject) -> None:
        """Its end was reported once, unless the program closed it itself."""
        ends = [call for call in subject.calls if call in ("close", "connect_error")]
        assert len(ends) == (0 if subject.by_program and not ends else 1), subject.calls
        reports = ("connect", "connect_error", "close")
        first = next((call for call in subject.calls if call in reports), None)
        if subject.connects and not subject.by_program:
            assert first in ("connect", "connect_error")

    # -- what the program decides ----------------------------------------------------------------

    def decide(self, subject: Subject) -> None:
        """Do something with the channel, or nothing."""
        if self.chance.random() < self.eagerness and not subject.closed:
            self.try_to(subject, self.chance.choice(DECISIONS))

    def decide_between(self, subject: Subject) -> None:
        """Decide outside of any handler, where what is raised is the program's own matter."""
        with suppress(ZeroDivisionError):
            self.decide(subject)

    def try_to(self, subject: Subject, what: str) -> None:
        """Do it; what the state forbids is refused with a RuntimeError, and changes nothing."""
        actions: dict[str, Callable[[], object]] = {
            "push": lambda: subject.push(b"answer\n" * self.chance.randint(1, 30)),
            "fill": lambda: subject.push(b"x" * self.chance.choice([1500, 3000, 6000])),
            "pause": lambda: self.pause(subject),
            "resume": subject.resume_reading,
            "pause and resume": lambda: self.pause_and_resume(subject),
            "close_write": subject.close_write,
            "leave": lambda: self.leave(subject),
            "close": lambda: self.close(subject),
            "discard": subject.discard_buffers,
            "idle": lambda: subject.set_idle_timeout(self.chance.choice([None, 0.5, 3])),
            "terminator": lambda: subject.set_terminator(self.chance.choice([b"\n", 7, None])),
            "secure": lambda: self.secure(subject),
        }
        if what == "fail":
            raise ZeroDivisionError("a bug in the program")
        before = subject._life_, subject._output_
        try:
            actions[what]()
        except RuntimeError:
            assert before == (subject._life_, subject._output_)

    def pause(self, subject: Subject) -> None:
        subject.pause_reading()
        self.net.call_later(self.chance.uniform(0.1, 5), self.resume, subject)

    def pause_and_resume(self, subject: Subject) -> None:
        subject.pause_reading()
        subject.resume_reading()

    def resume(self, subject: Subject) -> None:
        if not subject.closed:
            subject.resume_reading()

    def leave(self, subject: Subject) -> None:
        subject.close_when_done()
        subject.left = True

    def close(self, subject: Subject) -> None:
        subject.close()
        subject.by_program = True

    def secure(self, subject: Subject) -> None:
        if not self.tls:
            return
        if subject.connects:
            subject.start_tls(contexts()[1], server_hostname="localhost", timeout=8)
        else:
            subject.start_tls(contexts()[0], server_side=True, timeout=8)

    # -- how the connection comes about ----------------------------------------------------------

    def begin(self, loop: EventLoop) -> None:
        if self.chance.random() < 0.1:
            self.begin_plain(loop)
        if self.kind in ("accepted", "both"):
            self.listen(loop)
        if self.kind == "accepted":
            for _ in range(self.chance.choice([1, 1, 3])):
                self.plan(self.net.connect(HERE))
        else:
            self.connect(loop)

    def listen(self, loop: EventLoop) -> None:
        if self.chance.random() < 0.1:
            self.net.faults = Faults(accept_error=0.5)
        door = Door(loop, HERE, self.make)
        self.net.call_later(200, door.close)

    def make(self, loop: EventLoop, sock: socket.socket) -> Subject:
        """Make the dispatcher of an accepted connection."""
        subject = Subject(loop, sock, self)
        self.subjects.append(subject)
        self.decide_between(subject)
        if not subject.closed:
            self.try_to(subject, "secure")
        return subject

    def connect(self, loop: EventLoop) -> None:
        if self.kind != "both":
            self.prepare_server(
                self.chance.choice(["works", "works", "works", "refused", "silent"])
            )
        subject = Subject(loop, None, self)
        self.subjects.append(subject)
        self.decide_between(subject)
        if subject.closed:
            return
        subject.connects = True
        limit = self.chance.choice([1, 30])
        if self.kind == "name" or self.chance.random() < 0.3:
            self.net.hosts["server.example"] = [HERE[0]]
            subject.connect_to("server.example", HERE[1], timeout=limit)
        else:
            subject.create_socket()
            subject.connect(HERE, timeout=limit)
        self.decide_between(subject)

    def prepare_server(self, outcome: str) -> None:
        """Let the connect work, be refused, or get no answer."""
        if outcome == "works":
            server = self.net.listen(HERE)
            self.net.call_later(0.2, self.plan_new_peers, server, 0)
        elif outcome == "silent":
            self.net.refuse(HERE, errno.ETIMEDOUT)

    def plan_new_peers(self, server: PeerServer, planned: int) -> None:
        for peer in server.peers[planned:]:
            self.plan(peer)
        if self.net.now < 1100:
            self.net.call_later(0.2, self.plan_new_peers, server, len(server.peers))

    def begin_plain(self, loop: EventLoop) -> None:
        address = ("server", 2)
        listener = Listener(loop, address, Plain)
        self.net.call_later(200, listener.close)
        peer = self.net.connect(address)
        self.net.call_later(1, self.peer_does, peer, "send")
        self.net.call_later(9, self.peer_does, peer, "close")

    # -- what a scripted peer does ---------------------------------------------------------------

    def plan(self, peer: Peer) -> None:
        for _ in range(self.chance.randint(0, 8)):
            what = self.chance.choice(
                ["send", "send", "send", "flood", "deaf", "hearing", "leave", "close", "reset"]
            )
            self.net.call_later(self.chance.uniform(0, 6), self.peer_does, peer, what)
        self.net.call_later(60, self.peer_does, peer, self.chance.choice(["close", "reset"]))

    def peer_does(self, peer: Peer, what: str) -> None:
        with suppress(OSError):  # the connection is over, or never came about
            if what == "send":
                peer.send(b"a line\nand half of")
            elif what == "flood":
                peer.send(b"y" * 2000)
            elif what == "leave":  # finish, and read again later
                peer.reading = False
                peer.finish()
                self.net.call_later(self.chance.uniform(1, 9), setattr, peer, "reading", True)
            elif what in ("deaf", "hearing"):
                peer.reading = what == "hearing"
            elif what == "close":
                peer.close()
            else:
                peer.reset()


@cache
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's; without trustme to make certificates the test is skipped aloud."""
    from tests.certificates import certificates

    return certificates().server(), certificates().client()


def test_what_channels_do_is_what_the_tables_say(caplog: pytest.LogCaptureFixture) -> None:
    contexts()
    caplog.set_level(logging.CRITICAL + 1, "miniloop")  # a hundred thousand lines of bad news
    Observed.seen.clear()

    @settings(max_examples=SCHEDULES, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**32))
    def play(seed: int) -> None:
        Play(random.Random(seed)).run()

    play()
    assert Observed.seen == table_steps()


def test_a_transition_that_is_not_in_the_table_is_refused() -> None:
    check(LIFE, Life.NEW, Life.OPEN)
    with pytest.raises(RuntimeError, match=r"Life\.CLOSED may not become Life\.OPEN"):
        check(LIFE, Life.CLOSED, Life.OPEN)


def test_only_debug_mode_looks_at_the_tables() -> None:
    with EventLoop(debug=True) as strict, EventLoop() as loose:
        channels = BaseChannel(strict), BaseChannel(loose)
        for channel in channels:
            channel.close()
        with pytest.raises(RuntimeError, match="may not become"):
            channels[0]._move_(Life.OPEN)
        channels[1]._move_(Life.OPEN)
        for channel in channels:
            channel._set_output_(Output.CLOSED)
        with pytest.raises(RuntimeError, match="may not become"):
            channels[0]._set_output_(Output.OPEN)
        channels[1]._set_output_(Output.OPEN)


def test_every_state_and_every_reason_is_in_a_table() -> None:
    assert set(LIFE) == set(Life)
    assert set(OUTPUT) == set(Output)
    assert set(HOLDS) == set(HOLD_NAMES)


def test_every_reason_has_a_bit_of_its_own_and_three_are_for_good() -> None:
    assert sorted(HOLDS) == [1 << bit for bit in range(7)]
    assert {bit for bit, lifted in HOLDS.items() if not lifted} == {EOF, CLOSING, ENDED}
