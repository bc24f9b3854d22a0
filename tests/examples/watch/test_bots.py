"""The simulated users, without a chat room."""

from __future__ import annotations

import random

import pytest

from examples.watch.bots import LINES, NAMES, STAYS, THINKING, Bot, Bots, name_of
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import pair, receive, settle


def test_names_are_free() -> None:
    names = [name_of(number) for number in range(3 * len(NAMES))]
    assert len({*names}) == len(names)
    assert len({*NAMES}) == len(NAMES)


def test_a_bot_talks_and_leaves() -> None:
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop, pair() as (ours, theirs):
        bot = Bot(loop, "Ada", random.Random(1))
        bot.set_socket(ours)
        bot.connected = True
        bot.handle_connect()
        for _ in range(STAYS[1] + 1):
            settle(loop, 3)
            clock.advance(THINKING[1])
        settle(loop, 3)
        first, *lines, last = receive(theirs).decode().splitlines()
        theirs.close()
        settle(loop, 3)
        clock.advance(THINKING[1])
        settle(loop, 3)
    assert (first, last) == ("Ada", "/quit")
    assert STAYS[0] <= len(lines) + 1 <= STAYS[1]
    assert {*lines} <= {*LINES}


def test_there_may_be_none() -> None:
    with EventLoop(debug=True) as loop:
        Bots(loop, ("127.0.0.1", 1), 0, random.Random())
        loop.run()


@pytest.mark.parametrize("line", LINES)
def test_lines_are_said_or_are_commands(line: str) -> None:
    assert line.isascii()
    assert not line.startswith("/") or line == "/who"
