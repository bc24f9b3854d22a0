"""Fixtures: the wheels, and environments of each Python."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distribution.environments import PYTHONS, Environment, build, fetch_rivals, find_python
from tests.suites.packages import UnavailableError


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our wheels and with those of the others."""
    folder = tmp_path_factory.mktemp("wheels")
    try:
        build(tmp_path_factory.mktemp("sources"), folder)
        for wheel in fetch_rivals().glob("*.whl"):
            (folder / wheel.name).symlink_to(wheel)
    except UnavailableError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture(scope="module", params=PYTHONS)
def new(
    request: pytest.FixtureRequest, wheels: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Environment]:
    """Return a maker of empty environments of each Python in turn."""
    base = find_python(request.param)
    if base is None:
        pytest.skip(f"there is no Python {request.param}")
    return lambda: Environment(tmp_path_factory.mktemp("environment"), base, wheels)
