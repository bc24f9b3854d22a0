"""What a network reports when something spins."""

import contextlib
import errno
import random
import socket
from collections.abc import Callable
from functools import partial

import pytest

from miniloop import Dispatcher, EventLoop, Listener
from miniloop.readiness import URGENT, announced
from miniloop.testing import GENTLE, SimulatedNetwork
from miniloop.testing.choices import Choices
from miniloop.testing.spinning import MOST_SHOWN, WATCHED, StepLimit
from miniloop.trace.installing import installed
from tests.driving import Lines, Recording

MAX_STEPS = 500


def spin(script: Callable[[SimulatedNetwork, EventLoop], object], *, run: bool = False) -> str:
    """Return the report of a network that spins, without the network itself."""
    net = SimulatedNetwork(1, faults=GENTLE, max_steps=MAX_STEPS)
    with net.loop() as loop:
        script(net, loop)
        with pytest.raises(RuntimeError, match="something spins") as caught:
            loop.run() if run else net.run(60)
    report, network = str(caught.value).split(". The network is ")
    assert network == repr(net)
    assert report.startswith(f"{MAX_STEPS} steps and no end: something spins. The last 100 steps")
    return report


class Unread(Dispatcher):
    """Is called again and again, because it reads nothing."""

    def handle_read(self) -> None:
        pass

    def __repr__(self) -> str:
        return "<Unread>"


@pytest.mark.parametrize("run", [False, True])
def test_a_handler_that_reads_nothing(run: bool) -> None:
    def script(net: SimulatedNetwork, loop: EventLoop) -> None:
        ours, theirs = net.socketpair()
        Unread(loop, ours)
        theirs.send(b"x")

    assert "handle_read() of <Unread> (100 times)" in spin(script, run=run)


def test_a_handler_in_another_loop_than_the_one_that_waits() -> None:
    net = SimulatedNetwork(1, faults=GENTLE, max_steps=MAX_STEPS)
    with net.loop() as waiting, net.loop() as spinning:
        Listener(waiting, ("server", 1), Lines)
        ours, theirs = net.socketpair()
        Unread(spinning, ours)
        theirs.send(b"x")
        with pytest.raises(RuntimeError, match=r"handle_read\(\) of <Unread>"):
            waiting.run()


def test_a_channel_that_is_always_writable() -> None:
    class Eager(Recording):
        def writable(self) -> bool:
            return True

        def __repr__(self) -> str:
            return "<Eager>"

    report = spin(lambda net, loop: Eager(loop, net.socketpair()[0]))
    assert "handle_write() of <Eager> (100 times)" in report


def test_callbacks_and_timers() -> None:
    def soon(net: SimulatedNetwork, loop: EventLoop) -> None:
        def again() -> None:
            loop.call_soon(again)

        again()

    def later(net: SimulatedNetwork, loop: EventLoop) -> None:
        def tick() -> None:
            loop.call_later(0, tick)

        tick()

    assert "the callback test_callbacks_and_timers.<locals>.soon.<locals>.again()" in spin(soon)
    assert "the timer test_callbacks_and_timers.<locals>.later.<locals>.tick()" in spin(later)


def test_callbacks_and_timers_of_a_channel() -> None:
    class Busy(Lines):
        def again(self) -> None:
            self.loop.call_soon(partial(self.again))

        def later(self) -> None:
            self.loop.call_later(0, self._guarded_, self.later)

        def reopen(self, net: SimulatedNetwork) -> None:
            another = Busy(self.loop, net.socketpair()[0])
            another.on_close(another.reopen, net)
            another.close()

        def handle_idle(self) -> None:
            pass

        def __repr__(self) -> str:
            return "<Busy>"

    def soon(net: SimulatedNetwork, loop: EventLoop) -> None:
        Busy(loop, net.socketpair()[0]).again()

    def timer(net: SimulatedNetwork, loop: EventLoop) -> None:
        Busy(loop, net.socketpair()[0]).later()

    def idle(net: SimulatedNetwork, loop: EventLoop) -> None:
        Busy(loop, net.socketpair()[0]).set_idle_timeout(1e-6)

    def closing(net: SimulatedNetwork, loop: EventLoop) -> None:
        Busy(loop, net.socketpair()[0]).reopen(net)

    assert "Busy.again() of <Busy> (" in spin(soon)
    assert "Busy.later() of <Busy> (" in spin(timer)
    assert (
        "the timer test_callbacks_and_timers_of_a_channel.<locals>.Busy.handle_idle() of <Busy> ("
        in spin(idle)
    )
    assert "Busy.reopen() of <Busy> (" in spin(closing)


