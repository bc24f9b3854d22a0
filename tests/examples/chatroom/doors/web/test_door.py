from __future__ import annotations

import contextlib
import socket
import sys
import time
from pathlib import Path

import pytest

from examples.chatroom.doors.proxies import Proxies
from examples.chatroom.doors.web.door import WebDoor
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Moment
from examples.chatroom.people.addresses import network_of
from miniloop import EventLoop
from tests.driving import run_until


def open_door(
    loop: EventLoop, folder: Path, hall: Hall | None = None, **options: object
) -> WebDoor:
    (folder / "index.html").touch()
    settings = {"status": dict, "folder": folder, **options}
    return WebDoor(
        loop,
        ("127.0.0.1", 0),
        hall or Hall(Limits(max_members=1)),
        lambda: Moment(loop.time(), time.time()),
        **settings,  # type: ignore[arg-type]  # the settings under test
    )


def trusting(*networks: str) -> Proxies:
    found = [network_of(each, every_address=True) for each in networks]
    return Proxies([each for each in found if each is not None])


def get(
    loop: EventLoop, sock: socket.socket, path: str, *headers: str, host: str = "localhost"
) -> bytes:
    """Request a path, and return the first line of the answer."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
    sock.sendall("\r\n".join(lines).encode())
    answer = b""

    def read() -> bool:
        nonlocal answer
        try:
            answer += sock.recv(1000)
        except BlockingIOError:
            return False
        return True

    sock.setblocking(False)
    run_until(loop, read)
    return answer.partition(b"\r\n")[0]


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
        assert door.figures()["visitors"] == 2
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
    with socket.create_connection(door.address) as sock:
        sock.sendall(b"\x16")  # the first byte of TLS
        run_until(loop, lambda: "on purpose" in caplog.text)
    assert hall.gate.taken == 0
    assert set(door.figures().values()) == {0}


def test_the_page_is_there_when_the_room_is_full(loop: EventLoop, tmp_path: Path) -> None:
    """And when the address has no place left: a browser's requests do not count as a member."""
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    hall = Hall(Limits(max_members=1))
    hall.gate.enter("127.0.0.1")
    door = open_door(loop, tmp_path, hall)
    for path in ("/", "/status"):
        with socket.create_connection(door.address) as sock:
            assert get(loop, sock, path).startswith(b"HTTP/1.1 200 ")
    assert hall.gate.refused == 0


def test_a_crowd_of_requests_keeps_nobody_else_out(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    door = open_door(loop, tmp_path, limits=WebLimits(max_visitors=3))
    with contextlib.ExitStack() as stack:

        def come(source: str = "127.0.0.1") -> socket.socket:
            sock = socket.create_connection(door.address, source_address=(source, 0))
            return stack.enter_context(sock)

        crowd = [come() for _ in range(4)]
        run_until(loop, lambda: receive_end(crowd[0]))
        watcher = come("127.0.0.2" if sys.platform == "linux" else "127.0.0.1")
        crowd += [come() for _ in range(9)]
        run_until(loop, lambda: receive_end(crowd[-3]))
        assert door.figures()["visitors"] == 3
        for sock in (watcher, crowd[-1]):
            assert get(loop, sock, "/").startswith(b"HTTP/1.1 200 ")


def receive_end(sock: socket.socket) -> bool:
    """Return whether the connection has ended."""
    sock.setblocking(False)
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_who_comes_through_a_trusted_proxy_is_counted_at_an_address_of_ones_own(
    loop: EventLoop, tmp_path: Path
) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    limits = WebLimits(max_visitors=2)
    door = open_door(loop, tmp_path, Hall(Limits()), proxies=trusting("127.0.0.1"), limits=limits)
    with contextlib.ExitStack() as stack:
        silent, first, second, third, fourth = (
            stack.enter_context(socket.create_connection(door.address)) for _ in range(5)
        )
        run_until(loop, lambda: door.figures()["connections"] == 5)
        assert door.figures()["visitors"] == 0, "the proxy's address is nobody's"
        one, other = "X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.2"
        for sock, header in ((first, one), (second, other), (third, one), (fourth, other)):
            assert get(loop, sock, "/", header).startswith(b"HTTP/1.1 200 ")
            assert 1 <= door.figures()["visitors"] <= 2
        assert get(loop, silent, "/", "X-Forwarded-For: me").startswith(b"HTTP/1.1 400 ")
    run_until(loop, lambda: door.figures()["connections"] == 0)
    assert set(door.figures().values()) == {0}


def test_silence_through_a_proxy_is_bounded(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    door = open_door(loop, tmp_path, proxies=trusting("127.0.0.0/8"))
    with (
        socket.create_connection(door.address),
        socket.create_connection(door.address) as second,
    ):
        run_until(loop, lambda: receive_end(second))
        assert door.figures()["connections"] == 1


def test_it_is_called_by_the_names_that_were_given(loop: EventLoop, tmp_path: Path) -> None:
    pytest.importorskip("websockets", reason="the web door needs the package websockets")
    door = open_door(loop, tmp_path, names=["given.example"], origins=["https://page.example"])
    for name, status in (
        ("given.example:80", b"200"),
        ("page.example", b"200"),
        (f"127.0.0.1:{door.address[1]}", b"200"),
        ("evil.example", b"421"),
    ):
        with socket.create_connection(door.address) as sock:
            assert get(loop, sock, "/", host=name).split()[1] == status
        run_until(loop, lambda: door.figures()["connections"] == 0)
