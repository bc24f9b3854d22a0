"""Names become addresses: which, in which order, how many, and on which thread."""

import socket
import threading
from typing import Any

import pytest

from miniloop import EventLoop, Job
from miniloop.net.resolving import MOST_ADDRESSES, Address, Resolver, interleaved, look_up, numeric

Info = tuple[int, int, int, str, Any]


def six(number: int) -> Address:
    sockaddr = (f"2001:db8::{number}", 80, 0, 0)
    return Address(socket.AF_INET6, socket.SOCK_STREAM, 6, sockaddr)


def four(number: int) -> Address:
    return Address(socket.AF_INET, socket.SOCK_STREAM, 6, (f"192.0.2.{number}", 80))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([four(1)], [four(1)]),
        ([six(1), six(2), six(3), four(1)], [six(1), four(1), six(2), six(3)]),
        ([six(1), six(2), four(1), four(2), four(3)], [six(1), four(1), six(2), four(2), four(3)]),
        ([four(2), four(1), six(1), six(2)], [four(2), six(1), four(1), six(2)]),
        ([six(1), four(1), six(1), four(1)], [six(1), four(1)]),
    ],
)
def test_the_families_take_turns(given: list[Address], expected: list[Address]) -> None:
    assert interleaved(given) == expected


def test_addresses_look_as_in_urls() -> None:
    assert str(six(7)) == "[2001:db8::7]:80"
    assert str(four(7)) == "192.0.2.7:80"


@pytest.mark.needs("localhost")
def test_the_platforms_resolver_is_asked() -> None:
    addresses = look_up("localhost", 80)
    assert Address(socket.AF_INET, socket.SOCK_STREAM, 6, ("127.0.0.1", 80)) in addresses


def answer(monkeypatch: pytest.MonkeyPatch, infos: list[Info]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: infos)


def test_addresses_are_bounded_and_no_family_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    infos: list[Info] = [(a.family, a.type, a.proto, "", a.sockaddr) for a in map(six, range(5000))]
    last = four(1)
    answer(monkeypatch, [*infos, (last.family, last.type, last.proto, "", last.sockaddr)])
    addresses = look_up("many.example", 80)
    assert len(addresses) == MOST_ADDRESSES
    assert addresses[:3] == [six(0), last, six(1)]


def test_strange_families_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, [(socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/path")])
    assert look_up("strange.example", 80) == []


@pytest.mark.parametrize("name", ["a" * 64, "a..b", "localhost\0.example", "\ud800", "x" * 9999])
def test_what_is_no_host_name_is_an_os_error(name: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        look_up(name, 80)
    assert len(str(caught.value)) < 400
    assert numeric(name, 80) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
def test_a_numeric_address_is_its_own_answer(host: str) -> None:
    addresses = numeric(host, 80)
    assert addresses is not None
    assert len(addresses) == 1
    assert addresses[0].sockaddr[1] == 80


def test_asking_whether_it_is_numeric_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    flags: list[int] = []
    real = socket.getaddrinfo

    def getaddrinfo(*args: Any, **options: Any) -> Any:
        flags.append(options["flags"])
        return real(*args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert numeric("localhost", 80) is None
    assert numeric("1" * 65, 80) is None
    assert flags == [socket.AI_NUMERICHOST]


def test_names_are_resolved_on_another_thread(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def getaddrinfo(*args: Any, **options: Any) -> list[Info]:
        threads.append(threading.current_thread().name)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    jobs: list[Job[list[Address]]] = []
    Resolver.of(loop).resolve("some.example", 80, jobs.append)
    loop.run()
    assert threads == ["miniloop-resolver-1"]
    assert jobs[0].result() == []


def test_a_loop_has_one_resolver_until_that_is_closed(loop: EventLoop) -> None:
    resolver = Resolver.of(loop)
    assert Resolver.of(loop) is resolver
    with EventLoop() as other:
        assert Resolver.of(other) is not resolver
    loop.stop()
    loop.run()
    assert resolver.closed
    assert not Resolver.of(loop).closed
