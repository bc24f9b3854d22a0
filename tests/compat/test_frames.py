"""The log line of an uncaught exception names the functions that the original's named."""

import re
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.compat.conftest import Pair

NAMED = re.compile(r"\|(\w+)\|\d+\]")
LINES, COUNTED, ALL = b"\n", 5, None


def fail(*_: object) -> Any:
    raise ValueError("on purpose")


@pytest.fixture
def logged(
    modules: Any, pair: Callable[[], Pair], map: dict[int, Any], capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Return what runs an ``async_chat`` with other methods and returns the functions named."""

    def run(terminator: object, prepare: Callable[[Any], None], **methods: object) -> list[str]:
        stock = {"collect_incoming_data": lambda self, data: None, "found_terminator": fail}
        kind = type("Chat", (modules.asynchat.async_chat,), {**stock, **methods})
        ours, theirs = pair()
        chat = kind(ours, map)
        chat.set_terminator(terminator)
        theirs.send(b"hello\nyou")
        prepare(chat)
        modules.asyncore.loop(0.1, map=map, count=1)
        return NAMED.findall(capsys.readouterr().out)

    return run


READ = ["read", "handle_read_event", "handle_read"]


def nothing(chat: Any) -> None: ...


@pytest.mark.parametrize("terminator", [LINES, COUNTED, ALL, b"you!"], ids=repr)
def test_an_exception_in_collect_incoming_data(
    logged: Callable[..., list[str]], terminator: object
) -> None:
    names = logged(terminator, nothing, collect_incoming_data=fail)
    assert names == [*READ, "fail"]


@pytest.mark.parametrize("terminator", [LINES, COUNTED], ids=repr)
def test_an_exception_in_found_terminator(
    logged: Callable[..., list[str]], terminator: object
) -> None:
    assert logged(terminator, nothing) == [*READ, "fail"]


def test_an_exception_in_a_producer(logged: Callable[..., list[str]]) -> None:
    """Queued without a word, so that the loop asks it and not the program."""

    def prepare(chat: Any) -> None:
        chat.set_terminator(None)
        chat.producer_fifo.append(SimpleNamespace(more=fail))

    names = logged(LINES, prepare)
    assert names == ["write", "handle_write_event", "handle_write", "initiate_send", "fail"]


def test_an_exception_of_the_socket(logged: Callable[..., list[str]]) -> None:
    class Broken(socket.socket):
        recv = fail

    def prepare(chat: Any) -> None:
        chat.socket = Broken(fileno=chat.socket.detach())

    assert logged(LINES, prepare) == [*READ, "recv", "fail"]


@pytest.mark.parametrize("event", ["read", "write"])
def test_an_exception_in_a_handler_of_a_dispatcher(
    modules: Any,
    pair: Callable[[], Pair],
    map: dict[int, Any],
    capsys: pytest.CaptureFixture[str],
    event: str,
) -> None:
    ours, theirs = pair()
    dispatcher: Any = type("D", (modules.asyncore.dispatcher,), {f"handle_{event}": fail})
    dispatcher(ours, map).writable = lambda: event == "write"
    theirs.send(b"!" if event == "read" else b"")
    modules.asyncore.loop(0.1, map=map, count=1)
    assert NAMED.findall(capsys.readouterr().out) == [event, f"handle_{event}_event", "fail"]