def test_output_of_a_channel_that_is_not_registered_yet() -> None:
    class Pushing(Lines):
        def flush(self) -> None:
            super().flush()
            self.push(b"x")

        def __repr__(self) -> str:
            return "<Pushing>"

    def script(net: SimulatedNetwork, loop: EventLoop) -> None:
        net.refuse(("server", 1), errno.ETIMEDOUT)
        pushing = Pushing(loop)
        pushing.connect_to("server", 1, timeout=None)
        pushing.push(b"x")

    assert "no handler, but output was queued in every pass by <Pushing>" in spin(script)


def test_a_predicate_that_changes_the_interest() -> None:
    class Restless(Recording):
        @announced
        def readable(self) -> bool:
            self.interest_changed()
            return True

        def __repr__(self) -> str:
            return "<Restless>"

    report = spin(lambda net, loop: Restless(loop, net.socketpair()[0]))
    assert "no handler, but interest_changed() was called in every pass for <Restless>" in report


def test_an_event_without_a_handler() -> None:
    class UrgentOnly(Recording):
        """The kernel reports a hangup whether it is wanted or not."""

        def interest(self) -> int:
            return URGENT

        def __repr__(self) -> str:
            return "<UrgentOnly>"

    def script(net: SimulatedNetwork, loop: EventLoop) -> None:
        ours, theirs = net.socketpair()
        UrgentOnly(loop, ours)
        ours.shutdown(socket.SHUT_WR)
        theirs.close()

    assert "no handler for an event of <UrgentOnly> (100 times)" in spin(script)


def test_the_actions_of_the_test_itself() -> None:
    def script(net: SimulatedNetwork, loop: EventLoop) -> None:
        def again() -> None:
            net.call_later(1e-4, again)

        again()

    assert "no handler: actions of the test" in spin(script)


def test_only_the_commonest_handlers_are_shown() -> None:
    def script(net: SimulatedNetwork, loop: EventLoop) -> None:
        for _ in range(MOST_SHOWN + 3):
            ours, theirs = net.socketpair()
            Unread(loop, ours)
            theirs.send(b"x")

    report = spin(script)
    assert report.count("<Unread>") == MOST_SHOWN
    assert report.endswith("and 3 others")


def test_each_call_has_its_own_limit() -> None:
    net = SimulatedNetwork(1, faults=GENTLE, max_steps=MAX_STEPS)
    with net.loop() as loop:
        before = installed(loop)

        def again(times: int) -> None:
            if times:
                loop.call_soon(again, times - 1)

        for go_on in (net.settle, loop.run, lambda: net.run(1), lambda: net.run_until(lambda: 0)):
            again(MAX_STEPS - 10)
            with contextlib.suppress(AssertionError):
                go_on()
            assert installed(loop) == before
        for _ in range(2 * MAX_STEPS):
            loop.run_once(0)  # the test's own passes have no limit


def test_loops_are_watched_in_the_last_steps_only() -> None:
    class Loop:
        watched = 0

        def start_watching(self, trace: object) -> None:
            self.watched += 1

        def stop_watching(self, trace: object) -> None:
            self.watched -= 1

        def dirty_channels(self) -> list[Recording]:
            return []

        def flushing_channels(self) -> list[Recording]:
            return []

    loop = Loop()
    limit = StepLimit(1000, [loop], Choices(random.Random(1), GENTLE))
    for _ in range(1000 - WATCHED):
        limit.count()
    assert loop.watched == 0
    for _ in range(WATCHED):
        limit.count()
        assert loop.watched == 1
    with pytest.raises(RuntimeError, match="1000 steps"):
        limit.count()
    limit.close()
    assert loop.watched == 0
