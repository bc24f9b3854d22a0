"""The how-to pages name every command, and no option that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.chatroom import history
from examples.chatroom.client import __main__ as client
from examples.chatroom.client.room import MOST_ROWS
from examples.chatroom.commands.table import COMMANDS
from examples.chatroom.options import make_parser

PAGES = Path(__file__).parents[3] / "docs" / "howto"
PAGE = PAGES / "run-the-chat-room.md"
CLIENT_PAGE = PAGES / "use-the-terminal-client.md"


def test_it_names_every_command() -> None:
    named = set(re.findall(r"`/([a-z]+)", PAGE.read_text()))
    assert set(COMMANDS) <= named


@pytest.mark.parametrize(
    "name",
    ["run-the-chat-room.md", "put-the-chat-room-behind-nginx.md", "use-the-terminal-client.md"],
)
def test_every_option_they_name_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        client.parse_arguments(["--help"])
    with pytest.raises(SystemExit):
        history.main(["export", "--help"])
    known = make_parser().format_help() + capsys.readouterr().out
    words = set(re.findall(r"--[a-z][a-z-]+", (PAGES / name).read_text()))
    assert not {word for word in words if word not in known}


def test_the_clients_page_names_all_its_options_and_the_numbers_that_hold() -> None:
    text = CLIENT_PAGE.read_text()
    for option in ("host", "port", "name", "tls", "ca", "plain"):
        assert f"`--{option}" in text
    assert "5,000 lines" in text
    assert MOST_ROWS == 5000
