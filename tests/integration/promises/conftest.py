"""Loops that are driven in each of three ways."""

from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from tests.integration.promises.driven import WAYS, Driven


@pytest.fixture(
    params=[
        pytest.param(way, marks=[pytest.mark.needs("guests")] if way == "guest" else [])
        for way in WAYS
    ]
)
def driven(request: pytest.FixtureRequest) -> Iterator[Driven]:
    with EventLoop(debug=True) as loop:
        yield Driven(loop, request.param)


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def secure(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
