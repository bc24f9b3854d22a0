"""The loop of the drop-in layer against CPython's: the same program of events on both.

Invariant: whatever is opened, closed, sent, overridden, put on descriptors that were in use before,
and done to the map by hand, outside ``loop()`` and inside handlers, the handlers are called in the
same order.

One difference is meant: an event that was found for one object is not given to another that took
its descriptor within the same pass.  So no object is replaced by hand inside a handler here, and
what is opened there gets a number that is new.
"""

# mypy: disallow-subclassing-any=False

import fcntl
import os
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.compat.originals import MISSING, ORIGINAL, OURS, Modules

Step = tuple[Any, ...]
SOCKETS = ["plain", "sending", "chat", "moody", "duck"]
KINDS = [*SOCKETS, "file"]


class World:
    """One map, the channels in it by the order of their birth, and what they were called with."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.map: dict[int, Any] = {}
        self.seen: list[object] = []
        self.channels: list[Any] = []
        self.peers: list[socket.socket] = []

    def open(self, kind: str, new_number: bool = False) -> None:
        ours, theirs = socket.socketpair()
        if new_number:
            number = fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD_CLOEXEC, 500 + len(self.channels))
            ours.close()
            ours = socket.socket(fileno=number)
        theirs.setblocking(False)
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.peers.append(theirs)
        channel = MAKERS[kind](self)(self, len(self.channels))
        self.channels.append(channel)
        channel.open(ours)

    def obey(self, letter: str) -> None:
        """Do inside a handler what one letter of the input says; a digit chooses whom."""
        chosen = self.channels[ord(letter) % len(self.channels)]
        action = ACTIONS[ord(letter) // 8 % len(ACTIONS)]
        if action == "open":
            if len(self.channels) < 12:
                self.open(SOCKETS[ord(letter) % len(SOCKETS)], new_number=True)
        elif action == "drop":
            self.drop(chosen)
        elif action == "clear":
            self.map.clear()
        elif action == "tell":
            chosen.tell(b"told")
        elif action == "toggle":
            chosen.willing = not chosen.willing
        elif action == "close":
            chosen.close()
        elif action == "fail":
            raise ValueError("on purpose")

    def names(self) -> list[int]:
        """Return who stands in the map; descriptors differ where ours has one of its own."""
        return [each.name for each in self.map.values()]

    def stands(self, channel: Any) -> bool:
        """Return whether it is in the map, and nobody else under its number."""
        return self.map.get(channel.number) is channel

    def drop(self, channel: Any) -> None:
        if self.stands(channel):
            del self.map[channel.number]

    def finish(self) -> None:
        for channel in self.channels:
            channel.finish()
        for peer in self.peers:
            peer.close()


ACTIONS = ["nothing", "open", "drop", "tell", "toggle", "close", "fail", "nothing", "clear"]


def noting(world: World, original: Any) -> Any:
    """Return a class on ``original`` that notes its calls and obeys what it reads."""
    base: Any = original

    class Noting(base):
        willing = True
        number = -1

        def __init__(self, world: World, name: int) -> None:
            self.world, self.name = world, name

        def open(self, sock: socket.socket) -> None:
            self.number = sock.fileno()
            base.__init__(self, sock, self.world.map)

        def note(self, what: str) -> None:
            self.world.seen.append((self.name, what))

        def take(self) -> None:
            try:
                data = self.recv(2)
            except BlockingIOError:  # an event for who had this number before: CPython's has these
                return
            self.note(f"read {data!r}")
            for letter in data.decode("latin-1"):
                self.world.obey(letter)

        def handle_read(self) -> None:
            self.take()

        def handle_close(self) -> None:
            self.note("close")
            self.close()

        def handle_error(self) -> None:
            self.note("error")

        def handle_expt(self) -> None:
            self.note("expt")

        def tell(self, data: bytes) -> None:
            pass

        def finish(self) -> None:
            if self.socket is not None:
                self.socket.close()

    return Noting


def plain(world: World) -> Any:
    """Stock predicates: it is writable for ever."""
    base: Any = noting(world, world.modules.asyncore.dispatcher)

    class Plain(base):
        def handle_write(self) -> None:
            self.note("write")

    return Plain


def sending(world: World) -> Any:
    """Stock predicates that depend on a buffer."""
    base: Any = noting(world, world.modules.asyncore.dispatcher_with_send)

    class Sending(base):
        def handle_write(self) -> None:
            if self.out_buffer:
                self.note(f"write {len(self.out_buffer)}")
            self.initiate_send()

        def tell(self, data: bytes) -> None:
            if self.world.stands(self):
                self.send(data * 500)

    return Sending


def chatting(world: World) -> Any:
    """Stock predicates that depend on a queue."""
    base: Any = noting(world, world.modules.asynchat.async_chat)

    class Chatting(base):
        terminator = None

        def collect_incoming_data(self, data: bytes) -> None:
            raise AssertionError

        def handle_write(self) -> None:
            if self.producer_fifo:
                self.note(f"write {len(self.producer_fifo)}")
            self.initiate_send()

        def tell(self, data: bytes) -> None:
            if self.world.stands(self):
                self.push(data * 200)
                self.producer_fifo.append(data)

    return Chatting


def moody(world: World) -> Any:
    """Overridden predicates whose answers change without notice."""
    base: Any = noting(world, world.modules.asyncore.dispatcher)

    class Moody(base):
        def readable(self) -> bool:
            return bool(self.willing)

        def writable(self) -> bool:
            return not self.willing

        def handle_write(self) -> None:
            self.note("write")
            self.willing = True

    return Moody


class Duck:
    """No dispatcher at all."""

    accepting = False
    willing = True
    number = -1

    def __init__(self, world: World, name: int) -> None:
        self.world, self.name = world, name

    def open(self, sock: socket.socket) -> None:
        self.socket, self.number = sock, sock.fileno()
        self.world.map[self.number] = self

    def readable(self) -> bool:
        return self.willing

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        try:
            data = self.socket.recv(1)
        except BlockingIOError:
            return
        self.world.seen.append((self.name, f"read {data!r}"))
        if not data:
            self.close()
        else:
            self.world.obey(data.decode("latin-1"))

    def handle_close(self) -> None:
        self.world.seen.append((self.name, "close"))
        self.close()

    def handle_error(self) -> None:
        self.world.seen.append((self.name, "error"))

    def tell(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        if self.world.map.get(self.number) is self:
            del self.world.map[self.number]
        self.socket.close()

    def finish(self) -> None:
        self.socket.close()


def on_file(world: World) -> Any:
    """A file_dispatcher on a duplicate of its socket."""
    base: Any = noting(world, world.modules.asyncore.file_dispatcher)

    class OnFile(base):
        def open(self, sock: socket.socket) -> None:
            with sock:
                world.modules.asyncore.file_dispatcher.__init__(self, sock, self.world.map)
            self.number = self._fileno

        def writable(self) -> bool:
            return False

    return OnFile


MAKERS: dict[str, Any] = {
    "plain": plain,
    "sending": sending,
    "chat": chatting,
    "moody": moody,
    "duck": lambda world: Duck,
    "file": on_file,
}


def play(modules: Modules, use_poll: bool, program: list[Step]) -> list[object]:
    """Return the order of calls in one program of steps."""
    world = World(modules)
    try:
        for what, *args in program:
            perform(world, use_poll, what, args)
    finally:
        world.finish()
    return world.seen


def perform(world: World, use_poll: bool, what: str, args: list[Any]) -> None:
    if what == "open":
        world.open(args[0])
        return
    if not world.channels:
        return
    if what == "loop":
        run_loop(world, use_poll, args[0])
        return
    at = args[0] % len(world.channels)
    channel, peer = world.channels[at], world.peers[at]
    if what == "send":
        send(peer, args[1])
    elif what == "receive":
        receive(peer)
    elif what == "leave":
        peer.close()
    elif what == "tell":
        channel.tell(b"outside")
    elif what == "close":
        channel.close()
    elif what == "toggle":
        channel.willing = not channel.willing
    elif what == "drop":
        world.drop(channel)
    elif what == "replace":
        replace(world, channel)
    elif what == "swap":
        swap(world, channel)
    world.seen.append((what, world.names()))


def run_loop(world: World, use_poll: bool, count: float) -> None:
    try:
        world.modules.asyncore.loop(0, use_poll, world.map, count)
    except (OSError, ValueError) as error:  # a closed descriptor, in select mode
        world.seen.append(("loop", type(error)))
        world.map.clear()
    world.seen.append(("loop", world.names()))


def send(peer: socket.socket, data: bytes) -> None:
    if peer.fileno() >= 0:
        try:
            peer.send(data)
        except OSError:
            return


def receive(peer: socket.socket) -> None:
    if peer.fileno() >= 0:
        try:
            peer.recv(1 << 16)
        except OSError:
            return


def replace(world: World, channel: Any) -> None:
    """Put a duck in the channel's place by hand, on the same descriptor."""
    if world.stands(channel) and channel.socket.fileno() == channel.number:
        number = os.dup(channel.number)
        duck: Any = Duck(world, len(world.channels))
        world.channels.append(duck)
        world.peers.append(world.peers[world.channels.index(channel)])
        world.map.pop(channel.number)
        duck.open(socket.socket(fileno=number))


