"""Settings that every test shares, and nothing that only some of them need.

Hypothesis runs without deadlines: a busy machine must not fail a test. Under CI it is derandomised
too, so that a red run can be repeated; at a desk it keeps searching in new places.
"""

import os
import socket
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from miniloop import EventLoop
from tests import long
from tests.driving import pair
from tests.needs import NEEDS, missing_name, needs_of, reason_to_skip, too_many_skipped

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """A loop in debug mode, closed afterwards with all its channels."""
    with EventLoop(debug=True) as loop:
        yield loop


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets, both closed afterwards; the second never blocks."""
    with pair() as both:
        yield both


# -- what this system lacks ------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line("markers", f"needs(...): some of {', '.join(map(repr, NEEDS))}")
    config.addinivalue_line("markers", long.MARK)


def pytest_report_header() -> str:
    """Say whether the long tests are left out."""
    return "long tests: run" if long.wanted() else "long tests: left out (LONG=1 runs them too)"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests; skip those whose needs are not met, and say why."""
    long.select(config, items)
    for item in items:
        for need in needs_of(item):
            if reason := reason_to_skip(need):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test that asked this system for what it lacks."""
    return (yield from skipping(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test whose fixture did."""
    return (yield from skipping(item))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that has skipped too many of the tests."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return  # a worker process
    passed, skipped = (len(reporter.stats.get(key, [])) for key in ("passed", "skipped"))
    if too_many_skipped(passed, skipped):
        reporter.write_line(f"\nTOO MANY SKIPPED: {skipped} of {passed + skipped} tests")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def skipping(item: pytest.Item) -> Generator[None, object, object]:
    """Run what the hook is about."""
    try:
        return (yield)
    except (AttributeError, ImportError) as error:
        if missing := missing_name(error):
            pytest.skip(f"{item.name} needs {missing}, which this system lacks")
        raise
