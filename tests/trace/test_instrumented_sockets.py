"""What a channel sends and receives is observed; when that begins and ends: test_installing.py."""

import socket
from typing import Any

import pytest

from miniloop import AsyncChat, EventLoop, Trace
from miniloop.readiness import Registration
from miniloop.trace import install
from miniloop.trace.hooks import Traces
from miniloop.trace.instrumented_sockets import Instruments, instrumented_class
from tests.doubles import FakeChannel
from tests.driving import pair


class Sizes(Trace):
    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def received(self, registration: Registration, size: int) -> None:
        self.told.append(("received", size))

    def sent(self, registration: Registration, size: int) -> None:
        self.told.append(("sent", size))


def test_a_socket_changes_its_class_and_stays_itself() -> None:
    sizes = Sizes()
    with pair() as (ours, theirs):
        registration = Registration(FakeChannel(), ours.fileno(), polled=False)
        known = {ours.fileno(): registration}
        ours.__class__ = instrumented_class(sizes, known)
        assert isinstance(ours, socket.socket)
        ours.send(b"abc")
        theirs.send(b"de")
        assert ours.recv(1, socket.MSG_PEEK) == b"d"
        assert ours.recvfrom(1, socket.MSG_PEEK)[0] == b"d"
        assert ours.recv(10) == b"de"
        theirs.send(b"f")
        assert ours.recvfrom(10)[0] == b"f"
        known.clear()
        ours.send(b"told to nobody")
        ours.setblocking(False)
        with pytest.raises(BlockingIOError):
            ours.recv(1)
    assert sizes.told == [("sent", 3), ("received", 2), ("received", 1)]


def test_a_push_that_fails_is_not_told() -> None:
    class Pushes(Trace):
        told = 0

        def pushed(self, registration: Registration, size: int) -> None:
            self.told += 1

    trace = Pushes()
    with EventLoop() as loop, pair() as (ours, _):
        install(loop, trace)
        chat = AsyncChat(loop, ours)
        with pytest.raises(TypeError):
            chat.push("text")  # type: ignore[arg-type]  # on purpose
        chat.push(b"bytes")
        assert trace.told == 1


def test_what_is_no_bytes_is_one_push_of_unknown_size() -> None:
    class Pushes(Trace):
        def __init__(self) -> None:
            self.sizes: list[int] = []

        def pushed(self, registration: Registration, size: int) -> None:
            self.sizes.append(size)

    with EventLoop() as loop, pair() as (ours, _):
        install(loop, pushes := Pushes())
        chat = AsyncChat(loop, ours)
        for data in (iter([b"abc"]), bytearray(b"abcd"), b"abcde"):
            chat.push(data)
        chat.push_with_producer(iter([b"abc"]))
    assert pushes.sizes == [0, 4, 5, 0]


def test_a_subclass_may_have_its_own_push() -> None:
    class Loud(AsyncChat):
        def push(self, data: Any) -> None:
            super().push(data.upper())

    sizes: list[int] = []

    class Pushes(Trace):
        def pushed(self, registration: Registration, size: int) -> None:
            sizes.append(size)

    with EventLoop() as loop, pair() as (ours, theirs):
        install(loop, Pushes())
        loud = Loud(loop, ours)
        loud.push(b"hello")
        loop.run_once(0)
        assert theirs.recv(10) == b"HELLO"
    assert sizes == [5]


def test_sockets_of_other_kinds_are_left_alone() -> None:
    class Own(socket.socket):
        pass

    with EventLoop() as loop, pair() as (ours, theirs):
        own = Own(fileno=ours.detach())
        chat = AsyncChat(loop, own)
        install(loop, Sizes())
        assert type(own) is Own
        chat.close()
        theirs.close()


def test_detaching_a_registration_that_is_not_known_is_harmless() -> None:
    Instruments(Traces(Sizes()), {}).detach(Registration(FakeChannel(), 7, polled=False))


def test_a_channel_without_a_socket_or_a_push_is_left_alone() -> None:
    class Everything(Sizes):
        def pushed(self, registration: Registration, size: int) -> None:
            self.told.append(("pushed", size))

    channel = FakeChannel()
    instruments = Instruments(Traces(Everything()), {})
    instruments.attach(Registration(channel, 7, polled=False))
    assert not hasattr(channel, "push")
    instruments.detach_all()


def test_datagrams_that_are_sent_to_an_address_are_counted() -> None:
    sizes = Sizes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        registration = Registration(FakeChannel(), sock.fileno(), polled=False)
        sock.__class__ = instrumented_class(sizes, {sock.fileno(): registration})
        sock.sendto(b"four", sock.getsockname())
    assert sizes.told == [("sent", 4)]
