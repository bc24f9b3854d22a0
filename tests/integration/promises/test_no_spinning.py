"""Nothing spins: what is delivered in passes that do not wait is counted."""

import socket

import pytest

from miniloop import EventLoop, Listener
from miniloop.testing import FakeClock
from tests.driving import Lines, Recording, deliveries, fill, pair, receive, run_until, settle
from tests.integration.promises.serving import Echo


def test_no_spinning_while_idle(loop: EventLoop) -> None:
    with pair() as (ours, _theirs), pair() as (paused, _):
        Lines(loop, ours)
        Lines(loop, paused).pause_reading()
        Listener(loop, ("127.0.0.1", 0), Echo)
        Recording(loop).create_socket()
        assert deliveries(loop) == 0


def test_no_spinning_while_a_peer_does_not_read(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        fill(ours)
        channel.push(b"x")
        assert deliveries(loop) == 0
        receive(theirs)
        assert 1 <= deliveries(loop) <= 2
        assert deliveries(loop) == 0


@pytest.mark.parametrize("why", ["queued output", "unparsed input", "closing", "paused, unread"])
def test_no_spinning_behind_a_peer_that_has_finished(loop: EventLoop, why: str) -> None:
    class Pausing(Lines):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Pausing(loop, ours)
        if why in ("queued output", "closing"):
            channel.push(b"x" * 20_000_000)
            channel.max_output = 1 << 30
        if why == "closing":
            settle(loop)
            channel.close_when_done()
        if why == "unparsed input":
            theirs.send(b"one\ntwo\n")
            run_until(loop, lambda: channel.lines)
        if why == "paused, unread":
            channel.pause_reading()
            theirs.send(b"unread")
        settle(loop)
        theirs.shutdown(socket.SHUT_WR)
        settle(loop, 50)
        assert deliveries(loop) == 0
        assert not channel.closed


def test_no_spinning_on_a_connect_under_way() -> None:
    """A full backlog keeps the connect from ending."""
    with (
        EventLoop(debug=True, clock=FakeClock()) as loop,
        socket.create_server(("127.0.0.1", 0), backlog=0) as server,
    ):
        clients = [Recording(loop) for _ in range(6)]
        for client in clients:
            client.create_socket()
            client.connect(server.getsockname())
        settle(loop)
        assert any(client.connecting for client in clients)
        assert deliveries(loop) == 0


def test_no_spinning_when_a_forgotten_close_is_made_up_for(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        Recording(loop, ours)  # whose handle_close() does not close
        theirs.close()
        settle(loop)
        assert deliveries(loop) == 0
