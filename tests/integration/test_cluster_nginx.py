"""nginx in front of three nodes, with the configuration of the how-to."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")
pytest.importorskip("websockets", reason="the web door needs the package websockets")

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.cluster.town import Node, Town, running
from tests.integration import nginx
from tests.integration.chatroom_process import PATIENCE, ROOT, Peer, Server
from tests.integration.nginx import Nginx, free_port

PAGE = ROOT / "docs" / "howto" / "run-the-room-on-several-machines.md"
ROOM = "tea"
pytestmark = pytest.mark.needs("localhost")


@contextmanager
def in_front(folder: Path, town: Town) -> Iterator[Nginx]:
    """Run nginx with the page's two blocks, on free ports."""
    web, lines = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    ports = Nginx(free_port(), free_port())
    changes = {}
    for number, node in enumerate(town.nodes, 11):
        changes[f"10.0.0.{number}:8080"] = f"127.0.0.1:{node.server.web_port}"
        changes[f"10.0.0.{number}:1235"] = f"127.0.0.1:{node.server.port}"
    with nginx.running(folder, web, lines, ports, changes):
        yield ports


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with running(tmp_path, "--trust-proxy", "127.0.0.1", "--web-name", "chat.example.org") as town:
        yield town


class Browser:
    """A browser that behaves as the page does, through nginx."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._port = port
        self._stack = stack
        self.token = ""
        self.texts: list[str] = []
        self.socket = self._open()

    def _open(self) -> ClientConnection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        to_nginx = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        return self._stack.enter_context(
            connect(
                "wss://chat.example.org/chat", sock=to_nginx, ssl=context, open_timeout=PATIENCE
            )
        )

    def send(self, **request: Any) -> None:
        self.socket.send(json.dumps(request))

    def until(self, *kinds: str) -> dict[str, Any]:
        """Handle events up to one of these; note new messages and those of the history."""
        while True:
            event: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE))
            past = event.get("recent", []) if event["kind"] == "room" else []
            for each in [*past, event] if event["kind"] == "said" else past:
                if each["text"] not in self.texts:
                    self.texts.append(each["text"])
            if event["kind"] in kinds:
                return event

    def enter(self, name: str) -> None:
        self.send(do="enter", name=name, token=self.token)
        self.token = self.until("welcome")["token"]
        self.send(n=1, do="join", room=ROOM, key="")
        while self.until("room")["room"] != ROOM:
            pass

    def lose(self) -> None:
        """Notice that the node has stopped, and reconnect, as the page does."""
        with pytest.raises(ConnectionClosed):
            self.until("nothing")
        self.socket = self._open()
        self.send(do="resume", token=self.token, seen=0)
        assert self.until("resumed", "expired")["kind"] == "expired"


@dataclass
class Front:
    """nginx's port for lines, with the interface that a Peer needs."""

    port: int


def telnet(ports: Nginx, name: str) -> Peer:
    peer = Peer(cast(Server, Front(ports.lines)), name)
    peer.type(f"/join {ROOM}")
    peer.expect(f"{name} came into {ROOM}.")
    return peer


def node_of(town: Town, name: str) -> Node:
    """Return the node whose log has the member last."""
    return next(node for node in town.nodes if f"{name} logged in" in node.log())


def test_a_browser_comes_back_to_another_node_with_all_that_was_said(
    town: Town, tmp_path: Path
) -> None:
    with in_front(tmp_path, town) as ports, ExitStack() as stack:
        ann = Browser(ports.web, stack)
        ann.enter("ann")
        home = node_of(town, "ann")
        talker = next(each for each in _peers(ports) if node_of(town, each[0]) is not home)
        name, bob = talker
        bob.type("before")
        ann.until("said")
        home.server.kill()
        bob.type("meanwhile")
        bob.expect(f"{name}: meanwhile")
        ann.lose()
        ann.enter("ann")
        bob.type("after")
        ann.until("said")
        assert ann.texts == ["before", "meanwhile", "after"]
        bob.socket.close()


def _peers(ports: Nginx) -> Iterator[tuple[str, Peer]]:
    """Log members in by telnet, which nginx distributes over the nodes."""
    for name in ("bob", "cem", "dov"):
        yield name, telnet(ports, name)


def test_telnet_is_spread_over_the_nodes_and_ends_with_its_own(town: Town, tmp_path: Path) -> None:
    with in_front(tmp_path, town) as ports:
        peers = dict(_peers(ports))
        homes = {name: node_of(town, name) for name in peers}
        assert len(set(homes.values())) == 3
        homes["bob"].server.kill()
        peers["bob"].rest()
        peers["bob"].socket.close()
        again = telnet(ports, "bob2")
        again.type("here again")
        for name in ("cem", "dov"):
            peers[name].expect("bob2: here again")
            peers[name].socket.close()
        again.socket.close()
