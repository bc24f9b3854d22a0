"""Descriptors that are closed, or replaced by another file, without notice."""

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_a_descriptor_closed_without_notice_is_ebadf_in_select_mode(
    core: Any, pair: Pairs, map: Map
) -> None:
    (ours, theirs), (other, _) = pair(), pair()
    victim = recorder(core)(other, map)
    culprit = recorder(core)(ours, map)
    number = other.fileno()
    culprit.on["read"] = other.close
    theirs.send(b"x")
    with pytest.raises(OSError, match="Bad file") as caught:
        core.loop(5, False, map)
    assert caught.value.errno == errno.EBADF
    assert map[number] is victim
    assert victim.seen == []
    del map[number]
    theirs.send(b"y")
    serve(core, map, lambda: culprit.seen == ["read x", "read y"])


def test_a_descriptor_closed_without_notice_is_handle_close_in_poll_mode(
    core: Any, pair: Pairs, map: Map
) -> None:
    (ours, theirs), (other, _) = pair(), pair()
    victim, culprit = recorder(core)(other, map), recorder(core)(ours, map)
    culprit.on["read"] = other.close
    theirs.send(b"x")
    serve(core, map, lambda: victim.seen, use_poll=True)
    assert victim.seen == ["close"]
    assert culprit in map.values()
    assert victim not in map.values()


def test_a_descriptor_replaced_by_dup2(
    core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    (ours, theirs), (other, peer) = pair(), pair()
    channel = recorder(core)(ours, map)
    later(lambda: os.dup2(other.fileno(), ours.fileno()))
    peer.send(b"x")
    serve(core, map, lambda: channel.seen, use_poll, timeout=0)
    assert channel.seen == ["read x"]
    assert theirs.recv(1) == b""  # its other end is closed by now
