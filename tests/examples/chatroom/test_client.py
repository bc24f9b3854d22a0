"""What of the client needs no server; the rest is in tests/integration/test_chatroom.py."""

from __future__ import annotations

import pytest

from examples.chatroom import client


@pytest.mark.parametrize("port", ["x", "-1", "70000"])
def test_a_bad_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        client.main(["--port", port])
    assert end.value.code == 2
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err


def test_a_host_that_cannot_be_found_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_such_host(*arguments: object, **options: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_such_host)
    assert client.main(["--host", "nowhere.invalid"]) == client.FAILED
    assert capsys.readouterr().err == "Cannot find nowhere.invalid: Name or service not known.\n"
