"""What may happen to a channel, each on real sockets."""

import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from miniloop import AsyncChat, Dispatcher, EventLoop
from miniloop.testing import FakeClock
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
        """A client that connects to ``path``."""
        client = self.owned(socket.socket(socket.AF_UNIX))
        client.connect(str(self.folder / "server"))


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
    channel = is_not_read(stage, type("Bounded", (kind,), {"max_output": 1000}))
    channel.push(b"more")
    settle(stage.loop)
    return channel


def is_read_again(stage: Stage, kind: Any) -> Any:
    ours, theirs = stage.pair()
    channel = kind(stage.loop, ours)
    channel.push(MUCH)
    settle(stage.loop)
    while channel.output_size:
        receive(theirs)
        settle(stage.loop)
    return channel


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


made: list[socket.socket] = []
Happening = Callable[[Stage, Any], Any]


def noting(kind: Any, names: set[str], calls: list[str]) -> Any:
    """Return a subclass that notes the calls of these methods and does as ``kind`` does."""

    def note(name: str) -> Any:
        method = getattr(kind, name)

        def noted(self: Any, *args: Any) -> Any:
            calls.append(name)
            return method(self, *args)

        return noted

    return type(f"Noting{kind.__name__}", (kind,), {name: note(name) for name in names})


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


def aborts(stage: Stage, kind: Any) -> Any:
    channel = kind(stage.loop, stage.pair()[0])
    settle(stage.loop)
    channel.abort("on purpose")
    settle(stage.loop)
    return channel


def raises_in_a_handler(stage: Stage, kind: Any) -> Any:
    def fail(self: Any) -> None:
        calls = self.noted
        calls.append("handle_read")
        raise ValueError("on purpose")

    return receives(stage, type("Fails", (kind,), {"handle_read": fail}))
