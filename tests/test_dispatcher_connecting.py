"""A channel on its way to a peer, by name; connects to an address are in test_dispatcher.py."""

import socket
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher, Listener
from tests.doubles import fail
from tests.driving import Lines, Recording, pair, run_until, settle

HERE = "127.0.0.1"


@pytest.mark.needs("localhost")
def test_connects_to_a_name(loop: EventLoop) -> None:
    listener = Listener(loop, (HERE, 0), Recording)
    client = Recording(loop)
    client.connect_to("localhost", listener.address[1])
    assert "connecting ('localhost', " in repr(client)
    assert client.addr == ("localhost", listener.address[1])
    assert client.seen == []
    run_until(loop, lambda: client.connected)
    assert client.seen == ["connect"]
    assert not client.connecting
    assert client.addr[:2] == (HERE, listener.address[1])
    assert client.socket.getpeername() == client.addr


def test_run_waits_for_the_outcome(loop: EventLoop) -> None:
    with socket.create_server((HERE, 0)) as server:
        address = server.getsockname()
    client = Recording(loop)
    client.connect_to(HERE, address[1], timeout=None)
    loop.run()
    assert client.seen == ["failed ConnectionRefusedError"]
    assert client.closed
    assert isinstance(client.error, ConnectionRefusedError)


def test_what_was_pushed_before_goes_out_after(loop: EventLoop) -> None:
    servers: list[Lines] = []
    listener = Listener(loop, (HERE, 0), lambda loop, sock: servers.append(Lines(loop, sock)))
    client = Lines(loop)
    client.connect_to(HERE, listener.address[1])
    client.push(b"early\n")
    run_until(loop, lambda: servers and servers[0].lines)
    client.push(b"late\n")
    run_until(loop, lambda: len(servers[0].lines) == 2)
    assert servers[0].lines == [b"early", b"late"]


def test_an_overridden_connect_is_not_called_again(loop: EventLoop) -> None:
    class Own(Recording):
        def connect(self, addr: Any, timeout: float | None = 1.0) -> None:
            fail()

    listener = Listener(loop, (HERE, 0), Recording)
    client = Own(loop)
    client.connect_to(HERE, listener.address[1])
    run_until(loop, lambda: client.connected)


def test_close_before_the_outcome_calls_nothing(loop: EventLoop) -> None:
    listener = Listener(loop, (HERE, 0), Recording)
    clients = {}
    for passes in range(4):
        client = Recording(loop)
        client.connect_to("localhost", listener.address[1])
        settle(loop, passes)
        clients[client] = [*client.seen]  # a fast resolver leads to a connect within three passes
        client.close()
        client.close()
        assert not client.connecting
    listener.close()
    loop.run()
    assert [client.seen for client in clients] == [[], *list(clients.values())[1:]]
    assert not any(work.busy() for work in loop.background)


@pytest.mark.parametrize("name", ["handle_connect", "handle_connect_error"])
def test_an_exception_in_a_handler_is_contained(
    loop: EventLoop, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Recording, name, lambda *args: fail())
    listener = Listener(loop, (HERE, 0), Dispatcher)
    if name == "handle_connect_error":
        listener.close()
    client = Recording(loop)
    client.connect_to(HERE, listener.address[1])
    run_until(loop, lambda: client.closed)
    assert client.seen == (["close"] if name == "handle_connect" else [])
    assert caplog.text.count("ValueError: on purpose") == 1


def test_an_exception_while_the_socket_is_taken_over_is_contained(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Recording):
        def set_socket(self, sock: socket.socket) -> None:
            super().set_socket(sock)
            fail()

    listener = Listener(loop, (HERE, 0), Recording)
    client = Failing(loop)
    client.connect_to(HERE, listener.address[1])
    run_until(loop, lambda: client.closed)
    assert caplog.text.count("ValueError: on purpose") == 1


def test_an_address_is_connected_to_with_a_socket_of_ones_own(loop: EventLoop) -> None:
    listener = Listener(loop, (HERE, 0), Recording)
    client, given_up, refused = Recording(loop), Recording(loop), Recording(loop)
    for channel in (client, given_up, refused):
        channel.create_socket()
    client.connect(listener.address)
    given_up.connect(listener.address)
    given_up.close()
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        refused.connect(taken.getsockname())
        run_until(loop, lambda: client.connected and refused.closed)
    client._blocked_ = True
    client.interest_changed()
    run_until(loop, lambda: len(client.seen) > 1)
    assert client.seen == ["connect", "write"]
    assert given_up.seen == []
    assert refused.seen == ["failed ConnectionRefusedError"]


@pytest.mark.needs("files")
def test_refused_where_it_makes_no_sense(loop: EventLoop) -> None:
    client = Recording(loop)
    client.create_socket()
    with pytest.raises(RuntimeError, match="leave out create_socket"):
        client.connect_to(HERE, 80)
    client.close()
    with pytest.raises(RuntimeError, match="on a closed channel"):
        client.connect_to(HERE, 80)
    twice = Recording(loop)
    twice.connect_to(HERE, 9)
    with pytest.raises(RuntimeError, match="is in use"):
        twice.connect_to(HERE, 9)
    with pytest.raises(RuntimeError, match="is in use"):
        twice.connect((HERE, 9))
    twice.close()
    with pair() as (ours, _), pytest.raises(RuntimeError, match="is in use"):
        Recording(loop, ours).connect_to(HERE, 80)
    with pair() as (ours, _), pytest.raises(RuntimeError, match="is in use"):
        FileDispatcher(loop, ours).connect_to(HERE, 80)


def test_a_mistake_leaves_it_as_it_was(loop: EventLoop) -> None:
    client = Recording(loop)
    with pytest.raises(ValueError, match="a port from 1 to 65535"):
        client.connect_to(HERE, 0)
    assert not client.connecting
    assert client.addr is None
    listener = Listener(loop, (HERE, 0), Recording)
    client.connect_to(HERE, listener.address[1])
    run_until(loop, lambda: client.connected)


def test_an_idle_limit_set_before_holds_after(loop: EventLoop) -> None:
    listener = Listener(loop, (HERE, 0), AsyncChat)
    client = Recording(loop)
    client.set_idle_timeout(0.05)
    client.connect_to(HERE, listener.address[1])
    run_until(loop, lambda: client.closed)
    assert client.seen == ["connect", "idle", "close"]
