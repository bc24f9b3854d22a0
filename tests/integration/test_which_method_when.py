"""Every row of docs/reference/which-method-when.md, on real sockets."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.readiness import URGENT
from miniloop.testing import FakeClock
from tests.docs.tables import section, sequences
from tests.driving import fill, pair, receive, reset, settle, tcp_pair

MUCH = bytes(1 << 20)
Channel: Any = Dispatcher
"""Kinds are made on the fly, of classes that differ: the type checker cannot follow."""


class Stage:
    """Where things happen to a channel."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.clock = FakeClock()
        self.loop = stack.enter_context(EventLoop(clock=self.clock, debug=True))
        self.folder = folder
        self._stack = stack

    def pair(self, family: int = socket.AF_UNIX) -> tuple[socket.socket, socket.socket]:
        return self._stack.enter_context(pair(family))

    def owned(self, sock: socket.socket) -> socket.socket:
        return self._stack.enter_context(sock)

    def server(self) -> socket.socket:
        """A listening socket, not ours, at ``path``."""
        server = self.owned(socket.socket(socket.AF_UNIX))
        server.bind(str(self.folder / "server"))
        server.listen()
        return server

    def client(self) -> None:
        """Somebody who connects to ``path``."""
        client = self.owned(socket.socket(socket.AF_UNIX))
        client.connect(str(self.folder / "server"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack, tmp_path)
    while made:
        made.pop().close()


# -- what may happen to a channel ------------------------------------------------------------------


def receives(stage: Stage, kind: Any, data: bytes = b"line\n") -> Any:
    ours, theirs = stage.pair()
    channel = kind(stage.loop, ours)
    theirs.send(data)
    settle(stage.loop)
    return channel


def has_room_again(stage: Stage, kind: Any) -> Any:
    ours, theirs = stage.pair()
    fill(ours)
    channel = kind(stage.loop, ours)
    if isinstance(channel, AsyncChat):
        channel.push(b"more")
    else:
        channel.send(b"more")
    settle(stage.loop)
    while receive(theirs):
        settle(stage.loop)
    return channel


def connects(stage: Stage, kind: Any) -> Any:
    server = stage.server()
    channel = kind(stage.loop)
    channel.create_socket(socket.AF_UNIX)
    channel.connect(server.getsockname())
    settle(stage.loop)
    stage.owned(server.accept()[0])
    return channel


def fails_to_connect(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop)
    channel.create_socket(socket.AF_UNIX)
    channel.connect(str(stage.folder / "nobody"))
    settle(stage.loop)
    return channel


def shakes_hands(stage: Stage, kind: Any) -> Any:
    from tests.certificates import certificates

    ours, theirs = stage.pair()
    channel, peer = kind(stage.loop, ours), Reads(stage.loop, theirs)
    channel.start_tls(certificates().server(), server_side=True)
    peer.start_tls(certificates().client(), server_hostname="localhost")
    settle(stage.loop, 40)
    assert peer.tls is not None
    return channel


def listens(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop)
    channel.create_socket(socket.AF_UNIX)
    channel.bind(str(stage.folder / "server"))
    channel.listen()
    stage.client()
    settle(stage.loop)
    return channel


def gets_urgent_data(stage: Stage, kind: Any) -> Any:
    ours, theirs = tcp_pair()
    stage.owned(theirs)
    channel = kind(stage.loop, ours)
    theirs.send(b"!", socket.MSG_OOB)
    settle(stage.loop)
    return channel


def is_hung_up_on(stage: Stage, kind: Any) -> Any:
    ours, theirs = stage.pair()
    channel = kind(stage.loop, ours)
    theirs.close()
    settle(stage.loop)
    return channel


def hears_nothing(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    channel.set_idle_timeout(60)
    settle(stage.loop)
    stage.clock.advance(61)
    settle(stage.loop)
    return channel


def sees_the_loop_stop(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    stage.loop.stop()
    stage.loop.run()
    return channel


def has_a_bug(stage: Stage, kind: Any) -> Any:
    def fail(self: Any) -> None:
        raise ValueError("on purpose")

    return receives(stage, type("Fails", (kind,), {"handle_read": fail}))


def is_asked(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    settle(stage.loop)
    return channel


def gets_too_long_a_line(stage: Stage, kind: Any) -> Any:
    return receives(stage, type("Short", (kind,), {"max_input": 4}), b"too long\n")


def is_not_read(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    channel.push(MUCH)
    settle(stage.loop)
    return channel


def is_read_far_too_little(stage: Stage, kind: Any) -> Any:
    return is_not_read(stage, type("Bounded", (kind,), {"max_output": 1000, "high_water": 1 << 30}))


def is_read_again(stage: Stage, kind: Any) -> Any:
    ours, theirs = stage.pair()
    channel = kind(stage.loop, ours)
    channel.push(MUCH)
    settle(stage.loop)
    while channel.output_size:
        receive(theirs)
        settle(stage.loop)
    return channel


# -- the rows --------------------------------------------------------------------------------------


class Reads(Dispatcher):
    """Does what every dispatcher has to do."""

    def handle_read(self) -> None:
        self.recv()


class WithTerminator(AsyncChat):
    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")


class Collects(WithTerminator):
    def collect_incoming_data(self, data: bytes) -> None:
        pass


class Takes(Collects):
    def found_terminator(self) -> None:
        pass


class FullListener(Listener):
    """A listener that is made as other dispatchers are."""

    def __init__(self, loop: EventLoop) -> None:
        Dispatcher.__init__(self, loop)
        self.factory = lambda loop, sock: made.append(sock)


made: list[socket.socket] = []

Happening = Callable[[Stage, Any], Any]
DISPATCHER: dict[str, tuple[type, Happening]] = {
    "handle_read": (Dispatcher, receives),
    "handle_write": (Reads, has_room_again),
    "handle_connect": (Reads, connects),
    "handle_connect_error": (Reads, fails_to_connect),
    "handle_secured": (Reads, shakes_hands),
    "handle_accept": (Dispatcher, listens),
    "handle_accepted": (Dispatcher, listens),
    "handle_expt": (Reads, gets_urgent_data),
    "handle_eof": (Reads, is_hung_up_on),
    "handle_idle": (Reads, hears_nothing),
    "handle_stop": (Reads, sees_the_loop_stop),
    "handle_error": (Dispatcher, has_a_bug),
    "handle_close": (Reads, is_hung_up_on),
    "readable": (Reads, is_asked),
    "writable": (Reads, is_asked),
}
CHAT: dict[str, tuple[type, Happening]] = {
    "collect_incoming_data": (WithTerminator, receives),
    "found_terminator": (Collects, receives),
    "handle_input_overflow": (Takes, gets_too_long_a_line),
    "handle_output_overflow": (Takes, is_read_far_too_little),
    "handle_high_water": (Takes, is_not_read),
    "handle_low_water": (Takes, is_read_again),
    "handle_read": (Takes, receives),
    "handle_write": (Takes, has_room_again),
    "handle_eof": (Takes, is_hung_up_on),
    "input_done": (Takes, is_hung_up_on),
}
ROWS = [("`Dispatcher`", *row) for row in DISPATCHER.items()]
ROWS += [("`AsyncChat`", *row) for row in CHAT.items()]
ROWS += [("`Listener`", "handle_accepted", (FullListener, listens))]


def noting(kind: Any, names: set[str], calls: list[str]) -> Any:
    """Return a subclass that notes the calls of these methods and does as ``kind`` does."""

    def note(name: str) -> Any:
        method = getattr(kind, name)

        def noted(self: Any, *args: Any) -> Any:
            calls.append(name)
            return method(self, *args)

        return noted

    return type(f"Noting{kind.__name__}", (kind,), {name: note(name) for name in names})


def test_every_row_is_tried() -> None:
    for title in ("`Dispatcher`", "`AsyncChat`", "`Listener`"):
        assert {name for where, name, _ in ROWS if where == title} == set(section(title))


@pytest.mark.parametrize(("title", "name", "happening"), ROWS)
def test_the_method_is_called(
    stage: Stage, title: str, name: str, happening: tuple[Any, Happening]
) -> None:
    kind, happens = happening
    calls: list[str] = []
    happens(stage, noting(kind, {name}, calls))
    assert name in calls


@pytest.mark.parametrize(("title", "name", "happening"), ROWS)
def test_what_it_does_by_default(
    stage: Stage,
    title: str,
    name: str,
    happening: tuple[Any, Happening],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kind, happens = happening
    default = section(title)[name].default
    channel = happens(stage, kind)
    raised = "NotImplementedError" in caplog.text
    logged = any(record.levelno >= logging.WARNING for record in caplog.records)
    ends = ("ends the channel", "the channel is closed", "the loop closes it")
    closed = any(words in default for words in ends) or name == "input_done"
    assert channel.closed == closed, default
    assert raised == default.startswith("raises")
    assert logged == default.startswith(("logs", "raises")) or name == "handle_accept"


def test_urgent_data_is_watched_for_only_by_those_who_want_it(stage: Stage) -> None:
    calls: list[str] = []
    plain = gets_urgent_data(stage, Reads)
    wants = gets_urgent_data(stage, noting(Reads, {"handle_expt"}, calls))
    assert plain.interest() & URGENT == 0
    assert wants.interest() & URGENT
    assert calls[:1] == ["handle_expt"]
    wants.close()


def test_a_listener_closes_when_the_loop_stops_and_calls_its_factory(stage: Stage) -> None:
    channel = listens(stage, FullListener)
    assert len(made) == 1
    channel.handle_stop()
    assert channel.closed


# -- the order -------------------------------------------------------------------------------------


def sends_a_line_and_hangs_up(stage: Stage, kind: Any) -> Any:
    ours, theirs = stage.pair()
    channel = kind(stage.loop, ours)
    theirs.send(b"line\n")
    settle(stage.loop)
    theirs.close()
    settle(stage.loop)
    return channel


def is_reset(stage: Stage, kind: Any) -> Any:
    ours, theirs = tcp_pair()
    channel = kind(stage.loop, ours)
    settle(stage.loop)
    reset(theirs)
    while not channel.closed:
        stage.loop.run_once(1)
    return channel


def connects_and_is_hung_up_on(stage: Stage, kind: Any) -> Any:
    server = stage.server()
    channel = kind(stage.loop)
    channel.create_socket(socket.AF_UNIX)
    channel.connect(server.getsockname())
    settle(stage.loop)
    server.accept()[0].close()
    settle(stage.loop)
    return channel


def closes_when_done(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    channel.push(b"goodbye")
    channel.close_when_done()
    settle(stage.loop)
    return channel


def closes(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    settle(stage.loop)
    channel.close()
    settle(stage.loop)
    return channel


def raises_in_a_handler(stage: Stage, kind: Any) -> Any:
    def fail(self: Any) -> None:
        calls = self.noted
        calls.append("handle_read")
        raise ValueError("on purpose")

    return receives(stage, type("Fails", (kind,), {"handle_read": fail}))


SEQUENCES: dict[str, Happening] = {
    "the peer sends a line and hangs up": sends_a_line_and_hangs_up,
    "the connection is reset": is_reset,
    "a handler raises": raises_in_a_handler,
    "a line is too long": gets_too_long_a_line,
    "the peer is silent for too long": hears_nothing,
    "the peer does not read": is_not_read,
    "the peer reads again": is_read_again,
    "the peer reads far too little": is_read_far_too_little,
    "it connects, and is hung up on": connects_and_is_hung_up_on,
    "a connect fails": fails_to_connect,
    "the program calls `close_when_done()`": closes_when_done,
    "the program calls `close()`": closes,
    "the loop stops in order": sees_the_loop_stop,
}


def test_every_sequence_is_tried() -> None:
    assert set(SEQUENCES) == set(sequences())


@pytest.mark.parametrize("event", SEQUENCES)
def test_the_order_of_calls(stage: Stage, event: str) -> None:
    calls: list[str] = []
    names = {name for of_one in sequences().values() for name in of_one}
    kind = noting(Takes, names, calls)
    kind.noted = calls
    SEQUENCES[event](stage, kind)
    once = [
        call for at, call in enumerate(calls) if call != "handle_write" or call not in calls[:at]
    ]
    assert once == sequences()[event]
