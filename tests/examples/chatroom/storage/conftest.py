"""Fixtures of the chat room's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniloop import EventLoop
from tests.examples.chatroom.storage.diaries import Diary


@pytest.fixture
def diary(loop: EventLoop, tmp_path: Path) -> Iterator[Diary]:
    diary = Diary(loop, tmp_path / "history.db")
    yield diary
    diary.store.close()
