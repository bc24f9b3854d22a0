"""A crowd of silent members, of whom most are in the epoll set: what a list would see, it sees.

``FEW`` is made small, so that a dozen is a crowd already.  Where the fixture ``core`` is used,
CPython's asyncore is held to the same.
"""

# mypy: disallow-subclassing-any=False

import errno
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from miniloop.compat.interest_list import InterestList as Crowd_
from miniloop.compat.tolerant_epoll import TolerantEpoll as PatientSelector
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Map = dict[int, Any]
Crowd = tuple[list[str], list[Any], list[socket.socket]]
FEW = 3


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniloop.compat.interest_list.POLL_LIST_SIZE", FEW)


@pytest.fixture
def crowd(core: Any, pair: Callable[[], Pair], map: Map) -> Crowd:
    """Twelve members with stock predicates, one list of calls, and the peers."""
    seen: list[str] = []
    pairs = [pair() for _ in range(12)]
    members = [recorder(core)(ours, map, str(at), seen) for at, (ours, _) in enumerate(pairs)]
    return seen, members, [theirs for _, theirs in pairs]


def test_everybody_is_heard_in_the_maps_order(
    core: Any, map: Map, crowd: Crowd, use_poll: bool
) -> None:
    seen, _, peers = crowd
    for word in ("one", "two"):
        for peer in reversed(peers):
            peer.send(word.encode())
        seen.clear()
        core.loop(0, use_poll, map, 2)
        assert seen == [f"{at} read {word}" for at in range(12)]


def test_each_alone_is_heard(core: Any, map: Map, crowd: Crowd, use_poll: bool) -> None:
    seen, members, peers = crowd
    order = [11, 0, 5, 3, 5, 2]
    left = iter(order[1:])

    def next_one() -> None:
        at = next(left, None)
        if at is not None:
            peers[at].send(b"x")

    for member in members:
        member.on["read"] = next_one
    peers[order[0]].send(b"x")
    serve(core, map, lambda: len(seen) == len(order), use_poll)
    assert seen == [f"{at} read x" for at in order]


def test_output_waits_for_room_and_goes_on(
    core: Any, map: Map, crowd: Crowd, use_poll: bool
) -> None:
    _, members, peers = crowd
    base: Any = core.dispatcher_with_send
    for member in members:
        member.handle_write = member.initiate_send
        base.send(member, b"x" * 1_000_000)
    received = [0] * 12

    def done() -> bool:
        for at, peer in enumerate(peers):
            try:
                received[at] += len(peer.recv(1 << 20))
            except BlockingIOError:
                continue
        return received == [1_000_000] * 12

    serve(core, map, done, use_poll, timeout=0.01)
    core.loop(0, use_poll, map, 3)
    assert not any(member.out_buffer for member in members)


def test_members_come_and_go(
    core: Any, pair: Callable[[], Pair], map: Map, crowd: Crowd, use_poll: bool
) -> None:
    seen, members, peers = crowd
    late: list[Any] = []

    def change() -> None:
        for member in members[4:10]:
            member.close()
        for at in range(6):
            ours, theirs = pair()
            theirs.send(b"x")
            late.append(recorder(core)(ours, map, f"late{at}", seen))

    members[0].on["read"] = change
    for at in (0, 5, 11):
        peers[at].send(b"x")
    serve(core, map, lambda: len(seen) == 8, use_poll)
    assert seen == ["0 read x", "11 read x", *(f"late{at} read x" for at in range(6))]


def test_a_closed_descriptor_is_ebadf_in_select_mode(core: Any, map: Map, crowd: Crowd) -> None:
    _, members, peers = crowd
    members[0].on["read"] = members[9].socket.close
    peers[0].send(b"x")
    with pytest.raises(OSError, match="Bad file") as caught:
        core.loop(5, False, map)
    assert caught.value.errno == errno.EBADF
    assert map[members[9]._fileno] is members[9]


