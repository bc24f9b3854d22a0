"""The parts of the client that need no server; the rest is in tests/integration/."""

from __future__ import annotations

import os
import socket
import ssl
import sys
from pathlib import Path

import pytest

from examples.chatroom.client import __main__ as client
from examples.chatroom.client.codes import FAILED
from tests.examples.chatroom.doors.test_tls_versions import permissive


@pytest.mark.parametrize("port", ["x", "-1", "0", "70000"])
def test_a_bad_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        client.main(["--port", port])
    assert end.value.code == 2
    assert "a port is a number from 1 to 65535" in capsys.readouterr().err


def test_an_empty_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        client.main(["--host", ""])
    assert "--host needs a name or an address." in capsys.readouterr().err


@pytest.mark.needs("files")
def test_a_host_that_cannot_be_found_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_such_host(*arguments: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_such_host)
    assert client.main(["--host", "nowhere.invalid"]) == FAILED
    assert capsys.readouterr().err == "Cannot find nowhere.invalid: Name or service not known.\n"


def test_where_only_sockets_can_be_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr("select.poll", raising=False)
    assert client.main([]) == FAILED
    assert capsys.readouterr().err == "This system cannot wait for the keyboard: use telnet.\n"


def test_certificates_that_cannot_be_read_are_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "authority.pem"
    assert client.main(["--ca", str(file)]) == FAILED
    assert capsys.readouterr().err == f"Cannot use {file}: No such file or directory.\n"


def test_old_versions_of_tls_are_not_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssl.create_default_context", permissive)
    assert client.trusting(None).minimum_version == ssl.TLSVersion.TLSv1_2


def test_an_authority_means_tls() -> None:
    assert client.parse_arguments(["--ca", "file"]).tls
    assert client.parse_arguments(["--tls"]).tls
    assert not client.parse_arguments([]).tls


@pytest.mark.parametrize(
    ("url", "tls"),
    [
        ("http://127.0.0.1:8080/", False),
        ("https://chat.example/room/", True),
        ("http://[::1]", False),
    ],
)
def test_the_pages_address_says_whether_to_speak_tls(url: str, tls: bool) -> None:
    assert client.parse_arguments([url]).tls is tls


@pytest.mark.parametrize(
    "arguments",
    [["chat.example"], ["ftp://x/"], ["http://"], ["http://x:99999/"], ["http://x:0/"], ["http://[x/"],
     ["http://x/", "--tls"]],
)  # fmt: skip
def test_an_address_that_leads_to_no_page_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        client.main(arguments)
    assert end.value.code == 2
    assert "https://" in capsys.readouterr().err


def test_an_address_needs_the_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 - closed with the test
    monkeypatch.setattr(client, "_is_open", lambda fd: True)
    monkeypatch.setattr("select.poll", object, raising=False)
    assert client.main(["http://127.0.0.1:8080/"]) == FAILED
    assert "needs a terminal" in capsys.readouterr().err
    sys.stdin.close()
