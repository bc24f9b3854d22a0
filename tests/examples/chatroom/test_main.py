"""The server's start; its run is in tests/integration/test_chatroom.py."""

from __future__ import annotations

import errno

import pytest

from examples.chatroom import __main__ as chatroom


def test_an_address_that_cannot_be_had_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(chatroom, "ChatServer", refuse)
    assert chatroom.main(["--port", "80"]) == 1
    assert capsys.readouterr().err == "Cannot listen on 127.0.0.1 port 80: Permission denied.\n"
