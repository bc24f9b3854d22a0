"""Descriptors in the epoll set that are closed or replaced: what poll(2) would see, is seen.

Where the fixture ``core`` is used, CPython's asyncore is held to the same.
"""

import errno
import os
import select
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from miniloop.compat.interest_list import InterestList
from miniloop.compat.tolerant_epoll import TolerantEpoll
from miniloop.readiness import READ, WRITE
from miniloop.selectors.poll import POLLIN, POLLNVAL, POLLOUT
from tests.compat.conftest import Many, Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_a_closed_descriptor_is_ebadf_in_select_mode(core: Any, map: Map, many: Many) -> None:
    _, members, peers = many
    members[0].on["read"] = members[9].socket.close
    peers[0].send(b"x")
    with pytest.raises(OSError, match="Bad file") as caught:
        core.loop(5, False, map)
    assert caught.value.errno == errno.EBADF
    assert map[members[9]._fileno] is members[9]


def test_a_closed_descriptor_is_handle_close_in_poll_mode(core: Any, map: Map, many: Many) -> None:
    seen, members, peers = many
    members[0].on["read"] = members[9].socket.close
    peers[0].send(b"x")
    serve(core, map, lambda: len(seen) == 2, use_poll=True)
    assert seen == ["0 read x", "9 close"]
    assert members[9] not in map.values()
    peers[8].send(b"x")
    serve(core, map, lambda: len(seen) == 3, use_poll=True)
    assert seen[2] == "8 read x"


@pytest.mark.parametrize("at", [1, 9])
def test_a_descriptor_replaced_by_dup2(
    core: Any, pair: Pairs, map: Map, many: Many, use_poll: bool, at: int
) -> None:
    seen, members, peers = many
    ours, theirs = pair()
    members[0].on["read"] = lambda: os.dup2(ours.fileno(), members[at].socket.fileno())
    peers[0].send(b"x")
    theirs.send(b"new")
    serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["0 read x", f"{at} read new"]
    theirs.send(b"again")
    serve(core, map, lambda: len(seen) == 3, use_poll)
    assert seen[2] == f"{at} read again"
    assert peers[at].recv(1) == b""


def test_the_old_file_lives_on_under_another_number(
    core: Any, pair: Pairs, map: Map, many: Many, use_poll: bool
) -> None:
    """epoll would go on reporting the old file, which a duplicate keeps open, for ever."""
    seen, members, peers = many
    ours, _ = pair()
    with members[9].socket.dup():
        members[0].on["read"] = lambda: os.dup2(ours.fileno(), members[9].socket.fileno())
        peers[0].send(b"x")
        serve(core, map, lambda: seen, use_poll)
        peers[9].send(b"unread")
        peers[8].send(b"x")
        serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["0 read x", "8 read x"]


def test_a_number_that_is_closed_and_reused_in_one_handler(
    core: Any, pair: Pairs, map: Map, many: Many, use_poll: bool
) -> None:
    seen, members, peers = many
    (ours, theirs), number = pair(), members[9].socket.fileno()

    def swap() -> None:
        members[9].close()
        os.dup2(ours.fileno(), number)
        recorder(core)(socket.socket(fileno=number), map, "new", seen)

    members[0].on["read"] = swap
    peers[0].send(b"x")
    theirs.send(b"x")
    serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["0 read x", "new read x"]


