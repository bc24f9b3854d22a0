from __future__ import annotations

import argparse

import pytest

from examples.chatroom.doors.ports import HIGHEST, PORT, add_port, port_number, reachable


@pytest.mark.parametrize(("text", "least"), [("0", 0), ("1", 1), ("65535", 1)])
def test_a_port_is_a_number(text: str, least: int) -> None:
    assert port_number(text, least) == int(text)


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "65536", "1.5", "²"])
def test_what_is_no_port_is_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"a number from 1 to {HIGHEST}"):
        port_number(text, 1)


def test_the_option_has_a_default_and_its_own_least_value() -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_port(parser, "the port", least=5)
    assert parser.parse_args([]).port == PORT
    assert parser.parse_args(["--port", "5"]).port == 5
    with pytest.raises(argparse.ArgumentError):
        parser.parse_args(["--port", "4"])


@pytest.mark.parametrize(
    ("host", "shown"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.1", "192.0.2.1"), ("::2", "::2")],
)
def test_a_server_that_listens_everywhere_is_reached_at_home(host: str, shown: str) -> None:
    assert reachable(host) == shown
