"""Fixtures of the tests with real processes and sockets: the chat room's, and those of TLS."""

from __future__ import annotations

import contextlib
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.chatroom_process import Peer, Server

if TYPE_CHECKING:
    from tests.examples.chatroom.doors.web.serve import Running
    from tests.integration.happenings import Stage
    from tests.integration.tls_peers import Seen
    from tests.integration.tmux import Tmux

Start = Callable[..., Server]
Connect = Callable[..., Peer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers; none outlives the test, and none may have logged an error."""
    with contextlib.ExitStack() as stack:

        def starter(
            *options: str,
            folder: Path = tmp_path / "data",
            environment: dict[str, str] | None = None,
        ) -> Server:
            server = Server(folder, *options, environment=environment)
            stack.callback(check_clean_end, server)
            return server

        yield starter


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Start]:
    """Start servers that may end in any way; none outlives the test."""
    with contextlib.ExitStack() as stack:

        def launcher(*options: str, folder: Path = tmp_path / "data") -> Server:
            server = Server(folder, *options)
            stack.callback(server.kill)
            return server

        yield launcher


def check_clean_end(server: Server) -> None:
    try:
        code, _, log = server.stop()
    finally:
        server.process.kill()
    assert code == 0
    assert "Traceback" not in log
    assert " ERROR " not in log


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connect visitors; all are gone after the test."""
    with contextlib.ExitStack() as stack:

        def connector(
            server: Server,
            name: str = "",
            receive_buffer: int = 0,
            context: ssl.SSLContext | None = None,
        ) -> Peer:
            peer = Peer(server, name, receive_buffer, context)
            stack.callback(peer.socket.close)
            return peer

        yield connector


@pytest.fixture
def tmux(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Tmux]:
    """Terminals; the parameter names further programs that the test needs."""
    from tests.integration.tmux import Tmux

    tools = ("tmux", *getattr(request, "param", ()))
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    windows = Tmux(tmp_path)
    yield windows
    with contextlib.suppress(subprocess.CalledProcessError):
        windows.run("kill-server")


@pytest.fixture
def seen() -> Seen:
    """What the channels on the loop's thread report."""
    from tests.integration.tls_peers import Seen  # skips the test where there is no trustme

    return Seen()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    """The authority, the server's key with its certificate, and the client's."""
    from tests.certificates import certificates

    return certificates().write(tmp_path)


@pytest.fixture(scope="module")
def door() -> Iterator[Running]:
    """A web door for tests that leave it as it was."""
    from examples.chatroom.doors.web.limits import WebLimits
    from examples.chatroom.hall.limits import Limits
    from tests.examples.chatroom.doors.web.serve import serving
    from tests.integration.web_peers import EAGERLY, FREELY

    with serving(Limits(**FREELY), WebLimits(**EAGERLY, close_timeout=0.5)) as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Where things happen to a channel."""
    from tests.integration.happenings import Stage, made  # needs UNIX sockets

    with contextlib.ExitStack() as stack:
        yield Stage(stack, tmp_path)
    while made:
        made.pop().close()
