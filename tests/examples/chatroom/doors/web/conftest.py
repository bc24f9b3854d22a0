from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    from .stage import staging

    with staging(tmp_path) as stage:
        yield stage
