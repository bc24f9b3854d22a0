"""Dispatchers: setting up, connecting, accepting, and the order of the end."""

import errno
import logging
import socket
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.readiness import READ, WRITE
from miniloop.state import PAUSED
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import inspection
from tests.driving import Recording, pair, reset, run_until, settle, tcp_pair


def scripted() -> tuple[EventLoop, ScriptedSelector, FakeClock]:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    return EventLoop(selector=selector, clock=clock, debug=True), selector, clock


def test_the_loop_comes_first() -> None:
    with pytest.raises(TypeError, match="first argument is the EventLoop"):
        Dispatcher(socket.socket)  # type: ignore[arg-type]  # the mistake


def test_repr_shows_state_and_address() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        assert "Dispatcher new None" in repr(Dispatcher(loop))
        channel = Recording(loop, ours)
        assert "Recording open" in repr(channel)
        channel.close()
        assert "closed" in repr(channel)


def test_knows_the_state_of_the_socket_that_it_is_given() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = tcp_pair()
        listening = socket.create_server(("127.0.0.1", 0))
        assert Dispatcher(loop, ours).connected
        assert Dispatcher(loop, listening).accepting
        fresh = Dispatcher(loop, socket.socket())
        assert not fresh.connected
        assert not fresh.accepting
        theirs.close()


def test_an_accepted_connection_is_not_asked_for_its_address() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        loop.accepted = (ours, "the address")
        channel = Dispatcher(loop, ours)
        assert (channel.connected, channel.addr) == (True, "the address")


def test_bind_notes_the_address() -> None:
    with EventLoop(debug=True) as loop:
        channel = Dispatcher(loop)
        channel.create_socket()
        channel.bind(("127.0.0.1", 0))
        assert channel.addr == ("127.0.0.1", 0)


def test_a_connection_that_was_reset_before_it_was_served_is_ended() -> None:
    with EventLoop(debug=True) as loop, socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        reset(theirs)
        ours, _ = server.accept()
        channel = Recording(loop, ours)
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1


def test_only_a_plain_read_goes_straight_to_handle_read() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        assert Recording(loop, ours).plain_read
        assert not Recording(loop, socket.create_server(("127.0.0.1", 0))).plain_read


def test_nothing_is_watched_for_without_a_socket() -> None:
    with EventLoop(debug=True) as loop:
        assert Dispatcher(loop).interest() == 0


def test_a_second_socket_is_refused() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        with pytest.raises(RuntimeError, match="there is a socket already"):
            Recording(loop, ours).create_socket()
        with pytest.raises(RuntimeError, match="in use"):
            Recording(loop, socket.create_server(("127.0.0.1", 0))).connect(("127.0.0.1", 9))


def test_events_come_in_order_read_then_write() -> None:
    loop, selector, _ = scripted()
    with loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.send(b"x")
        channel._blocked_ = True
        selector.script((ours.fileno(), READ | WRITE))
        loop.run_once(0)
        assert channel.seen == ["read", "write"]


def test_the_write_event_is_not_delivered_after_a_close_in_the_read_handler() -> None:
    class Closing(Recording):
        def handle_read(self) -> None:
            super().handle_read()
            self.close()

    loop, selector, _ = scripted()
    with loop, pair() as (ours, theirs):
        channel = Closing(loop, ours)
        theirs.send(b"x")
        channel._blocked_ = True
        selector.script((ours.fileno(), READ | WRITE))
        loop.run_once(0)
        assert channel.seen == ["read"]


def test_the_selector_is_told_only_what_changed() -> None:
    loop, selector, _ = scripted()
    with loop, pair() as (ours, _theirs):
        channel = Recording(loop, ours)
        for _ in range(3):
            loop.run_once(0)
            channel.interest_changed()
        channel.pause_reading()
        channel.resume_reading()
        loop.run_once(0)
        told = [call for call in selector.calls if call[1] == ours.fileno()]
        assert told == [("register", ours.fileno(), READ)]


def test_overridden_predicates_are_asked_in_every_pass() -> None:
    class Moody(Recording):
        willing = True

        def readable(self) -> bool:
            return self.willing

    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Moody(loop, ours)
        channel.willing = False
        theirs.send(b"x")
        settle(loop)
        assert channel.seen == []
        channel.willing = True
        settle(loop)
        assert channel.data == b"x"


def test_no_handle_read_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        channel = Dispatcher(loop, ours)
        theirs.send(b"x")
        settle(loop)
        assert channel.closed
        assert "has no handle_read(): override it" in caplog.text


def test_connect_and_accept() -> None:
    accepted: list[Recording] = []

    class Server(Dispatcher):
        def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
            accepted.append(Recording(self.loop, sock))

    with EventLoop(debug=True) as loop:
        server = Server(loop)
        server.create_socket()
        server.set_reuse_addr()
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = Recording(loop)
        client.create_socket()
        client.connect(server.socket.getsockname())
        assert client.connecting
        assert client.seen == []
        run_until(loop, lambda: client.connected and accepted)
        assert client.seen == ["connect"]
        assert accepted[0].addr == client.socket.getsockname()


def test_an_unhandled_connection_is_closed_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with EventLoop(debug=True) as loop:
        server = Dispatcher(loop, socket.create_server(("127.0.0.1", 0)))
        with socket.create_connection(server.socket.getsockname()) as client:
            run_until(loop, lambda: caplog.records)
            assert client.recv(1) == b""
        assert "override handle_accepted()" in caplog.text
        assert server.accepting