def test_numbers_closed_before_they_left_need_no_new_set(
    core: Any, map: Map, many: Many, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To rebuild the set costs as much as to ask all, and many programs close the socket first."""
    seen, members, peers = many
    epoll = mock.Mock(wraps=select.epoll)
    monkeypatch.setattr(select, "epoll", epoll)

    def swap() -> None:
        number = members[9].socket.fileno()
        members[9].socket.close()
        members[9].del_channel()
        ours, theirs = pair()
        sock = ours if ours.fileno() == number else socket.socket(fileno=os.dup(ours.fileno()))
        assert sock.fileno() == number
        members[9] = recorder(core)(sock, map, "new", seen)
        theirs.send(b"x")

    members[0].on["read"] = swap
    for count in range(1, 4):
        peers[0].send(b"x")
        serve(core, map, lambda count=count: len(seen) == 2 * count)  # type: ignore[misc]
    assert seen == ["0 read x", "new read x"] * 3
    assert epoll.call_count in (0, 3 * 2)  # two a loop: the set and the one around it


def test_a_descriptor_that_another_thread_closes_during_the_wait(
    core: Any, map: Map, many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has left the map, so that the wait still reports it as closed is no EBADF of the loop."""
    seen, members, peers = many
    wait = InterestList.wait

    def close_and_wait(interests: InterestList, timeout: float | None) -> Any:
        map.pop(members[1].socket.fileno(), None)
        members[1].socket.close()
        return wait(interests, timeout)

    monkeypatch.setattr(InterestList, "wait", close_and_wait)
    peers[2].send(b"x")
    serve(core, map, lambda: seen)
    assert seen == ["2 read x"]


# -- the set itself --------------------------------------------------------------------------------


@pytest.fixture
def epoll() -> Iterator[TolerantEpoll]:
    with TolerantEpoll() as made:
        yield made


def test_a_closed_descriptor_is_ready_once_it_was_rechecked(
    epoll: TolerantEpoll, pair: Pairs
) -> None:
    ours, _ = pair()
    number = ours.fileno()
    epoll.register(number, READ)
    ours.close()
    assert (epoll.poll_now(), epoll.always_ready()) == ([], False)  # the kernel dropped it
    epoll.recheck(number)
    assert (epoll.poll_now(), epoll.always_ready()) == ([(number, POLLNVAL)], True)
    assert epoll.poll_now() == [(number, POLLNVAL)]  # for as long as it is registered
    epoll.unregister(number)
    assert (epoll.poll_now(), epoll.always_ready()) == ([], False)


def test_a_dead_number_that_is_opened_again_is_alive(epoll: TolerantEpoll, pair: Pairs) -> None:
    (ours, _), (other, peer) = pair(), pair()
    number = ours.fileno()
    epoll.register(number, READ)
    ours.close()
    epoll.recheck(number)
    os.dup2(other.fileno(), number)
    assert epoll.poll_now() == []
    peer.send(b"x")
    assert epoll.poll_now() == [(number, POLLIN)]
    os.close(number)


def test_a_descriptor_closed_before_it_is_registered(epoll: TolerantEpoll, pair: Pairs) -> None:
    ours, _ = pair()
    number = ours.fileno()
    ours.close()
    epoll.register(number, READ)
    assert epoll.poll_now() == [(number, POLLNVAL)]


def test_a_changed_interest_in_a_closed_descriptor(epoll: TolerantEpoll, pair: Pairs) -> None:
    ours, _ = pair()
    number = ours.fileno()
    epoll.register(number, READ)
    ours.close()
    epoll.modify(number, READ | WRITE)
    assert epoll.poll_now() == [(number, POLLNVAL)]
    assert epoll.get_map()[number].events == READ | WRITE


def test_a_changed_interest_in_a_replaced_descriptor(epoll: TolerantEpoll, pair: Pairs) -> None:
    (ours, _), (other, _) = pair(), pair()
    epoll.register(ours.fileno(), READ)
    os.dup2(other.fileno(), ours.fileno())
    epoll.modify(ours.fileno(), WRITE)
    assert epoll.poll_now() == [(ours.fileno(), POLLOUT)]


def test_a_regular_file_needs_no_recheck(epoll: TolerantEpoll, tmp_path: Path) -> None:
    """epoll refuses it, so it is not there to be looked for."""
    with (tmp_path / "file").open("w+b") as file:
        epoll.register(file.fileno(), READ | WRITE)
        epoll.recheck(file.fileno())
        assert epoll.poll_now() == [(file.fileno(), POLLIN | POLLOUT)]


def test_what_was_closed_in_the_set_would_cost_a_rebuild(epoll: TolerantEpoll, pair: Pairs) -> None:
    (ours, _), (other, _) = pair(), pair()
    number = ours.fileno()
    epoll.register(number, READ)
    assert not epoll.would_rebuild(number)
    ours.close()
    epoll.unregister(number)
    assert epoll.would_rebuild(number)
    assert not epoll.would_rebuild(other.fileno())
