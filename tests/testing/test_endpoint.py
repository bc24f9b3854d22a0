"""One end of a connection; how it compares with the kernel's is tests/integration's matter."""

import errno

import pytest

from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP
from miniloop.testing import GENTLE
from miniloop.testing.choices import Choices
from miniloop.testing.endpoint import Endpoint
from miniloop.testing.timeline import Timeline
from miniloop.testing.wire import Wire

Ends = tuple[Endpoint, Endpoint]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def wire(lines: list[str]) -> Wire:
    return Wire(Choices(1, GENTLE), Timeline(), lines.append)


@pytest.fixture
def ends(wire: Wire) -> Ends:
    left, right = (
        Endpoint(wire, ("left", 1), ("right", 2)),
        Endpoint(wire, ("right", 2), ("left", 1)),
    )
    left.join(right)
    right.join(left)
    return left, right


def settle(wire: Wire) -> None:
    while wire.timeline.in_transit:
        wire.timeline.advance(wire.timeline.next_time())


def test_what_is_sent_arrives_whole_with_its_end(wire: Wire, ends: Ends) -> None:
    left, right = ends
    assert left.send(b"hello") == 5
    left.finish()
    assert right.poll() == POLLOUT
    settle(wire)
    assert right.poll() == POLLIN | POLLOUT | POLLRDHUP
    assert (right.receive(9), right.receive(9)) == (b"hello", b"")
    with pytest.raises(BrokenPipeError):
        left.send(b"x")
    right.finish()
    settle(wire)
    assert left.over()
    assert left.poll() & POLLHUP
    right.receive_reset()  # comes too late
    assert right.take_error() == 0


def test_the_urgent_byte_is_the_marked_one_in_a_longer_segment(wire: Wire, ends: Ends) -> None:
    left, right = ends
    left.send(b"a!", urgent=True)
    left.send(b"bc")
    settle(wire)
    assert right.poll() & POLLPRI
    assert right.receive_urgent() == b"!"
    assert not right.poll() & POLLPRI
    assert (right.receive(9), right.receive(9)) == (b"a", b"bc")


def test_a_receive_buffer_that_shrinks_below_its_content_loses_nothing(
    wire: Wire, ends: Ends
) -> None:
    left, right = ends
    right.incoming.limit = 10
    left.send(b"0123456789")
    settle(wire)
    right.receive(4)
    left.send(b"abcdef")
    right.incoming.limit = 5  # while a segment is on its way
    settle(wire)
    assert len(right.incoming) == 6
    received = b""
    while piece := right.receive(1):
        received += piece
        settle(wire)
        if not left.outgoing and not right.incoming:
            break
    assert received == b"456789abcdef"


def test_a_full_receiver_holds_the_sender_up(wire: Wire, ends: Ends) -> None:
    left, right = ends
    left.outgoing.limit = right.incoming.limit = 3
    assert left.send(b"abcdef") == 3
    with pytest.raises(BlockingIOError):
        left.send(b"d")
    settle(wire)
    assert left.send(b"defg") == 3
    settle(wire)
    assert len(left.outgoing) == 3
    assert not left.poll() & POLLOUT
    assert right.receive(2) == b"ab"
    settle(wire)
    assert (right.receive(9), len(left.outgoing)) == (b"cde", 1)


@pytest.mark.parametrize("unread", [False, True])
def test_a_close_is_a_reset_when_something_is_unread(
    wire: Wire, ends: Ends, lines: list[str], unread: bool
) -> None:
    left, right = ends
    if unread:
        left.send(b"x")
        settle(wire)
    right.close()
    right.close()
    settle(wire)
    assert left.poll() & POLLERR == (POLLERR if unread else 0)
    assert left.take_error() == (errno.ECONNRESET if unread else 0)
    assert left.fin_received is not unread
    what = "right:2 > left:1  resets the connection" if unread else "left:1 > right:2  receives FIN"
    assert [line for line in lines if line.endswith(what)]


def test_data_for_a_closed_end_is_answered_with_a_reset(wire: Wire, ends: Ends) -> None:
    left, right = ends
    right.close()
    settle(wire)
    assert left.send(b"late") == 4
    settle(wire)
    with pytest.raises(BrokenPipeError):  # as after a FIN
        left.send(b"later")


def test_there_is_no_urgent_byte_after_a_reset(wire: Wire, ends: Ends) -> None:
    left, right = ends
    left.send(b"!", urgent=True)
    settle(wire)
    right.receive_reset()
    with pytest.raises(OSError, match="not connected"):
        right.receive_urgent()


def test_an_end_that_is_not_connected_refuses(wire: Wire) -> None:
    end = Endpoint(wire, "", "")
    assert end.poll() == 0
    for call in (lambda: end.send(b"x"), lambda: end.receive(1)):
        with pytest.raises(BlockingIOError):
            call()
    with pytest.raises(OSError, match="not connected"):
        end.shut(True, True)
    end.receive_reset()
    assert end.take_error() == errno.ECONNREFUSED
