import pytest

from tests.examples.chatroom.commands.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()
