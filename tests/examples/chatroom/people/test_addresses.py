from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people.addresses import covers, network_of, source_of, sources_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("fe80::1%eth0", "fe80::1%eth1", False),
        ("2001:db8::1%eth0", "2001:db8::2", True),
        ("", "", True),
    ],
)
def test_whom_an_address_counts_for(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


@pytest.mark.parametrize(
    ("address", "sources"),
    [
        ("2001:db8:1:2::3", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("192.0.2.1", ("192.0.2.1",)),
        ("::ffff:192.0.2.1", ("192.0.2.1",)),
        ("fe80::1%eth0", ("fe80::1%eth0",)),
        ("/run/chat.sock", ("/run/chat.sock",)),
    ],
)
def test_a_second_source_is_the_site_of_an_ipv6_address(
    address: str, sources: tuple[str, ...]
) -> None:
    assert sources_of(address) == sources


@pytest.mark.parametrize(
    ("network", "address", "covered"),
    [
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("fe80::1%eth0", "fe80::1%eth1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
        ("fe80::1", "fe80::1%eth1", True),
        ("fe80::1%eth0/128", "fe80::1%eth0", True),
        ("fe80::1%eth0/64", "fe80::2%eth1", True),
        ("fe80::/10", "fe80::2%eth1", True),
    ],
)
def test_a_link_local_address_is_itself_on_its_link(
    network: str, address: str, covered: bool
) -> None:
    found = network_of(network)
    assert found is not None
    assert covers(found, address) is covered


@given(
    st.text() | st.from_regex(r"fe[89ab][0-9a-f]::[0-9a-f]{1,4}(%[a-z0-9]{0,5})?(/1[0-2][0-9])?")
)
def test_any_text_is_an_address_or_none(text: str) -> None:
    network = network_of(text)
    assert network is None or network_of(str(network)) == network
