from __future__ import annotations

import builtins
import sys
from pathlib import Path

import pytest

from examples.chatroom.hall.order import Alone
from examples.chatroom.joining import CannotJoin, order_of
from examples.chatroom.options import parse_options
from miniloop import EventLoop

URL = "redis://127.0.0.1:1"


def test_one_server_is_alone(loop: EventLoop) -> None:
    assert order_of(loop, parse_options([])) is Alone


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--cluster", "http://127.0.0.1"], "has to be redis://host or rediss://host"),
        (["--cluster", "redis://me:secret@127.0.0.1"], "put the password into a file"),
        (
            ["--cluster", URL, "--cluster-password-file", "/nowhere/password"],
            "/nowhere/password cannot be read: No such file",
        ),
        (
            ["--cluster", "rediss://127.0.0.1", "--cluster-ca", "/nowhere/ca"],
            "/nowhere/ca cannot be read: No such file",
        ),
    ],
)
def test_what_is_wrong_is_said(loop: EventLoop, arguments: list[str], sentence: str) -> None:
    pytest.importorskip("hiredis", reason="no hiredis, so no cluster")
    with pytest.raises(CannotJoin, match=sentence):
        order_of(loop, parse_options(arguments))


def test_without_hiredis_it_is_said_how_to_get_it(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "hiredis":
            raise ImportError("no hiredis")
        return original(name, *rest)  # type: ignore[arg-type]

    for name in list(sys.modules):
        if name.startswith(("examples.redis", "examples.chatroom.cluster", "hiredis")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CannotJoin, match="pip install"):
        order_of(loop, parse_options(["--cluster", URL]))


def test_a_password_that_can_be_read_is_not_shown(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("hiredis", reason="no hiredis, so no cluster")
    file = tmp_path / "password"
    file.write_text("secret\n")
    order_of(loop, parse_options(["--cluster", URL, "--cluster-password-file", str(file)]))
