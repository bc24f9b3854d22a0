"""The steps of the growing loop by themselves, and the solutions that stand on them.

The scenarios are played in ``tests/integration/test_growing.py``.
"""

import errno
import importlib
import logging
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from examples.inside.awaiting import Conversation, NextLine, greet
from examples.inside.growing import step01_wait, step03_interest, step12_end
from examples.inside.growing.__main__ import STEPS
from examples.inside.growing.step07_waker import Loop
from examples.inside.half_close import HalfClosing
from examples.inside.kqueue_selector import KqueueSelector
from examples.inside.patient_listener import PatientListener
from tests.book.pages import DOCS, ROOT

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    for registration in [*made.registrations.values()]:
        registration.channel.close()
    made.selector.close()


def passes(loop: Any, count: int = 5) -> None:
    for _ in range(count):
        loop.run_once(0)


def test_the_first_step_forgets_a_closed_channel(pair: Pair) -> None:
    loop = step01_wait.Loop()
    silent, peer = socket.socketpair()
    other = step01_wait.Echo(loop, silent)
    step01_wait.Echo(loop, pair[0])
    pair[1].close()
    loop.run_once()
    loop.run_once(0)
    assert [*loop.channels.values()] == [other]
    other.close()
    peer.close()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_names_its_chapter_and_can_be_run(step: str) -> None:
    module = importlib.import_module(f"examples.inside.growing.{step}")
    assert callable(module.main)
    (chapter,) = re.findall(r"(\d\d-[\w-]+\.md)", module.__doc__ or "")
    assert (DOCS / "inside" / chapter).is_file()
    assert f"growing/{step}.py" in (DOCS / "inside" / chapter).read_text()


def test_the_steps_grow_from_eighty_lines_to_some_hundreds() -> None:
    folder = ROOT / "examples" / "inside" / "growing"
    lines = [len((folder / f"{step}.py").read_text().splitlines()) for step in STEPS]
    assert lines[0] <= 80
    assert lines[:7] == sorted(lines[:7])
    assert lines[6] <= 300


@pytest.mark.parametrize("step", ["step06_timers", "step07_waker", "step12_end"])
def test_a_cancelled_timer_keeps_no_loop_alive(step: str) -> None:
    loop = importlib.import_module(f"examples.inside.growing.{step}").Loop()
    loop.call_later(3600, print).cancel()
    loop.run()
    if hasattr(loop, "waker"):
        loop.waker.close()
    loop.selector.close()


def test_a_loop_whose_last_channel_fails_when_it_is_asked_ends(pair: Pair) -> None:
    loop = step12_end.Loop()

    class Failing(step12_end.Channel):
        def interest(self) -> int:
            raise ZeroDivisionError

    Failing(loop, pair[0])
    loop.run()
    loop.close()


def test_a_conversation_reads_top_to_bottom(loop: Loop, pair: Pair) -> None:
    Conversation(loop, pair[0], greet)
    for typed, answer in (
        (b"", b"your name?\n"),
        (b"Ada\n", b"and your town, Ada?\n"),
        (b"London\nmore\n", b"Ada of London, goodbye\n"),
    ):
        pair[1].send(typed)
        passes(loop)
        assert pair[1].recv(100) == answer
    assert pair[1].recv(100) == b""


def test_a_conversation_may_close_its_own_connection(loop: Loop, pair: Pair) -> None:
    async def leave(peer: Conversation) -> None:
        await NextLine()
        peer.close()

    Conversation(loop, pair[0], leave)
    pair[1].send(b"x\n")
    passes(loop)
    assert pair[1].recv(1) == b""
    assert len(loop.registrations) == 1, "the waker's"


def test_a_conversation_that_is_cut_off_is_closed(loop: Loop, pair: Pair) -> None:
    ended: list[str] = []

    async def wait(peer: Conversation) -> None:
        try:
            await Never()
        finally:
            ended.append("closed")

    class Never:
        def __await__(self) -> Any:
            yield self

    Conversation(loop, pair[0], wait)
    pair[1].close()
    passes(loop)
    assert ended == ["closed"]


def test_a_half_close_is_an_end_of_one_direction(loop: Loop, pair: Pair) -> None:
    lines: list[bytes] = []

    class Talker(HalfClosing):
        def handle_line(self, line: bytes) -> None:
            lines.append(line)

    channel = Talker(loop, pair[0])
    channel.push(b"x" * 1_000_000)
    channel.close_write()
    with pytest.raises(RuntimeError, match=r"push\(\) after close_write"):
        channel.push(b"more")
    received = b""
    while not channel.finished:
        passes(loop, 1)
        received += pair[1].recv(1 << 20)
    received += pair[1].recv(1 << 20) if len(received) < 1_000_000 else b""
    assert len(received) == 1_000_000
    assert pair[1].recv(1) == b""
    pair[1].send(b"heard it\n")
    passes(loop)
    assert lines == [b"heard it"]
    pair[1].close()
    passes(loop)
    assert channel.closed


class Failing:
    """A listening socket whose ``accept()`` fails, as often as it is told to."""

    def __init__(self, sock: socket.socket, *codes: int) -> None:
        self.sock = sock
        self.codes = [*codes]
        self.fileno, self.close = sock.fileno, sock.close

    def accept(self) -> Any:
        if self.codes:
            raise OSError(self.codes.pop(), "out of descriptors")
        return self.sock.accept()


def test_a_patient_listener_pauses_longer_and_logs_once(
    loop: Loop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    again: list[Callable[[], object]] = []

    def call_later(seconds: float, callback: Callable[[], object]) -> Any:
        pauses.append(seconds)
        again.append(callback)

    monkeypatch.setattr(loop, "call_later", call_later)
    made: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))
    listener = PatientListener(loop, server, lambda loop, sock: made.append(sock))
    listener.sock = Failing(server, *[errno.EMFILE] * 7)  # type: ignore[assignment]
    with socket.create_connection(server.getsockname()), caplog.at_level(logging.ERROR):
        while not made:
            passes(loop)
            while again:
                again.pop()()
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert listener.pause == 0.05
    assert len(caplog.records) == 1
    made[0].close()


def test_the_third_step_runs_on_a_kqueue(pair: Pair) -> None:
    """On a double that waits with epoll, as miniloop's own selector is tested on Linux."""
    from tests.selectors import kqueue  # which Windows cannot import

    loop = step03_interest.Loop()
    loop.selector.close()
    loop.selector = KqueueSelector(kqueue.Select())  # type: ignore[assignment]
    channel = step03_interest.Echo(loop, pair[0])
    pair[1].send(b"hello")
    passes(loop)
    assert pair[1].recv(100) == b"hello"
    channel.pause_reading()
    pair[1].send(b"more")
    passes(loop)
    with pytest.raises(BlockingIOError):
        pair[1].recv(100)
    channel.resume_reading()
    passes(loop)
    assert pair[1].recv(100) == b"more"
    channel.close()
    loop.selector.close()
