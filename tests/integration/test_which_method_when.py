"""Every row of docs/reference/which-method-when.md, on real sockets."""

import logging
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop, Listener
from miniloop.readiness import URGENT
from tests.docs.tables import section
from tests.integration.happenings import (
    Collects,
    Happening,
    Reads,
    Stage,
    Takes,
    WithTerminator,
    connects,
    fails_to_connect,
    gets_too_long_a_line,
    gets_urgent_data,
    has_a_bug,
    has_room_again,
    hears_nothing,
    is_asked,
    is_hung_up_on,
    is_not_read,
    is_read_again,
    is_read_far_too_little,
    listens,
    made,
    noting,
    receives,
    sees_the_loop_stop,
    shakes_hands,
)


class FullListener(Listener):
    """A listener that is made as other dispatchers are."""

    def __init__(self, loop: EventLoop) -> None:
        Dispatcher.__init__(self, loop)
        self.factory = lambda loop, sock: made.append(sock)


DISPATCHER: dict[str, tuple[type, Happening]] = {
    "handle_read": (Dispatcher, receives),
    "handle_write": (Reads, has_room_again),
    "handle_socket": (Reads, connects),
    "handle_connect": (Reads, connects),
    "handle_connect_error": (Reads, fails_to_connect),
    "handle_secured": (Reads, shakes_hands),
    "handle_accept": (Dispatcher, listens),
    "handle_accepted": (Dispatcher, listens),
    "handle_expt": (Reads, gets_urgent_data),
    "handle_eof": (Reads, is_hung_up_on),
    "handle_idle": (Reads, hears_nothing),
    "handle_stop": (Reads, sees_the_loop_stop),
    "handle_error": (Dispatcher, has_a_bug),
    "handle_close": (Reads, is_hung_up_on),
    "readable": (Reads, is_asked),
    "writable": (Reads, is_asked),
}
CHAT: dict[str, tuple[type, Happening]] = {
    "collect_incoming_data": (WithTerminator, receives),
    "found_terminator": (Collects, receives),
    "handle_input_overflow": (Takes, gets_too_long_a_line),
    "handle_output_overflow": (Takes, is_read_far_too_little),
    "handle_high_water": (Takes, is_not_read),
    "handle_low_water": (Takes, is_read_again),
    "handle_read": (Takes, receives),
    "handle_write": (Takes, has_room_again),
    "handle_eof": (Takes, is_hung_up_on),
    "input_done": (Takes, is_hung_up_on),
}
ROWS = [
    *(("`Dispatcher`", *row) for row in DISPATCHER.items()),
    *(("`AsyncChat`", *row) for row in CHAT.items()),
    ("`Listener`", "handle_accepted", (FullListener, listens)),
]


def test_every_row_is_tried() -> None:
    for title in ("`Dispatcher`", "`AsyncChat`", "`Listener`"):
        assert {name for where, name, _ in ROWS if where == title} == set(section(title))


@pytest.mark.parametrize(("title", "name", "happening"), ROWS)
def test_the_method_is_called(
    stage: Stage, title: str, name: str, happening: tuple[Any, Happening]
) -> None:
    kind, happens = happening
    calls: list[str] = []
    happens(stage, noting(kind, {name}, calls))
    assert name in calls


@pytest.mark.parametrize(("title", "name", "happening"), ROWS)
def test_what_it_does_by_default(
    stage: Stage,
    title: str,
    name: str,
    happening: tuple[Any, Happening],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kind, happens = happening
    default = section(title)[name].default
    channel = happens(stage, kind)
    raised = "NotImplementedError" in caplog.text
    logged = any(record.levelno >= logging.WARNING for record in caplog.records)
    ends = ("ends the channel", "the channel is closed", "the loop closes it")
    closed = any(words in default for words in ends) or name == "input_done"
    assert channel.closed == closed, default
    assert raised == default.startswith("raises")
    assert logged == default.startswith(("logs", "raises")) or name == "handle_accept"


def test_urgent_data_is_watched_for_only_by_those_who_want_it(stage: Stage) -> None:
    calls: list[str] = []
    plain = gets_urgent_data(stage, Reads)
    wants = gets_urgent_data(stage, noting(Reads, {"handle_expt"}, calls))
    assert plain.interest() & URGENT == 0
    assert wants.interest() & URGENT
    assert calls[:1] == ["handle_expt"]
    wants.close()


def test_a_listener_closes_when_the_loop_stops_and_calls_its_factory(stage: Stage) -> None:
    channel = listens(stage, FullListener)
    assert len(made) == 1
    channel.handle_stop()
    assert channel.closed
