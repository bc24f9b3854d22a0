from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people.addresses import network_of, source_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
    ],
)
def test_whom_an_address_counts_for(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    network = network_of(text)
    assert network is None or network_of(str(network)) == network
