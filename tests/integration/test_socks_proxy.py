"""The SOCKS5 proxy as a program, with curl as its client; skipped aloud without curl."""

import hashlib
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BODY = bytes(range(256)) * 40_000
PROXY_FAILED = 97
"""curl's exit status where the proxy has refused."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


class Pages(BaseHTTPRequestHandler):
    """Answers a GET with ten megabytes, and a PUT with the digest of what came."""

    def do_GET(self) -> None:
        self._answer(BODY)

    def do_PUT(self) -> None:
        size = int(self.headers["Content-Length"])
        self._answer(hashlib.sha256(self.rfile.read(size)).hexdigest().encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    """The port of a web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def proxy(*options: str) -> Iterator[str]:
    """Run the proxy; yield its address.  It has to end well, and to say nothing."""
    command = [sys.executable, "-W", "error", "-m", "examples.socks_proxy", "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            words = process.stdout.readline().split()
            assert words[:3] == ["SOCKS5", "on", "127.0.0.1"]
            yield f"{words[2]}:{words[3]}"
        finally:
            process.terminate()
            errors = process.stderr.read()
        assert errors == ""
        assert process.wait(20) == 0


def curl(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["curl", "--silent", "--show-error", "--max-time", "60", "--noproxy", ""]
    return subprocess.run([*command, *arguments], input=data, capture_output=True, timeout=90)


@pytest.mark.needs("localhost")
def test_curl_by_name_and_by_address(web: int) -> None:
    with proxy() as address:
        for how in ("--socks5-hostname", "--socks5"):
            for host in ("localhost", "127.0.0.1"):
                got = curl(how, address, f"http://{host}:{web}/")
                assert got.stderr == b""
                assert got.stdout == BODY


def test_curl_sends_much(web: int) -> None:
    with proxy() as address:
        url = f"http://127.0.0.1:{web}/"
        got = curl("--socks5-hostname", address, "--upload-file", "-", "--http1.1",
                   "-H", "Transfer-Encoding:", "-H", f"Content-Length: {len(BODY)}", url,
                   data=BODY)  # fmt: skip
        assert got.stdout.decode() == hashlib.sha256(BODY).hexdigest()


def test_curl_is_told_that_the_connect_failed() -> None:
    with socket.socket() as nobody, proxy() as address:
        nobody.bind(("127.0.0.1", 0))
        got = curl("--socks5-hostname", address, f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        assert got.returncode == PROXY_FAILED
        assert b"(5)" in got.stderr


def test_curl_with_a_password(web: int, tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("ada:secret\n")
    with proxy("--users", str(users)) as address:
        url = f"http://127.0.0.1:{web}/"
        right = curl("--socks5-hostname", address, "--proxy-user", "ada:secret", url)
        assert right.stdout == BODY
        for arguments in ([], ["--proxy-user", "ada:guess"]):
            wrong = curl("--socks5-hostname", address, *arguments, url)
            assert wrong.returncode == PROXY_FAILED
            assert wrong.stdout == b""


def test_the_command_line_refuses(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("ada\n")
    command = [sys.executable, "-m", "examples.socks_proxy", "--users", str(tmp_path / "users")]
    got = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert got.returncode == 2
    assert "name:password" in got.stderr
