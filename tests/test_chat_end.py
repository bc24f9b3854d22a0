"""How a conversation ends: what is queued is sent first, whatever ends it."""

import socket

import pytest

from miniloop import EventLoop
from tests.driving import Lines, fill, pair, receive, reset, run_until, settle


def test_close_when_done_sends_first(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"last words")
    channel.close_when_done()
    channel.push(b"ignored, as in asynchat")
    settle(loop)
    assert not channel.closed
    receive(sockets[1])
    settle(loop)
    assert receive(sockets[1]) == b"last words"
    assert channel.seen == ["close"]


def test_close_when_done_with_nothing_queued(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.close_when_done()
    assert channel.seen == []
    settle(loop)
    assert channel.seen == ["close"]


def test_close_when_done_while_the_peer_still_talks_loses_nothing(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        theirs.send(b"unread" * 1000)
        channel.push(b"last words")
        channel.close_when_done()
        run_until(loop, lambda: channel.closed)
        theirs.setblocking(True)
        assert theirs.recv(100) == b"last words"
        assert theirs.recv(100) == b""


def test_close_write_sends_first_and_reads_on(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.push(b"request\n")
    channel.close_write()
    with pytest.raises(RuntimeError, match=r"push\(\) after close_write\(\)"):
        channel.push(b"too late")
    settle(loop)
    assert sockets[1].recv(100) == b"request\n"
    assert sockets[1].recv(100) == b""
    sockets[1].send(b"answer\n")
    settle(loop)
    assert channel.lines == [b"answer"]
    assert not channel.closed
    sockets[1].close()
    settle(loop)
    assert channel.seen == ["close"]


def test_close_write_before_the_connection_is_there(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = Lines(loop)
        channel.create_socket()
        channel.connect(server.getsockname())
        channel.close_write()
        peer, _ = server.accept()
        with peer:
            peer.send(b"hello\n")
            run_until(loop, lambda: channel.lines)
            peer.settimeout(10)
            assert peer.recv(10) == b""
        assert channel.lines == [b"hello"]


def test_what_was_pushed_before_the_connect_goes_out_after_it(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = Lines(loop)
        channel.create_socket()
        channel.push(b"early ")
        channel.connect(server.getsockname())
        channel.push(b"bird")
        peer, _ = server.accept()
        with peer:
            run_until(loop, lambda: channel.connected)
            settle(loop)
            peer.settimeout(10)
            assert peer.recv(100) == b"early bird"


@pytest.mark.needs("unix sockets")
def test_the_peers_end_waits_for_queued_output(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    filled = fill(sockets[0])
    channel.push(b"answer")
    sockets[1].shutdown(socket.SHUT_WR)
    settle(loop)
    assert not channel.closed
    assert len(receive(sockets[1])) == filled
    settle(loop)
    assert receive(sockets[1]) == b"answer"
    assert channel.seen == ["close"]


def test_the_peers_end_waits_for_lines_held_back(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Pausing(Lines):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    channel = Pausing(loop, sockets[0])
    sockets[1].send(b"one\ntwo\n")
    sockets[1].close()
    settle(loop)
    assert channel.recv() == b""  # the program looks for itself
    settle(loop)
    assert (channel.lines, channel.closed) == ([b"one"], False)
    channel.resume_reading()
    settle(loop)
    assert (channel.lines, channel.seen) == ([b"one", b"two"], ["close"])


def test_a_peer_that_is_gone_ends_a_channel_with_queued_output(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.push(b"x" * 10_000_000)
        settle(loop)
        reset(theirs)
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1


def test_discard_buffers_forgets_output_and_the_end_still_comes(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"unsent")
    settle(loop)
    channel.discard_buffers()
    assert channel.output_size == 0
    channel.close_when_done()
    settle(loop)
    receive(sockets[1])
    settle(loop)
    assert channel.seen == ["close"]


def test_close_inside_a_flush_handler(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Leaving(Lines):
        high_water = 10

        def handle_high_water(self) -> None:
            self.close()

    channel = Leaving(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 100)
    settle(loop)
    assert channel.closed
    assert channel.seen == []


def test_a_producer_that_closes_its_channel(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = Lines(loop, sockets[0])

    class Closing:
        def more(self) -> bytes:
            channel.close()
            return b""

    channel.push_with_producer(Closing())
    settle(loop)
    assert channel.closed
    assert channel.seen == []
    assert caplog.records == []
