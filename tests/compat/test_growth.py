"""A queue that grows is noticed in the next pass, without asking all the others."""

from collections.abc import Callable
from typing import Any

import pytest

from miniloop.compat import asynchat, asyncore
from tests.compat.conftest import Pair

Pairs = Callable[[], Pair]


def test_a_queue_that_grows_by_anothers_hand_is_sent_within_some_passes(
    monkeypatch: pytest.MonkeyPatch, pair: Pairs, use_poll: bool
) -> None:
    """As in test_fifo.py, but over after a fixed number of passes: a failure costs no waiting."""
    monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)
    map: dict[int, Any] = {}
    ours, theirs = pair()
    silent = asynchat.async_chat(ours, map)
    for _ in range(8):
        asynchat.async_chat(pair()[0], map)
    speaker, peer = pair()

    class Talks(asynchat.async_chat):
        def collect_incoming_data(self, data: bytes) -> None:
            silent.producer_fifo.append(data)

    Talks(speaker, map).set_terminator(None)
    peer.send(b"hello")
    asyncore.loop(0, use_poll, map, 12)
    assert theirs.recv(10) == b"hello"
