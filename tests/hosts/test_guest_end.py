"""How a guest leaves its host: in order, at once, and by an exception."""

import socket

import pytest

from miniloop import AsyncChat, EventLoop
from miniloop.testing import FakeClock
from tests.doubles import Sees, fail
from tests.driving import pair, receive
from tests.hosts.stepping import SteppingHost

pytestmark = pytest.mark.needs("guests")


def test_orderly_end_goes_on_from_step_to_step(clock: FakeClock) -> None:
    sees = Sees()
    with EventLoop(clock=clock, debug=True) as loop, pair() as (ours, theirs):
        host = SteppingHost(loop, on_end=sees.note("ended"))
        loop.on_stop(sees.note("goodbye"))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
        chat = AsyncChat(loop, ours)
        chat.push(b"x" * 1_000_000)
        host.settle()
        loop.stop(grace=9)
        host.settle()
        assert sees == ["goodbye"]
        assert host.timer == clock() + 9
        size = 0
        while not host.closed:
            size += len(receive(theirs))
            host.settle()
        assert size + len(receive(theirs)) == 1_000_000
        assert chat.closed
        assert sees == ["goodbye", "ended"]
        assert host.watched is host.timer is None


def test_orderly_end_has_a_limit(clock: FakeClock) -> None:
    with EventLoop(clock=clock, debug=True) as loop, pair() as (ours, _):
        host = SteppingHost(loop)
        chat = AsyncChat(loop, ours)
        chat.push(b"x" * 10_000_000)
        loop.stop(grace=9)
        host.settle()
        clock.advance(9)
        host.settle()
        assert host.closed
        assert chat.closed


def test_a_stopped_loop_can_be_a_guest_again(host: SteppingHost) -> None:
    host.loop.stop()
    host.settle()
    assert host.closed
    sees = Sees()
    again = SteppingHost(host.loop)
    host.loop.call_soon(sees.note("called"))
    again.settle()
    assert sees == ["called"]
    assert not again.closed


@pytest.mark.parametrize("who", ["guest", "loop"])
def test_closing_leaves_the_host(who: str) -> None:
    with EventLoop(debug=True) as loop:
        host = SteppingHost(loop)
        loop.call_later(5, fail)
        host.settle()
        (host if who == "guest" else loop).close()
        assert host.closed
        assert host.watched is host.timer is None
        host.close()
        host.step()  # a call that was on its way


def test_closing_from_inside_a_step(host: SteppingHost) -> None:
    host.loop.call_soon(host.close)
    host.settle()
    assert host.watched is host.timer is None


def test_exit_of_the_program_leaves_the_guest_in_order(host: SteppingHost) -> None:
    def leave() -> None:
        raise SystemExit

    sees = Sees()
    host.loop.call_soon(leave)
    host.loop.call_soon(sees.note("after it"))
    with pytest.raises(SystemExit):
        host.settle()
    host.settle()
    assert sees == ["after it"]