def test_accept_needs_a_listening_socket() -> None:
    with EventLoop(debug=True) as loop:
        closed = Dispatcher(loop, socket.create_server(("127.0.0.1", 0)))
        closed.close()
        for channel in (Dispatcher(loop), closed):
            with pytest.raises(RuntimeError, match=r"listen\(\) first"):
                channel.accept()


def test_accept_returns_the_connection_and_its_address() -> None:
    with EventLoop(debug=True) as loop:
        listener = Dispatcher(loop, socket.create_server(("127.0.0.1", 0)))
        assert listener.accept() is None
        with socket.create_connection(listener.socket.getsockname()) as theirs:
            accepted = listener.accept()
            assert accepted is not None
            with accepted[0]:
                assert accepted[1] == theirs.getsockname()


def test_a_handler_that_closes_its_listener_and_fails(caplog: pytest.LogCaptureFixture) -> None:
    class Server(Dispatcher):
        def handle_accept(self) -> None:
            self.close()
            raise ZeroDivisionError

    with EventLoop(debug=True) as loop:
        server = Server(loop, socket.create_server(("127.0.0.1", 0)))
        with socket.create_connection(server.socket.getsockname()):
            run_until(loop, lambda: server.closed)
        settle(loop)
        assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [
            ZeroDivisionError
        ]


def test_a_refused_address_is_raised_at_once_and_leaves_no_timer() -> None:
    loop, _, clock = scripted()
    with loop:
        client = Recording(loop)
        client.create_socket()
        with pytest.raises(TypeError):
            client.connect("not a pair", timeout=5)
        clock.advance(10)
        loop.run_once(0)
        assert client.seen == []


def test_close_while_connecting_reports_nothing() -> None:
    loop, _, clock = scripted()
    with loop, socket.create_server(("127.0.0.1", 0)) as server:
        client = Recording(loop)
        client.create_socket()
        client.connect(server.getsockname(), timeout=5)
        client.close()
        clock.advance(10)
        loop.run_once(0)
        assert client.seen == []


def test_a_connect_error_that_nobody_handles_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with EventLoop(debug=True) as loop:
        client = Dispatcher(loop)
        client.create_socket(socket.AF_UNIX)
        client.connect("/nonexistent/socket")
        run_until(loop, lambda: client.closed)
        assert isinstance(client.error, OSError)
        assert client.error.errno == errno.ENOENT
        assert "cannot connect to '/nonexistent/socket'" in caplog.text


def test_idle_is_reported_again_and_again_when_left_open() -> None:
    class Patient(Recording):
        def handle_idle(self) -> None:
            self.seen.append("idle")

    loop, _, _ = scripted()
    with loop, pair() as (ours, _theirs):
        channel = Patient(loop, ours)
        channel.set_idle_timeout(10)
        for _ in range(4):
            loop.run_once(None)
        assert channel.seen == ["idle"] * 4


def test_setting_the_idle_limit_inside_handle_idle_keeps_one_timer() -> None:
    class Patient(Recording):
        def handle_idle(self) -> None:
            self.seen.append("idle")
            self.set_idle_timeout(10)

    loop, _, _ = scripted()
    with loop, pair() as (ours, _theirs):
        channel = Patient(loop, ours)
        channel.set_idle_timeout(10)
        for _ in range(6):
            loop.run_once(None)
        assert channel.seen == ["idle"] * 6
        assert len(inspection.timers(loop, 9)) == 1


@pytest.mark.parametrize("passes_before", [0, 1])
def test_traffic_moves_the_idle_limit_without_a_timer(passes_before: int) -> None:
    loop, selector, clock = scripted()
    with loop, pair() as (ours, theirs):
        channel = Recording(loop, ours)
        settle(loop, passes_before)
        channel.set_idle_timeout(10)
        clock.advance(6)
        theirs.send(b"x")
        selector.script((ours.fileno(), READ))
        loop.run_once(0)
        clock.advance(6)
        loop.run_once(0)
        assert channel.seen == ["read"]
        clock.advance(4)
        loop.run_once(0)
        assert channel.seen == ["read", "idle", "close"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_an_idle_limit_that_makes_no_sense(seconds: float) -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Recording(loop, ours)
        with pytest.raises(ValueError, match="above 0"):
            channel.set_idle_timeout(seconds)


def test_an_unannounced_change_is_found_in_debug_mode() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Recording(loop, ours)
        settle(loop)
        channel._hold_ = PAUSED
        with pytest.raises(RuntimeError, match=r"call interest_changed\(\)"):
            loop.run_once(0)
        channel.interest_changed()
        settle(loop)


def test_a_stopping_loop_closes_listeners() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        server = Dispatcher(loop, socket.create_server(("127.0.0.1", 0)))
        channel = Recording(loop, ours)
        server.handle_stop()
        channel.handle_stop()
        assert server.closed
        assert not channel.closed


def test_a_descriptor_lost_before_the_first_pass(caplog: pytest.LogCaptureFixture) -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Recording(loop, ours)
        ours.close()
        with caplog.at_level(logging.ERROR):
            settle(loop)
        assert channel.closed
        assert channel.seen == ["close"]
        assert len(caplog.records) == 1
