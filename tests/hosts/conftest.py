"""A guest of the test itself, on a clock that stands still."""

from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.hosts.stepping import SteppingHost


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def host(clock: FakeClock) -> Iterator[SteppingHost]:
    with EventLoop(clock=clock, debug=True) as loop:
        host = SteppingHost(loop)
        host.settle()
        yield host
