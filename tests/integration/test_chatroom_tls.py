"""TLS at both doors, with other implementations: OpenSSL, curl, Python's ``ssl``."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import load_pem_x509_certificate

from examples.chatroom.doors.line.server import SPARE
from tests.certificates import certificates
from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT, Peer, Server
from tests.integration.conftest import Connect, Start


@dataclass(frozen=True)
class Files:
    """The files of a server with TLS, and the file that its clients trust."""

    authority: str
    localhost: Path

    @property
    def options(self) -> tuple[str, ...]:
        return "--tls-cert", str(self.localhost)

    def renew(self) -> int:
        """Replace the certificate; return its serial number."""
        leaf = certificates().authority.issue_cert("localhost", "127.0.0.1")
        leaf.private_key_and_cert_chain_pem.write_to_path(str(self.localhost))
        return load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()).serial_number


@pytest.fixture
def files(tmp_path: Path) -> Files:
    authority, localhost, _ = certificates().write(tmp_path)
    return Files(authority, Path(localhost))


def serial(port: int) -> int:
    """Return the serial number of the certificate for a new connection."""
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        certificates().client().wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        shown = secured.getpeercert() or {}
    return int(str(shown["serialNumber"]), 16)


def program(*command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def needs(tool: str) -> pytest.MarkDecorator:
    missing = shutil.which(tool) is None
    return pytest.mark.skipif(missing, reason=f"the program {tool} is not installed")


def client(server: Server, *options: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return program(
        *(sys.executable, "-W", "error", "-m", "examples.chatroom.client", "--name", "ann"),
        *("--port", str(server.port), *options),
        typed=typed,
    )


# The line door


def test_the_opening_says_how_to_come_in(start: Start, files: Files) -> None:
    opening = start(*files.options).opening
    assert "is open: python3 -m examples.chatroom.client --tls --host 127.0.0.1 --port" in opening
    assert "and in a browser: https://127.0.0.1:" in opening


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_two_people_converse(
    start: Start, connect: Connect, files: Files, version: ssl.TLSVersion
) -> None:
    server = start(*files.options)
    context = certificates().client(version)
    ann = connect(server, "ann", context=context)
    bob = connect(server, "bob", context=context)
    bob.type("hello, ann")
    ann.expect("bob: hello, ann\r\n")
    ann.type("/quit")
    assert ann.rest().endswith(b"-- Goodbye.\r\n")
    bob.expect("-- ann left lobby: quit.\r\n")
    server.stop()
    assert bob.rest().endswith(b"-- The chat room is closing. Goodbye.\r\n")


@needs("openssl")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_comes_in(start: Start, files: Files, version: str) -> None:
    server = start(*files.options)
    done = program(
        *("openssl", "s_client", "-quiet", version, "-connect", f"127.0.0.1:{server.port}"),
        *("-CAfile", files.authority, "-verify_return_error", "-verify_hostname", "localhost"),
        typed="ann\nhello\n/quit\n",
    )
    assert "] ann: hello\n" in done.stdout.replace("\r", "")
    assert done.stdout.replace("\r", "").endswith("-- Goodbye.\n")


def test_the_client_comes_in(start: Start, files: Files) -> None:
    done = client(start(*files.options), "--ca", files.authority, typed="hello\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "] ann: hello\n" in done.stdout
    assert done.stdout.endswith("-- Goodbye.\n")


def test_the_client_trusts_nobody_unknown(start: Start, files: Files) -> None:
    done = client(start(*files.options), "--tls")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Cannot trust 127.0.0.1 port ")
    assert done.stderr.endswith(" --ca FILE trusts the certificates in that file.\n")


@pytest.mark.parametrize("typed", ["", "hello\n"])
def test_the_client_without_tls_says_so_where_there_is(
    start: Start, files: Files, typed: str
) -> None:
    server = start(*files.options)
    done = client(server, typed=typed)
    assert done.returncode == 1
    assert "--tls" in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_client_says_so_where_there_is_no_tls(start: Start, files: Files) -> None:
    done = client(start(), "--ca", files.authority)
    assert done.returncode == 1
    assert " does not speak TLS: try it without --tls and --ca.\n" in done.stderr


def test_who_speaks_no_tls_is_told_so_and_hurts_nobody(
    start: Start, connect: Connect, files: Files
) -> None:
    server = start(*files.options)
    plain = connect(server)
    plain.type("ann", "hello")
    assert plain.rest().startswith(b"This port of the chat room speaks TLS, which telnet does not.")
    ann = connect(server, "ann", context=certificates().client())
    ann.type("alive")
    ann.expect("ann: alive")


def test_a_member_who_is_cut_off_has_not_failed_to_shake_hands(
    start: Start, connect: Connect, files: Files
) -> None:
    server, context = start(*files.options), certificates().client()
    watcher, ann = (
        connect(server, "watcher", context=context),
        connect(server, "ann", context=context),
    )
    ann.socket.close()  # without a close_notify, as when the client is killed
    watcher.expect("-- ann left lobby: connection closed.")
    stranger = connect(server)
    stranger.send(b"\x16 is where it begins, and this is no handshake")
    stranger.rest()
    log = server.stop()[2]
    assert log.count("TLS failed") == 1
    assert "127.0.0.1: TLS failed: " in log


def test_who_speaks_tls_where_there_is_none_is_logged(start: Start, connect: Connect) -> None:
    server = start()
    with pytest.raises(ssl.SSLError):
        connect(server, context=certificates().client())
    ann = connect(server, "ann")
    ann.type("alive")
    ann.expect("ann: alive")
    assert "127.0.0.1 speaks TLS, which this port does not (--tls-cert)." in server.stop()[2]


def test_the_full_room_says_so_through_tls(start: Start, connect: Connect, files: Files) -> None:
    server = start(*files.options, "--max-per-address", "1")
    context = certificates().client()
    connect(server, "ann", context=context)
    refused = connect(server, context=context)
    assert refused.rest() == b"-- There are too many connections from your address.\r\n"


def test_those_who_never_shake_hands_are_bounded(
    start: Start, connect: Connect, files: Files
) -> None:
    server = start(*files.options, "--max-members", "1")
    silent = [connect(server) for _ in range(1 + SPARE)]
    late = connect(server)
    assert silent[1].rest() == b""  # at once, not at the handshake's time limit
    late.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        late.socket.recv(1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 without asking")
def test_those_who_never_shake_hands_keep_nobody_else_out(
    start: Start, connect: Connect, files: Files
) -> None:
    server = start(*files.options, "--max-members", "2", "--max-per-address", "1")
    silent = [connect(server) for _ in range(2 + SPARE)]
    assert silent[1].rest() == b""  # the first connection has a place
    neighbour = socket.create_connection(
        ("127.0.0.1", server.port), PATIENCE, source_address=("127.0.0.2", 0)
    )
    with certificates().client().wrap_socket(neighbour, server_hostname="127.0.0.1") as lines:
        assert lines.recv(100).startswith(b"-- This is a chat room.")


# The web door


def test_the_page_and_its_state(start: Start, files: Files) -> None:
    server, context = start(*files.options), certificates().client()
    base = f"https://127.0.0.1:{server.web_port}"
    for path in ("/", "/status"):
        with urllib.request.urlopen(base + path, context=context, timeout=PATIENCE) as answer:
            assert answer.status == 200
            assert b"<!doctype html>" in answer.read(1000).lower()
    with urllib.request.urlopen(base + "/status.json", context=context) as answer:
        state = json.load(answer)
    assert state["healthy"]
    assert state["tls"]["on"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", state["tls"]["certificate_ends"])


@needs("curl")
def test_curl_gets_the_page(start: Start, files: Files) -> None:
    server = start(*files.options)
    url = f"https://localhost:{server.web_port}/"
    done = program("curl", "--silent", "--fail", "--ipv4", "--cacert", files.authority, url)
    assert done.returncode == 0
    assert "<html" in done.stdout


def test_plain_http_gets_a_sentence(start: Start, files: Files) -> None:
    server = start(*files.options)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{server.web_port}/", timeout=PATIENCE)
    with caught.value as answer:
        assert answer.code == 400
        assert b"begins with https://" in answer.read()


def test_a_browser_and_a_line_converse(start: Start, connect: Connect, files: Files) -> None:
    web = pytest.importorskip("websockets.sync.client", reason="no websockets")
    server, context = start(*files.options), certificates().client()
    ann = connect(server, "ann", context=context)
    url, origin = f"127.0.0.1:{server.web_port}", f"https://127.0.0.1:{server.web_port}"
    with web.connect(f"wss://{url}/chat", ssl=context, origin=origin) as bob:
        bob.send(json.dumps({"do": "enter", "name": "bob"}))
        ann.expect("-- bob came into lobby.")
        ann.type("hello, bob")
        received: dict[str, Any] = {}
        while received.get("kind") != "said":
            received = json.loads(bob.recv(PATIENCE))
        assert (received["sender"], received["text"]) == ("ann", "hello, bob")


# Reading the files again


def test_sighup_shows_the_new_certificate_to_those_who_come(
    start: Start, connect: Connect, files: Files
) -> None:
    server = start(*files.options)
    ann = connect(server, "ann", context=certificates().client())
    before = serial(server.port)
    assert serial(server.web_port) == before
    new = files.renew()
    assert serial(server.port) == before, "it was read without being asked to"
    reload(server, ann)
    assert serial(server.port) == serial(server.web_port) == new
    ann.type("still here")
    ann.expect("ann: still here")


def reload(server: Server, ann: Peer) -> None:
    """Reload the files; an answer to a later message confirms that it was done."""
    server.process.send_signal(signal.SIGHUP)
    ann.type("after the signal")
    ann.expect("ann: after the signal")


def test_broken_files_leave_everything_as_it_was(
    launch: Start, connect: Connect, files: Files, tmp_path: Path
) -> None:
    operators = tmp_path / "operators"
    server = launch(*files.options, "--operators", str(operators))
    ann = connect(server, "ann", context=certificates().client())
    before = serial(server.port)
    whole = files.localhost.read_bytes()
    files.localhost.write_bytes(whole[: len(whole) // 2])
    operators.write_text("nonsense\n")
    operators.chmod(0o600)
    reload(server, ann)
    assert serial(server.port) == serial(server.web_port) == before
    files.localhost.unlink()
    reload(server, ann)
    assert serial(server.port) == before
    code, _, log = server.stop()
    assert code == 0
    assert f"The TLS certificate in {files.localhost} cannot be used: " in log
    assert "cannot be used: No such file or directory." in log
    assert "The doors go on with the certificate they have." in log
    assert "The operators stay who they were: Line 1" in log
    assert "Traceback" not in log


def test_sighup_hurts_nobody_without_tls(start: Start, connect: Connect) -> None:
    server = start()
    ann = connect(server, "ann")
    reload(server, ann)


def test_new_operators_count_after_sighup(start: Start, connect: Connect, tmp_path: Path) -> None:
    operators = tmp_path / "operators"
    server = start("--operators", str(operators))
    ann = connect(server, "ann")
    ann.type("/oper ann correct horse battery")
    ann.expect("This chat room has no operators.")
    added = program(
        *(sys.executable, "-m", "examples.chatroom.operators", "add", "ann"),
        *("--file", str(operators)),
        typed="correct horse battery\n",
    )
    assert added.returncode == 0
    reload(server, ann)
    ann.type("/oper ann correct horse battery")
    ann.expect("You are an operator now.")


# At the start


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_without_a_usable_certificate_it_does_not_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "cert.pem"
    if content is not None:
        file.write_bytes(content)
    done = program(
        *(sys.executable, "-m", "examples.chatroom", "--port", "0", "--no-history"),
        *("--tls-cert", str(file)),
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"The TLS certificate in {file} cannot be used: ")
    assert done.stderr.count("\n") == 1