def swap(world: World, channel: Any) -> None:
    """Put another socket on the channel's descriptor without notice."""
    if world.stands(channel) and channel.socket.fileno() == channel.number:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        with ours:
            ours.setblocking(False)
            os.dup2(ours.fileno(), channel.number)
        at = world.channels.index(channel)
        world.peers.append(world.peers[at])
        world.channels.append(channel)
        world.peers[at] = theirs


whom = st.integers(0, 11)
letters = st.binary(min_size=1, max_size=5)
opening = st.tuples(st.just("open"), st.sampled_from(KINDS))
sending_one = st.tuples(st.just("send"), whom, letters)
looping = st.tuples(st.just("loop"), st.sampled_from([1, 2, 2, 3, 4, 2.5, 7]))
others = st.tuples(
    st.sampled_from(["receive", "leave", "tell", "close", "toggle", "drop", "replace", "swap"]),
    whom,
)
programs = st.lists(
    st.one_of(opening, sending_one, sending_one, looping, looping, others), max_size=30
)


@pytest.mark.parametrize("few", [2, 100])
@pytest.mark.parametrize("use_poll", [False, True], ids=["select", "poll"])
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(beginning=st.lists(opening, min_size=3, max_size=6), program=programs)
@example(
    [("open", kind) for kind in KINDS],
    [("send", at, b"\x00") for at in reversed(range(6))] + [("loop", 4), ("loop", 4)],
)
def test_random_programs(
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    use_poll: bool,
    beginning: list[Step],
    program: list[Step],
) -> None:
    if ORIGINAL is None:
        pytest.skip(MISSING)
    monkeypatch.setattr("miniloop.compat.interest_list.POLL_LIST_SIZE", few)
    monkeypatch.setattr("miniloop.compat.watch.FEW_PASSES", 1)
    program = [*beginning, *program, ("loop", 3)]
    assert play(OURS, use_poll, program) == play(ORIGINAL, use_poll, program)


@pytest.mark.parametrize("use_poll", [False, True], ids=["select", "poll"])
def test_the_programs_do_something(use_poll: bool) -> None:
    """Were nothing called, the comparison above would prove nothing."""
    everybody: list[Step] = [("open", kind) for kind in KINDS]
    letters: list[Step] = [("send", at, b"\x00") for at in range(6)]
    tells: list[Step] = [("tell", at) for at in range(6)]
    leaves: list[Step] = [("leave", at) for at in range(6)]
    seen: Any = play(
        OURS, use_poll, [*everybody, *letters, ("loop", 3), *tells, *leaves, ("loop", 9)]
    )
    reads = {at for at, what in seen if what == "read b'\\x00'"}
    assert reads == set(range(6))
