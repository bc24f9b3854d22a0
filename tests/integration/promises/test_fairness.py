"""A pass accepts and parses a bounded amount of each channel."""

import socket

from miniloop import EventLoop, Listener
from miniloop.chat import MESSAGES_PER_PASS
from miniloop.net.accepting import BATCH
from tests.driving import Lines, pair, run_until, settle
from tests.integration.promises.serving import Echo


def test_a_pass_accepts_a_bounded_number(loop: EventLoop) -> None:
    made: list[int] = []

    def factory(loop: EventLoop, sock: socket.socket) -> None:
        made.append(1)
        sock.close()

    listener = Listener(loop, ("127.0.0.1", 0), factory)
    clients = [socket.create_connection(listener.address[:2]) for _ in range(BATCH + 10)]
    counts = []
    while len(made) < BATCH + 10:
        loop.run_once(0.1)
        counts.append(len(made))
    assert max(b - a for a, b in zip([0, *counts], counts, strict=False)) <= BATCH
    for client in clients:
        client.close()


def test_a_pass_parses_a_bounded_number_and_others_get_their_turn(loop: EventLoop) -> None:
    with pair() as (ours1, flood), pair() as (ours2, theirs):
        greedy, modest = Lines(loop, ours1), Echo(loop, ours2)
        flood.send(b"\n" * 60_000)
        theirs.send(b"hello\n")
        settle(loop, 3)
        assert modest.lines == [b"hello"]
        assert len(greedy.lines) <= 2 * 3 * MESSAGES_PER_PASS
        run_until(loop, lambda: len(greedy.lines) == 60_000)
