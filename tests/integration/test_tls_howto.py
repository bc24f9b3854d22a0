"""The programs of the how-to for TLS."""

import socket

import pytest

from miniloop import AsyncChat, EventLoop
from tests.certificates import certificates
from tests.driving import run_until
from tests.integration.tls_peers import howto


def test_the_programs_of_the_howto_talk_to_each_other(
    loop: EventLoop, files: tuple[str, str, str]
) -> None:
    names = howto()
    listener = names["serve_echo"](loop, ("127.0.0.1", 0), files[1])
    greeter: AsyncChat = names["Greeter"](
        loop, listener.address, "localhost", certificates().client()
    )
    run_until(loop, lambda: greeter.closed)
    assert greeter.answer == b"hello"  # type: ignore[attr-defined]  # the page's class has it
    assert greeter.error is None


def test_the_howto_tells_the_reason(
    loop: EventLoop, files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    listener = howto()["serve_echo"](loop, ("127.0.0.1", 0), files[1])
    with socket.create_connection(listener.address) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        stranger.shutdown(socket.SHUT_WR)
        run_until(loop, lambda: "http request" in capsys.readouterr().out)
