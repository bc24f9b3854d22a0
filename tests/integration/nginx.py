"""nginx with the configurations of docs/howto/put-the-chat-room-behind-nginx.md, on free ports.

Where nginx is not installed the tests are skipped, and say so.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.certificates import certificates
from tests.integration.chatroom_process import PATIENCE, ROOT, Server

PAGE = ROOT / "docs" / "howto" / "put-the-chat-room-behind-nginx.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
MEMBER, OTHER, THIRD = "127.0.0.7", "127.0.0.8", "127.0.0.9"  # three machines, to Linux
MAIN = """
daemon off;
{modules}
pid {folder}/pid;
error_log stderr;
{user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    {http}
}}
{stream}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens.

    Attributes:
        web: For browsers, with TLS.
        lines: For telnet.
    """

    web: int
    lines: int


def blocks() -> list[str]:
    """The page's configurations: at the root, below a path, telnet's."""
    return re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)


@contextmanager
def nginx(folder: Path, server: Server, *, below_path: bool = False) -> Iterator[Nginx]:
    """Run nginx in front of `server`."""
    ports = Nginx(free_port(), free_port())
    root, path, stream = blocks()
    if below_path:
        root = root[: root.index("    location / {")] + path
    changes = {
        "127.0.0.1:8080": f"127.0.0.1:{server.web_port}",
        "127.0.0.1:1235": f"127.0.0.1:{server.port}",
    }
    with running(folder, root, stream, ports, changes):
        yield ports


@contextmanager
def running(
    folder: Path, http: str, stream: str, ports: Nginx, changes: Mapping[str, str]
) -> Iterator[None]:
    """Run nginx with a page's blocks, of which `changes` and what every page shows is replaced."""
    if NGINX is None:
        pytest.skip("nginx is not installed: apt install nginx libnginx-mod-stream")
    if not STREAM.exists():
        pytest.skip("nginx has no stream module: apt install libnginx-mod-stream")
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, http, stream, ports, changes))
    command = [NGINX, "-p", str(folder), "-e", "stderr", "-c", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until_it_listens(process, ports)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def configuration(
    folder: Path, http: str, stream: str, ports: Nginx, changes: Mapping[str, str]
) -> str:
    """The blocks with these ports, and what stands around them on Debian."""
    _, certificate, _ = certificates().write(folder)
    made = MAIN.format(
        folder=folder,
        modules=f"load_module {STREAM};",
        user="user root;" if os.geteuid() == 0 else "",
        http=http,
        stream=stream,
    )
    always = {
        "listen 443 ssl;": f"listen 127.0.0.1:{ports.web} ssl;",
        "/etc/letsencrypt/live/chat.example.org/fullchain.pem": certificate,
        "/etc/letsencrypt/live/chat.example.org/privkey.pem": certificate,
        "listen 1234;": f"listen 127.0.0.1:{ports.lines};",
    }
    for shown, real in {**always, **changes}.items():
        assert shown in made, f"the page has no {shown!r} any more"
        made = made.replace(shown, real)
    return made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        return int(finder.getsockname()[1])


def until_it_listens(process: subprocess.Popen[str], ports: Nginx) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            for port in (ports.lines, ports.web):
                socket.create_connection(("127.0.0.1", port), PATIENCE, (THIRD, 0)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.01)  # between two questions: there is nothing else to wait for
        else:
            return