def test_a_closed_descriptor_is_handle_close_in_poll_mode(
    core: Any, map: Map, crowd: Crowd
) -> None:
    seen, members, peers = crowd
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
    core: Any, pair: Callable[[], Pair], map: Map, crowd: Crowd, use_poll: bool, at: int
) -> None:
    seen, members, peers = crowd
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
    core: Any, pair: Callable[[], Pair], map: Map, crowd: Crowd, use_poll: bool
) -> None:
    """epoll would go on reporting the old file, which a duplicate keeps open, for ever."""
    seen, members, peers = crowd
    ours, _ = pair()
    with members[9].socket.dup():
        members[0].on["read"] = lambda: os.dup2(ours.fileno(), members[9].socket.fileno())
        peers[0].send(b"x")
        serve(core, map, lambda: seen, use_poll)
        peers[9].send(b"for nobody")
        peers[8].send(b"x")
        serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["0 read x", "8 read x"]


def test_a_number_that_is_closed_and_reused_in_one_handler(
    core: Any, pair: Callable[[], Pair], map: Map, crowd: Crowd, use_poll: bool
) -> None:
    seen, members, peers = crowd
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
    core: Any, map: Map, crowd: Crowd, pair: Callable[[], Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making the set anew costs as much as asking everybody, and many close the socket first."""
    seen, members, peers = crowd
    rebuild = mock.Mock(wraps=PatientSelector._rebuild)
    monkeypatch.setattr(PatientSelector, "_rebuild", rebuild)

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
    assert not rebuild.called


def test_a_descriptor_that_another_thread_closes_during_the_wait(
    core: Any, map: Map, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has left the map: that a wait still stumbles over it is nobody's EBADF."""
    seen, members, peers = crowd
    wait = Crowd_.wait

    def close_and_wait(crowd: Crowd_, timeout: float | None) -> Any:
        map.pop(members[1].socket.fileno(), None)
        members[1].socket.close()
        return wait(crowd, timeout)

    monkeypatch.setattr(Crowd_, "wait", close_and_wait)
    peers[2].send(b"x")
    serve(core, map, lambda: seen)
    assert seen == ["2 read x"]


def test_regular_files_and_the_null_device_are_always_ready(
    core: Any, map: Map, crowd: Crowd, use_poll: bool, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    base: Any = core.file_dispatcher
    reads: dict[str, list[bytes]] = {"file": [], "null": []}
    writes: list[str] = []

    class Reading(base):
        name = ""

        def writable(self) -> bool:
            return False

        def handle_read(self) -> None:
            reads[self.name].append(self.socket.recv(4))

    class Stock(base):
        """Its predicates are stock: it is in the set, if there is one for its like."""

        def handle_read(self) -> None:
            reads["null"].append(self.socket.recv(4))

        def handle_write(self) -> None:
            writes.append("write")

    with path.open("rb") as file, open(os.devnull, "r+b", buffering=0) as null:
        Reading(file, map).name = "file"
        Stock(null, map)
        core.loop(0, use_poll, map, 4)
    assert reads == {"file": [b"cont", b"ent", b"", b""], "null": [b""] * 4}
    assert writes == ["write"] * 4


def test_a_predicate_that_changes_its_mind_in_a_crowd(
    core: Any, map: Map, crowd: Crowd, use_poll: bool
) -> None:
    seen, members, peers = crowd
    answers = iter([False] * 3 + [True] * 50)
    members[9].readable = lambda: next(answers)
    peers[9].send(b"x")
    core.loop(0, use_poll, map, 3)
    assert seen == []
    core.loop(0, use_poll, map, 2)
    assert seen == ["9 read x"]


def test_the_set_is_closed_with_the_loop(
    pair: Callable[[], Pair], map: Map, use_poll: bool
) -> None:
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    for _ in range(3):
        asyncore.loop(0, use_poll, map, 3)
    after = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)


def test_a_pass_over_a_silent_crowd_lasts_the_timeout(
    pair: Callable[[], Pair], map: Map, use_poll: bool
) -> None:
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    started = time.monotonic()
    asyncore.loop(0.02, use_poll, map, 4)
    assert 0.078 <= time.monotonic() - started < 10
