"""A selector that answers from a script."""

import socket

import pytest

from miniloop.readiness import READ, WRITE
from miniloop.testing import FakeClock, ScriptedSelector


def test_calls_are_noted() -> None:
    selector = ScriptedSelector()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fd = ours.fileno()
        assert selector.register(ours, READ, "data").data == "data"
        assert selector.modify(fd, WRITE).events == WRITE
        assert selector.get_map()[fd].events == WRITE
        selector.unregister(ours)
    assert selector.calls == [("register", fd, READ), ("modify", fd, WRITE), ("unregister", fd, 0)]


def test_script_is_followed_batch_by_batch() -> None:
    selector = ScriptedSelector()
    selector.register(1, READ, "one")
    selector.register(2, READ, "two")
    selector.script((2, READ), (3, READ), (1, WRITE))
    selector.script()
    batch = selector.select(None)
    assert [(key.data, ready) for key, ready in batch] == [("two", READ), ("one", WRITE)]
    assert selector.select(None) == []
    selector.close()
    assert not selector.get_map()


def test_waiting_moves_the_clock() -> None:
    clock = FakeClock(0)
    selector = ScriptedSelector(clock)
    assert selector.select(3) == []
    assert ScriptedSelector().select(3) == []
    assert (clock(), selector.timeouts) == (3, [3])


def test_waiting_without_end_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="waits without end"):
        ScriptedSelector().select()
