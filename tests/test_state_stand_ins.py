"""What stands in for a missing socket or state explains itself."""

import copy
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop
from miniloop.channel import BaseChannel
from miniloop.dispatcher import CLOSED_SOCKET, NO_SOCKET


def test_using_a_missing_socket_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"^recv: .*call create_socket\(\)"):
        NO_SOCKET.recv(1)
    with pytest.raises(RuntimeError, match=r"^send: .*check \.closed"):
        CLOSED_SOCKET.send(b"")


def test_what_may_be_asked_of_a_missing_socket() -> None:
    assert not NO_SOCKET
    assert NO_SOCKET.fileno() == -1
    assert not hasattr(CLOSED_SOCKET, "__wrapped__")
    assert copy.copy(CLOSED_SOCKET) is not None


@contextmanager
def mistaken() -> Iterator[None]:
    """A class whose constructor calls no other is warned of when it is made."""
    with pytest.warns(RuntimeWarning, match=r"__init__\(\) does not call super\(\)"):
        yield


@pytest.mark.parametrize("base", [BaseChannel, Dispatcher, AsyncChat])
def test_a_forgotten_constructor_says_what_to_do(base: type[BaseChannel]) -> None:
    with mistaken():

        class Forgetful(base):  # type: ignore[misc,valid-type]  # the base is a parameter
            def __init__(self, loop: EventLoop) -> None:
                self.loop = loop

    with EventLoop() as loop:
        channel = Forgetful(loop)
        for use in (
            lambda: channel.check_open("this"),
            channel.resume_reading,
            lambda: channel.set_idle_timeout(1),
            lambda: repr(channel) if base is not BaseChannel else channel.check_open("this"),
        ):
            with pytest.raises(RuntimeError, match=r"Forgetful: call super\(\)\.__init__\(loop"):
                use()


def test_a_socket_that_is_given_to_a_forgotten_constructor_says_so() -> None:
    ours, theirs = socket.socketpair()
    with mistaken():

        class Forgetful(Dispatcher):
            def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
                self.loop = loop
                self.connect(sock.getsockname())

    with EventLoop() as loop, ours, theirs, pytest.raises(RuntimeError, match="Forgetful: call"):
        Forgetful(loop, ours)


def test_the_class_itself_can_be_looked_at() -> None:
    """By help(), inspect and the like, which read every attribute of a class."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert {name: getattr(Dispatcher, name) for name in dir(Dispatcher)}
