"""Selectors and what they watch.  Real kernel objects, but nothing that waits."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing

import pytest

from miniloop.selectors import EpollSelector, KqueueSelector, PollSelector
from tests.selectors.kinds import KINDS, WITH_KERNEL, Pair


@pytest.fixture(params=KINDS)
def selector(request: pytest.FixtureRequest) -> Iterator[PollSelector]:
    with closing(request.param()) as selector:
        yield selector


@pytest.fixture(params=WITH_KERNEL)
def with_kernel(request: pytest.FixtureRequest) -> Iterator[EpollSelector | KqueueSelector]:
    with closing(request.param()) as selector:
        yield selector


@pytest.fixture
def epoll() -> Iterator[EpollSelector]:
    with closing(EpollSelector()) as selector:
        yield selector


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def file() -> Iterator[int]:
    with tempfile.TemporaryFile() as opened:
        yield opened.fileno()
