"""Sending, receiving and losing the peer, on socketpairs."""

import socket

import pytest

from miniloop import EventLoop
from tests.driving import (
    LONGEST,
    Recording,
    fill,
    pair,
    receive,
    reset,
    run_until,
    settle,
    tcp_pair,
)


def test_receive_what_was_sent() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.send(b"hello")
        settle(loop)
        assert (channel.data, channel.seen) == (b"hello", ["read"])


def test_receive_nothing_when_there_is_nothing_now() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Recording(loop, ours)
        assert channel.recv() == b""
        assert not channel.closed


def test_receive_a_size_that_makes_no_sense() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.send(b"x")
        with pytest.raises(ValueError, match="above 0"):
            channel.recv(0)
        assert not channel.closed


def test_receive_one_byte_at_the_end() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.send(b"x")
        theirs.close()
        assert [channel.recv(1), channel.recv(1)] == [b"x", b""]
        assert channel.closed


def test_the_end_of_the_peer_closes() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        settle(loop)
        assert channel.closed
        assert channel.seen == ["close", "nothing"]
        assert channel.error is None


@pytest.mark.needs("hang-ups")
def test_the_end_is_told_once_while_reading_is_paused() -> None:
    """An override of handle_eof() may stay open, to send the rest; it is not called for ever."""

    class Patient(Recording):
        def handle_eof(self) -> None:
            self.seen.append("eof")

    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Patient(loop, ours)
        channel.pause_reading()
        theirs.shutdown(socket.SHUT_WR)
        for _ in range(5):
            loop.run_once(0)
        assert channel.seen == ["eof"]
        assert channel.send(b"the rest") == 8
        channel.close()


def test_a_reset_keeps_its_error() -> None:
    with EventLoop(debug=True) as loop, pair(socket.AF_INET) as (ours, theirs):
        channel = Recording(loop, ours)
        reset(theirs)
        run_until(loop, lambda: channel.closed)
        assert isinstance(channel.error, ConnectionResetError)
        assert channel.seen.count("close") == 1


def test_send_says_how_much_was_taken() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        assert channel.send(b"hello") == 5
        assert receive(theirs) == b"hello"
        settle(loop)
        assert channel.seen == []


def test_a_cut_send_is_followed_by_handle_write_once() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        assert fill(ours) > 0
        assert not channel.writable()
        assert channel.send(b"more") == 0
        assert channel.writable()
        settle(loop)
        assert channel.seen == []
        receive(theirs)
        settle(loop)
        assert channel.seen == ["write"]


@pytest.mark.needs("unix sockets")
def test_send_to_a_peer_that_is_gone() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        assert channel.send(b"hello") == 0
        assert channel.closed
        assert isinstance(channel.error, BrokenPipeError)
        assert channel.seen == ["close"]


def test_send_refuses_text() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Recording(loop, ours)
        with pytest.raises(TypeError, match="encode text first"):
            channel.send("hello")  # type: ignore[arg-type]  # the mistake
        assert not channel.closed


def test_use_before_create_socket_and_after_close() -> None:
    with EventLoop(debug=True) as loop:
        channel = Recording(loop)
        with pytest.raises(RuntimeError, match=r"create_socket\(\)"):
            channel.send(b"x")
        channel.close()
        channel.close()
        with pytest.raises(RuntimeError, match="closed"):
            channel.recv()
        for use in (channel.close_write, channel.resume_reading, channel.create_socket):
            with pytest.raises(RuntimeError, match=r"closed|close"):
                use()
        assert channel.seen == []


def test_close_write_ends_one_direction() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        channel.send(b"last")
        channel.close_write()
        assert theirs.recv(10) == b"last"
        assert theirs.recv(10) == b""
        theirs.send(b"answer")
        settle(loop)
        assert channel.data == b"answer"
        assert not channel.closed


def test_close_write_again_is_harmless_when_both_sides_have_finished() -> None:
    class Patient(Recording):
        def handle_eof(self) -> None:
            self.seen.append("eof")

    with EventLoop(debug=True) as loop:
        ours, theirs = tcp_pair()
        channel = Patient(loop, ours)
        channel.close_write()
        assert theirs.recv(1) == b""
        theirs.close()
        run_until(loop, lambda: "eof" in channel.seen)
        channel.close_write()
        assert not channel.closed


def test_close_write_after_a_reset_ends_the_channel() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = tcp_pair()
        channel = Recording(loop, ours)
        reset(theirs)
        channel.close_write()
        assert (channel.closed, channel.seen) == (True, ["close"])


def test_send_without_a_peer_raises() -> None:
    with EventLoop(debug=True) as loop:
        channel = Recording(loop)
        channel.create_socket()
        with pytest.raises(OSError, match=r".") as caught:
            channel.send(b"x")
        assert isinstance(caught.value, OSError)
        assert channel.seen == []


def test_paused_takes_nothing_and_resumed_takes_all() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        channel.pause_reading()
        theirs.send(b"hello")
        settle(loop)
        assert channel.seen == []
        channel.resume_reading()
        settle(loop)
        assert channel.data == b"hello"


def test_close_leaves_the_loop_and_calls_nothing() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.send(b"unseen")
        channel.close()
        settle(loop)
        assert channel.seen == []
        assert ours.fileno() == -1


def test_a_datagram_socket_outlives_its_peers() -> None:
    with EventLoop(debug=True) as loop:
        channel = Recording(loop)
        channel.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        channel.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            address = gone.getsockname()
        assert channel.sendto(b"anyone?", address) == 7
        settle(loop)
        assert not channel.closed
        assert channel.recvfrom() == (b"", None)


def test_a_connected_datagram_socket_outlives_its_peer() -> None:
    with EventLoop(debug=True) as loop:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            address = gone.getsockname()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(address)
        channel = Recording(loop, sock)
        channel.send(b"anyone?")
        settle(loop)
        channel.send(b"anyone?")
        assert not channel.closed
        channel.pause_reading()
        settle(loop)
        assert not channel.closed
        assert "close" not in channel.seen


def test_misuse_of_a_datagram_socket_raises() -> None:
    with EventLoop(debug=True) as loop:
        channel = Recording(loop)
        channel.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        with pytest.raises(OSError, match=r"."):
            channel.sendto(b"x" * 100_000, ("127.0.0.1", 9))
        assert not channel.closed


def test_close_write_that_fails_changes_nothing(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Recording(loop)
        client.create_socket()
        with pytest.raises(OSError, match="not connected"):
            client.close_write()
        client.connect(server.getsockname())
        run_until(loop, lambda: client.connected)
        client.close_write()
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(LONGEST)
            assert accepted.recv(1) == b""
