"""Fixtures of the tests of the drop-in layer.

A test that takes ``modules``, ``core`` or ``chat`` describes what CPython's modules and ours both
do: it runs on each of the two, so that no expectation here rests on memory.
"""

import socket
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.compat.originals import MISSING, ORIGINAL, OURS, Modules
from tests.compat.serving import recorder

Pair = tuple[socket.socket, socket.socket]


class Many(NamedTuple):
    """Members with stock predicates, of whom most are in the epoll set.

    Attributes:
        seen: what was called, of all of them.
        members: the channels; their names are their numbers.
        peers: the other ends.
    """

    seen: list[str]
    members: list[Any]
    peers: list[socket.socket]


class Later:
    """A member that calls a function in its sixth pass; it has an event in each, so none waits.

    Attributes:
        happened: whether the function was called.
    """

    accepting = False

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action
        self.passes = 0
        self.happened = False
        self.one, self.other = socket.socketpair()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def handle_write_event(self) -> None:
        self.passes += 1
        if self.passes == 6:
            self.action()
            self.happened = True

    def handle_error(self) -> None:
        raise

    def close(self) -> None:
        self.one.close()
        self.other.close()


@pytest.fixture(autouse=True)
def everything_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' loops make a few passes over a few objects, and stand for those of a server."""
    monkeypatch.setattr("miniloop.compat.watch.FEW_PASSES", 1)
    monkeypatch.setattr("miniloop.compat.watch.SMALL_MAP", 0)
    monkeypatch.setattr("miniloop.compat.watch.BUSY_MAP", 0)


@pytest.fixture(params=["ours", "ours, resting", "original"])
def modules(
    request: pytest.FixtureRequest, everything_is_watched: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Modules]:
    """Ours, watching and not, and then CPython's; their global map is left as empty as it was."""
    if request.param == "ours, resting":
        monkeypatch.setattr("miniloop.compat.watch.SMALL_MAP", 1000)
    found = ORIGINAL if request.param == "original" else OURS
    if found is None:
        pytest.skip(MISSING)
    yield found
    left = list(found.asyncore.socket_map.values())
    found.asyncore.close_all(ignore_all=True)
    assert not left, "the test left something in the global map"


@pytest.fixture
def core(modules: Modules) -> Any:
    """The module asyncore."""
    return modules.asyncore


@pytest.fixture
def chat(modules: Modules) -> Any:
    """The module asynchat."""
    return modules.asynchat


@pytest.fixture
def map() -> Iterator[dict[int, Any]]:
    """A map of the test's own; whatever is left in it is closed."""
    map: dict[int, Any] = {}
    yield map
    for obj in list(map.values()):
        if hasattr(obj, "socket"):
            obj.socket.close()


@pytest.fixture
def pair() -> Iterator[Callable[[], Pair]]:
    """A maker of connected sockets, which never block and are closed afterwards."""
    made: list[socket.socket] = []

    def make() -> Pair:
        ours, theirs = socket.socketpair()
        made.extend((ours, theirs))
        ours.setblocking(False)
        theirs.setblocking(False)
        return ours, theirs

    yield make
    for sock in made:
        sock.close()


@pytest.fixture
def short_poll_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the poll list take three descriptors; further ones need an epoll set."""
    monkeypatch.setattr("miniloop.compat.interest_list.POLL_LIST_SIZE", 3)


@pytest.fixture
def many(short_poll_list: None, core: Any, pair: Callable[[], Pair], map: dict[int, Any]) -> Many:
    """Twelve members with stock predicates."""
    seen: list[str] = []
    pairs = [pair() for _ in range(12)]
    members = [recorder(core)(ours, map, str(at), seen) for at, (ours, _) in enumerate(pairs)]
    return Many(seen, members, [theirs for _, theirs in pairs])


@pytest.fixture(params=[False, True], ids=["select", "poll"])
def use_poll(request: pytest.FixtureRequest) -> bool:
    """Which of the two system calls the loop follows."""
    return bool(request.param)


@pytest.fixture
def both() -> list[tuple[Any, Any]]:
    """Our asyncore and asynchat, and CPython's, for a comparison within one test."""
    if ORIGINAL is None:
        pytest.skip(MISSING)
    return [(each.asyncore, each.asynchat) for each in (OURS, ORIGINAL)]


@pytest.fixture
def later(map: dict[int, Any]) -> Iterator[Callable[[Callable[[], object]], Later]]:
    """Has a function called inside a handler, in a later pass."""
    made: list[Later] = []

    def make(action: Callable[[], object]) -> Later:
        member = Later(action)
        made.append(member)
        map[member.one.fileno()] = member
        return member

    yield make
    for member in made:
        map.pop(member.one.fileno(), None)
        member.close()
