from __future__ import annotations

import socket
from pathlib import Path

import pytest

from examples.chatroom.cluster_options import ClusterOptions
from examples.chatroom.options import parse_options

URL = "redis://127.0.0.1:7000"


def test_nobody_else_unless_one_says_so() -> None:
    assert parse_options([]).cluster is None


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "tower.example.org")
    assert parse_options(["--cluster", URL]).cluster == ClusterOptions(URL, node="tower")
    monkeypatch.setattr(socket, "gethostname", lambda: "an odd name")
    assert parse_options(["--cluster", URL]).cluster == ClusterOptions(URL, node="node")


def test_everything_may_be_given() -> None:
    given = "--cluster-password-file p --cluster-ca c --cluster-prefix x --cluster-lease 4 --node b"
    assert parse_options(["--cluster", URL, *given.split()]).cluster == ClusterOptions(
        URL, Path("p"), Path("c"), "x", "b", 4.0
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--node", "b"], "--node needs --cluster"),
        (["--cluster-lease", "4"], "--cluster-lease needs --cluster"),
        (["--cluster", URL, "--no-history"], "--cluster needs a history file"),
        (["--cluster", URL, "--node", "{b}"], "letters, digits"),
        (["--cluster", URL, "--cluster-prefix", ""], "letters, digits"),
        (["--cluster", URL, "--cluster-lease", "0.5"], "1 at least"),
        (["--cluster", URL, "--cluster-lease", "soon"], "1 at least"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_options(arguments)
    assert sentence in " ".join(capsys.readouterr().err.split())
