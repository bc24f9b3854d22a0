from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from examples.chatroom.doors.web.door import WebDoor
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Moment
from miniloop import EventLoop
from tests.driving import run_until


def open_door(
    loop: EventLoop, folder: Path, hall: Hall | None = None, **options: object
) -> WebDoor:
    (folder / "index.html").touch()
    return WebDoor(
        loop,
        ("127.0.0.1", 0),
        hall or Hall(Limits(max_members=1)),
        lambda: Moment(loop.time(), time.time()),
        status=dict,
        folder=folder,
        **options,  # type: ignore[arg-type]  # what the test is about
    )


def test_without_the_package_it_says_what_is_missing(
    loop: EventLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "examples.chatroom.doors.web.connection", raising=False)
    monkeypatch.delitem(sys.modules, "examples.chatroom.doors.web.websocket", raising=False)
    monkeypatch.setitem(sys.modules, "websockets.http11", None)
    with pytest.raises(ImportError, match=r"pip install -e '\.\[chat\]'"):
        open_door(loop, tmp_path)


def test_an_origin_that_is_none_is_refused(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    with pytest.raises(ValueError, match="no origin"):
        open_door(loop, tmp_path, origins=["chat.example"])


def test_it_counts_who_is_there(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    door = open_door(loop, tmp_path)
    assert door.url == f"http://127.0.0.1:{door.address[1]}/"
    assert set(door.figures().values()) == {0}
    with (
        socket.create_connection(door.address),
        socket.create_connection(door.address),
    ):
        run_until(loop, lambda: door.figures()["connections"] == 2)
        assert door.figures()["turned_away"] == 1
    run_until(loop, lambda: door.figures()["connections"] == 0)
    door.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(door.address)


def test_a_certificate_that_cannot_be_had_costs_no_place(
    loop: EventLoop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")

    def fail() -> None:
        raise OSError("on purpose")

    hall = Hall(Limits())
    door = open_door(loop, tmp_path, hall, tls=fail)
    with socket.create_connection(door.address):
        run_until(loop, lambda: "on purpose" in caplog.text)
    assert hall.gate.taken == 0
    assert set(door.figures().values()) == {0}
