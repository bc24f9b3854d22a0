"""A failed connect is reported once, and a connect has a time limit."""

import contextlib
import socket
from pathlib import Path
from typing import Any

from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import Recording, run_until, settle


def connecting(loop: EventLoop, family: int, address: Any, **options: Any) -> Recording:
    client = Recording(loop)
    client.create_socket(family)
    client.connect(address, **options)
    assert client.seen == [], "nothing is called from inside connect()"
    return client


def test_a_refused_connect_reports_once(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    client = connecting(loop, socket.AF_INET, address)
    run_until(loop, lambda: client.closed)
    settle(loop)
    assert client.seen == ["failed ConnectionRefusedError"]
    assert isinstance(client.error, ConnectionRefusedError)


def test_a_connect_to_a_missing_path_reports_once(loop: EventLoop, tmp_path: Path) -> None:
    client = connecting(loop, socket.AF_UNIX, str(tmp_path / "nobody"))
    run_until(loop, lambda: client.closed)
    settle(loop)
    assert client.seen == ["failed FileNotFoundError"]


def test_a_connect_that_takes_too_long_reports_once() -> None:
    clock = FakeClock()
    with (
        EventLoop(debug=True, clock=clock) as loop,
        socket.create_server(("127.0.0.1", 0), backlog=0) as server,
    ):
        clients = [
            connecting(loop, socket.AF_INET, server.getsockname(), timeout=5) for _ in range(6)
        ]
        settle(loop)
        late = [client for client in clients if client.connecting]
        assert late
        clock.advance(5)
        settle(loop)
        assert all(client.seen == ["failed TimeoutError"] for client in late)
        assert all(client.closed for client in late)


def test_a_connect_to_a_full_unix_backlog_tries_again(loop: EventLoop, tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        server.setblocking(False)
        clients = [connecting(loop, socket.AF_UNIX, path) for _ in range(5)]
        settle(loop)
        waiting = [client for client in clients if client.connecting]
        assert waiting
        accepted: list[socket.socket] = []

        def all_connected() -> bool:
            with contextlib.suppress(BlockingIOError):
                accepted.append(server.accept()[0])
            return all(client.connected for client in clients)

        run_until(loop, all_connected)
        assert all(client.seen == ["connect"] for client in clients)
        for sock in accepted:
            sock.close()


def test_a_connect_to_a_full_unix_backlog_has_a_time_limit(tmp_path: Path) -> None:
    path, clock = str(tmp_path / "door"), FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        clients = [connecting(loop, socket.AF_UNIX, path, timeout=5) for _ in range(5)]
        settle(loop)
        waiting = [client for client in clients if client.connecting]
        for _ in range(60):
            clock.advance(0.1)
            settle(loop, 2)
        assert waiting
        assert all(client.seen == ["failed TimeoutError"] for client in waiting)
