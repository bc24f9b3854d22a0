"""The listener of the line door; test_door.py and tests/integration/ test its connections."""

from __future__ import annotations

import socket

import pytest

from examples.chatroom.doors.line.server import KEEPALIVE, keep_alive


def test_the_kernel_asks_before_a_router_forgets() -> None:
    with socket.socket() as sock:
        keep_alive(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for name, value in KEEPALIVE.items():
            if (option := getattr(socket, name, None)) is not None:
                assert sock.getsockopt(socket.IPPROTO_TCP, option) == value


def test_where_the_system_has_fewer_options_the_others_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in KEEPALIVE:
        monkeypatch.delattr(socket, name, raising=False)
    with socket.socket() as sock:
        keep_alive(sock)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
