"""An exception in any handler or predicate ends its channel and no other."""

import socket
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop, Listener
from miniloop.testing import FakeClock
from tests.driving import Lines, Recording, fill, pair, receive, run_until, settle
from tests.integration.promises.serving import Echo, answers, fail

HANDLERS = [
    "handle_read", "handle_write", "handle_expt", "handle_idle", "handle_close", "handle_error",
    "readable", "writable", "handle_read_event", "handle_write_event", "interest", "drained",
    "collect_incoming_data", "found_terminator", "handle_input_overflow", "handle_eof",
    "handle_output_overflow", "handle_high_water", "handle_low_water", "flush",
    "handle_hangup_event",
]  # fmt: skip


@pytest.mark.parametrize("name", HANDLERS)
def test_an_exception_ends_its_channel_and_no_other(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that can happen happens to a channel one of whose methods fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that flush() does not call its base
        kind: type[Lines] = type("Failing", (Lines,), {name: fail})
    if name == "handle_error":
        kind.collect_incoming_data = fail  # type: ignore[assignment]  # so that it is called
    kind.max_input, kind.max_output = 100, 5_000_000
    kind.high_water, kind.low_water = 1000, 100
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        with pair(socket.AF_INET) as (ours, theirs), pair() as (theirs2, healthy_end):
            healthy = Echo(loop, theirs2)
            failing = kind(loop, ours)
            stimulate(loop, clock, failing, theirs)
            healthy_end.send(b"still there?\n")
            settle(loop)
            assert receive(healthy_end) == b"still there?\n"
            assert not healthy.closed
        if name != "drained":
            assert failing.closed
            assert "on purpose" in caplog.text
            assert "Traceback" in caplog.text


@pytest.mark.parametrize("name", ["handle_connect", "handle_connect_error"])
def test_an_exception_in_a_connect_handler_is_contained(
    loop: EventLoop, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "door")
    listener = Listener(loop, path, Echo)
    client = type("Failing", (Recording,), {name: fail})(loop)
    client.create_socket(socket.AF_UNIX)
    client.connect(path if name == "handle_connect" else str(tmp_path / "nobody"))
    run_until(loop, lambda: client.closed)
    assert "on purpose" in caplog.text
    assert answers(loop, listener.address, socket.AF_UNIX)


@pytest.mark.parametrize("name", ["handle_accept", "handle_accepted"])
def test_an_exception_while_accepting_leaves_the_listener_open(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Only for the first connection: the listener rests, and then goes on."""
    clock = FakeClock()

    class Shaky(Listener):
        failures = 0

    def once(self: Shaky, *args: Any) -> None:
        self.failures += 1
        if self.failures == 1:
            fail()
        getattr(Listener, name)(self, *args)

    setattr(Shaky, name, once)
    with EventLoop(debug=True, clock=clock) as loop:
        listener = Shaky(loop, ("127.0.0.1", 0), Echo)
        with socket.create_connection(listener.address[:2]):
            run_until(loop, lambda: listener.failures)
            clock.advance(2)
            assert answers(loop, listener.address[:2])
        assert caplog.text.count("ZeroDivisionError: on purpose") == 1


def test_an_exception_in_callbacks_and_timers_is_contained(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    loop.call_soon(fail)
    loop.call_soon(done.append, 1)
    loop.call_later(0, fail)
    loop.call_later(0, done.append, 2)
    settle(loop)
    assert sorted(done) == [1, 2]
    assert caplog.text.count("ZeroDivisionError: on purpose") == 2


def stimulate(loop: EventLoop, clock: FakeClock, channel: Lines, peer: socket.socket) -> None:
    """Do to the channel what makes each of its handlers run, until it is closed."""

    def queue() -> None:
        fill(channel.socket)
        channel.push(b"x" * 5000)

    steps: list[Callable[[], object]] = [
        lambda: channel.set_idle_timeout(10),
        lambda: peer.send(b"line\n"),
        lambda: peer.send(b"o", socket.MSG_OOB),
        queue,
        lambda: receive(peer),
        lambda: receive(peer),
        lambda: run_until(loop, lambda: channel.closed or not channel.output_size or receive(peer)),
        lambda: peer.send(b"y" * 200) if type(channel).handle_input_overflow is fail else None,
        *[
            lambda: (
                channel.push(b"z" * 20_000_000)
                if type(channel).handle_output_overflow is fail
                else None
            )
        ]
        * 2,
        lambda: clock.advance(11) if type(channel).handle_idle is fail else None,
        channel.pause_reading if "hangup" in str(vars(type(channel))) else lambda: None,
    ]
    for step in steps:
        if channel.closed:
            return
        try:
            step()
        except ZeroDivisionError:
            channel.close()
            raise
        settle(loop, 6)
    if not channel.closed:
        peer.close()
        settle(loop, 6)
