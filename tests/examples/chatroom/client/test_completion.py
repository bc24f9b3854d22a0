from __future__ import annotations

import pytest

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")

from examples.chatroom.client.completion import COMMANDS, completions_of
from examples.chatroom.commands.table import COMMANDS as SERVERS


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("bo", ["Bob: ", "bonnie: "]),
        ("hello @b", ["Bob ", "bonnie "]),
        ("hello BO", ["Bob ", "bonnie "]),
        ("", []),
        ("hello ", []),
        ("/m", ["/me ", "/msg ", "/mute "]),
        ("say /m", []),
        ("/msg b", ["Bob ", "bonnie "]),
        ("/msg ", ["ann ", "Bob ", "bonnie "]),
        ("/join d", ["dev ", "docs "]),
        ("/join ", ["dev ", "docs "]),
        ("/join dev k", []),
        ("zzz", []),
    ],
)
def test_what_a_word_could_become(line: str, options: list[str]) -> None:
    length, found = completions_of(line, ["Bob", "ann", "bonnie"], ["docs", "dev"])
    assert found == options
    assert length == len(line.rpartition(" ")[2])


def test_the_commands_are_the_servers() -> None:
    assert sorted(COMMANDS) == sorted(f"/{name}" for name in SERVERS)
