"""A descriptor that is closed behind the loop's back ends its channel and nothing else."""

import contextlib
import os
import socket

import pytest

from miniloop import EventLoop
from tests.driving import Lines, deliveries, pair, receive, settle
from tests.integration.promises.serving import Echo


@pytest.mark.parametrize("when", ["watched", "paused", "with output queued", "before any pass"])
def test_a_descriptor_closed_behind_the_loops_back_harms_nobody(loop: EventLoop, when: str) -> None:
    with pair() as (ours, theirs), pair() as (ours2, healthy):
        Echo(loop, ours2)
        channel = Lines(loop, ours)
        if when != "before any pass":
            settle(loop)
        if when == "paused":
            channel.pause_reading()
        if when == "with output queued":
            channel.push(b"x")
        ours.close()
        settle(loop)
        healthy.send(b"hello\n")
        settle(loop)
        assert receive(healthy) == b"hello\n"
        channel.close()
        settle(loop)
        assert channel.seen.count("close") <= 1
        theirs.close()


@pytest.mark.parametrize("duplicated", [False, True])
def test_a_descriptor_closed_and_reused_belongs_to_the_newcomer(
    loop: EventLoop, duplicated: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pair() as (ours, theirs), pair() as (source, peer):
        old = Lines(loop, ours)
        settle(loop)
        number = ours.fileno()
        keep = ours.dup() if duplicated else None
        os.dup2(source.fileno(), number)
        new = Lines(loop, socket.socket(fileno=number))
        with contextlib.suppress(BrokenPipeError):
            theirs.send(b"for the old\n")
        peer.send(b"for the new\n")
        settle(loop)
        assert new.lines == [b"for the new"]
        assert (old.lines, old.seen, old.closed) == ([], ["close"], True)
        assert "closed behind its back" in caplog.text
        assert not new.closed
        assert new.socket.fileno() == number
        if keep is not None:
            keep.close()


def test_a_closed_descriptor_that_lives_on_in_a_duplicate_does_not_spin(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    with pair() as (ours, theirs), pair() as (ours2, healthy):
        Echo(loop, ours2)
        channel = Lines(loop, ours)
        settle(loop)
        with ours.dup():
            os.close(number := ours.detach())
            theirs.send(b"for nobody")
            settle(loop)
            channel.close()
            assert deliveries(loop) == 0
            before = len(caplog.records)
            assert before <= 2
            healthy.send(b"hello\n")
            settle(loop)
            assert receive(healthy) == b"hello\n"
            assert number >= 0
