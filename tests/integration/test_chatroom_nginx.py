"""The chat room behind Debian's nginx, with the configuration of the how-to page."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.certificates import certificates
from tests.integration.chatroom_process import PATIENCE, Server
from tests.integration.conftest import Start
from tests.integration.nginx import MEMBER, OTHER, Nginx, nginx

client = pytest.importorskip(
    "websockets.sync.client", reason="the web door needs the package websockets"
)
from websockets.exceptions import InvalidStatus  # noqa: E402
from websockets.typing import Origin  # noqa: E402

if sys.platform != "linux":
    pytest.skip("only Linux has 127.0.0.7 without asking", allow_module_level=True)

NAME = "chat.example.org"
HOME = f"https://{NAME}/"
OPTIONS = ("--trust-proxy", "127.0.0.1", "--web-name", NAME)
ONE_EACH = ("--max-per-address", "1")


@dataclass(frozen=True)
class Site:
    """A chat room and the nginx in front of it."""

    server: Server
    ports: Nginx
    stack: contextlib.ExitStack

    def connect(self, port: int, source: str) -> socket.socket:
        address = ("127.0.0.1", port)
        return socket.create_connection(address, PATIENCE, source_address=(source, 0))

    def get(self, path: str, *headers: str, source: str = MEMBER, host: str = NAME) -> str:
        """Request a page as a browser does; return the whole answer."""
        plain = self.connect(self.ports.web, source)
        with certificates().client().wrap_socket(plain, server_hostname="localhost") as sock:
            lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
            answer = b""
            with contextlib.suppress(ssl.SSLEOFError):
                while piece := sock.recv(65536):
                    answer += piece
        return answer.decode(errors="replace")  # icons are not text

    def browse(self, name: str, path: str, source: str, origin: str = HOME, **more: Any) -> Any:
        """Log in as `name` over a WebSocket; return it."""
        socket_ = self.stack.enter_context(
            client.connect(
                f"wss://{NAME}{path}",
                sock=self.connect(self.ports.web, source),
                ssl=certificates().client(),
                server_hostname="localhost",
                origin=Origin(origin.removesuffix("/")),
                **more,
            )
        )
        socket_.send(json.dumps({"do": "enter", "name": name}))
        return socket_

    def type(self, source: str, *lines: str) -> socket.socket:
        """Connect for lines and type them."""
        sock = self.stack.enter_context(self.connect(self.ports.lines, source))
        sock.sendall("".join(f"{line}\n" for line in lines).encode())
        return sock

    def log(self) -> str:
        self.stack.close()
        return self.server.stop()[2]


@contextlib.contextmanager
def site(start: Start, folder: Path, *options: str, below_path: bool = False) -> Iterator[Site]:
    server = start(*OPTIONS, *options)
    with nginx(folder, server, below_path=below_path) as ports, contextlib.ExitStack() as stack:
        yield Site(server, ports, stack)


def hears(sock: Any, kind: str) -> dict[str, Any]:
    """Return the next event of that kind."""
    while True:
        event: dict[str, Any] = json.loads(sock.recv(PATIENCE))
        if event["kind"] == kind:
            return event


def reads(sock: socket.socket, words: str) -> None:
    """Read until these words arrive."""
    got = b""
    while words.encode() not in got:
        piece = sock.recv(65536)
        assert piece, got
        got += piece


def test_each_browser_has_its_own_address(start: Start, tmp_path: Path) -> None:
    with site(start, tmp_path, *ONE_EACH) as here:
        ada = here.browse("Ada", "/chat", MEMBER)
        assert hears(ada, "welcome")["name"] == "Ada"
        bob = here.browse("Bob", "/chat", OTHER)
        assert hears(bob, "welcome")["name"] == "Bob"
        forged = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
        eve = here.browse("Eve", "/chat", MEMBER, additional_headers=forged)
        assert "too many connections" in hears(eve, "refused")["text"]
        log = here.log()
    assert f"{MEMBER} is turned away: There are too many connections" in log
    assert "192.0.2.1" not in log


def test_the_page_and_its_state_at_the_root(start: Start, tmp_path: Path) -> None:
    with site(start, tmp_path, *ONE_EACH) as here:
        page = here.get("/", source=OTHER)
        assert page.startswith("HTTP/1.1 200 OK\r\n")
        assert "Strict-Transport-Security: max-age=" in page
        hears(here.browse("Ada", "/chat", MEMBER), "welcome")
        assert here.get("/").startswith("HTTP/1.1 200 "), "the page needs no place"
        assert '"healthy": true' in here.get("/status.json"), "nor does this"
        assert here.get("/", source=OTHER, host="evil.example").startswith("HTTP/1.1 421 ")


def test_below_a_path(start: Start, tmp_path: Path) -> None:
    with site(start, tmp_path, below_path=True) as here:
        for path in ("/talk/", "/talk/status"):
            page = here.get(path)
            assert page.startswith("HTTP/1.1 200 OK\r\n")
            links = re.findall(r'(?:href|src)="([^"#]+)"', page)
            assert links
            for link in links:
                linked = urljoin(f"{HOME.removesuffix('/')}{path}", link)
                linked = linked.removeprefix(HOME.removesuffix("/"))
                assert here.get(linked).startswith("HTTP/1.1 200 OK\r\n")
        ada = here.browse("Ada", "/talk/chat", MEMBER)
        assert hears(ada, "welcome")["name"] == "Ada"


def test_a_page_of_another_site_may_not_come_in(start: Start, tmp_path: Path) -> None:
    with site(start, tmp_path) as here:
        with pytest.raises(InvalidStatus) as caught:
            here.browse("Eve", "/chat", MEMBER, origin="https://evil.example")
        assert caught.value.response.status_code == 403
        assert f"{MEMBER}: A page of https://evil.example may not come in" in here.log()


def test_each_telnet_has_its_own_address(start: Start, tmp_path: Path) -> None:
    with site(start, tmp_path, *ONE_EACH) as here:
        ada, bob = here.type(MEMBER, "Ada"), here.type(OTHER, "Bob")
        reads(ada, "-- Bob came into lobby.")
        reads(here.type(MEMBER, "Eve"), "There are too many connections from your address.")
        bob.sendall(b"hello\n")
        reads(ada, "Bob: hello")
        own = here.stack.enter_context(socket.create_connection(("127.0.0.1", here.server.port)))
        own.sendall(b"Mallory\n")
        reads(own, "A PROXY protocol header was expected.")
        log = here.log()
    assert f"Connection from {MEMBER}." in log
    assert f"Connection from {OTHER}." in log
    assert "Connection from 127.0.0.1." not in log


def test_tls_passes_through_behind_the_header(start: Start, tmp_path: Path) -> None:
    _, certificate, _ = certificates().write(tmp_path)
    with site(start, tmp_path, "--tls-cert", certificate) as here:
        plain = here.connect(here.ports.lines, MEMBER)
        with certificates().client().wrap_socket(plain, server_hostname="localhost") as ada:
            ada.sendall(b"Ada\n")
            reads(ada, "Ada came into lobby.")
        reads(here.type(OTHER, "Bob"), "This port of the chat room speaks TLS")
        assert f"Connection from {MEMBER}." in here.log()
