"""How the client shows a server's output; the rest is in tests/integration."""

from __future__ import annotations

import pytest

from examples.chatroom.client.link import row_of


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"-- Welcome.", "-- Welcome."),
        (b"    -- Ada is an operator now.", "    -- Ada is an operator now."),
        (b"      -- more", "    -- more"),
        (b"a  b\x1b[31m\xff", "a b[31m\ufffd"),
    ],
    ids=["a line", "a row", "a deeper one", "from strangers"],
)
def test_a_row_keeps_its_indent_and_nothing_else_that_harms(sent: bytes, shown: str) -> None:
    assert row_of(sent) == shown
