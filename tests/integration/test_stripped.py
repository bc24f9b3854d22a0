"""The chat room where there are sockets and select() and no more, as on Windows."""

import signal
import socket
from pathlib import Path

import pytest

from tests.integration.chatroom_process import PATIENCE, Server
from tests.integration.conftest import Connect, Start
from tests.stripped import environment


@pytest.fixture
def server(start: Start, tmp_path: Path) -> Server:
    return start(environment=environment(), folder=tmp_path)


def test_members_talk_and_ctrl_c_closes_the_room(server: Server, connect: Connect) -> None:
    ada, bob = connect(server, "Ada"), connect(server, "Bob")
    ada.type("hello, Bob", "/who")
    bob.expect("Ada: hello, Bob")
    ada.expect("Bob")
    bob.type("/quit")
    bob.expect("Goodbye.")
    ada.expect("-- Bob left lobby: quit.")
    code, out, _ = server.stop(signal.SIGINT)
    assert code == 0
    assert "The chat room is closed." in out


def test_a_visitor_that_resets_hurts_nobody(server: Server, connect: Connect) -> None:
    ada, bob = connect(server, "Ada"), connect(server, "Bob")
    bob.reset()
    ada.expect("-- Bob left lobby: ")
    ada.type("still here")
    ada.expect("Ada: still here")


def test_the_page_is_served(server: Server) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    with socket.create_connection(("127.0.0.1", server.web_port), PATIENCE) as browser:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert browser.makefile("rb").readline().startswith(b"HTTP/1.1 200 ")
