from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.proxies import (
    MOST_HOPS,
    BadForwarding,
    Client,
    Proxies,
    address_of,
    parse_forwarded,
)
from examples.chatroom.people.addresses import network_of


def proxies(*networks: str) -> Proxies:
    found = [network_of(each, every_address=True) for each in networks]
    return Proxies([each for each in found if each is not None])


OURS = proxies("127.0.0.1", "10.0.0.0/8", "fd00::/8")


def client(
    peer: str = "10.0.0.1",
    *,
    forwarded_for: tuple[str, ...] = (),
    forwarded: tuple[str, ...] = (),
    proto: tuple[str, ...] = (),
    believed: Proxies = OURS,
) -> Client:
    return believed.client(peer, forwarded_for=forwarded_for, forwarded=forwarded, proto=proto)


@pytest.mark.parametrize(
    ("address", "trusted"),
    [("127.0.0.1", True), ("127.0.0.2", False), ("10.9.9.9", True), ("::ffff:10.9.9.9", True),
     ("fd00::1", True), ("fd00::1%eth0", True), ("fe80::1", False), ("11.0.0.1", False),
     ("", False), ("chat", False)],
)  # fmt: skip
def test_only_those_in_the_networks_are_trusted(address: str, trusted: bool) -> None:
    assert OURS.trust(address) is trusted
    assert not Proxies().trust(address)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), "10.0.0.1"),
        (("192.0.2.1",), "192.0.2.1"),
        (("192.0.2.1:4711",), "192.0.2.1"),
        (("2001:db8::1",), "2001:db8::1"),
        (("[2001:DB8::1]:4711",), "2001:db8::1"),
        (("::ffff:192.0.2.1",), "192.0.2.1"),
        (("6.6.6.6, 192.0.2.1",), "192.0.2.1"),
        (("6.6.6.6", "192.0.2.1"), "192.0.2.1"),
        (("<script>, 192.0.2.1",), "192.0.2.1"),
        (("6.6.6.6, 192.0.2.1,\t10.0.0.2 , 10.0.0.3",), "192.0.2.1"),
        (("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        (("6.6.6.6, unknown, 10.0.0.2",), "10.0.0.2"),
        (("unknown",), "10.0.0.1"),
        (("_hidden",), "10.0.0.1"),
    ],
)
def test_addresses_are_read_from_the_right_until_one_is_not_trusted(
    lines: tuple[str, ...], found: str
) -> None:
    assert client(forwarded_for=lines) == Client(found)


def test_nobody_else_is_believed() -> None:
    said = client("192.0.2.9", forwarded_for=("127.0.0.1",), forwarded=('for="',), proto=("ftp",))
    assert said == Client("192.0.2.9")
    assert client("10.0.0.1", forwarded_for=("x",), believed=Proxies()) == Client("10.0.0.1")


@pytest.mark.parametrize(
    "node",
    ["", "me", "192.0.2", "192.0.2.1.1", "192.0.2.256", "192.0.2.1:", "192.0.2.1:123456",
     "[192.0.2.1]", "[2001:db8::1", "fe80::1%eth0", "\u0661.1.1.1", "unknown!",
     "192.0.2.1 x", "0x7f.1", "010.0.0.1"],
)  # fmt: skip
def test_what_is_no_address_is_refused(node: str) -> None:
    with pytest.raises(BadForwarding, match="A proxy names the client"):
        client(forwarded_for=(node,))


def test_the_number_of_proxies_is_bounded() -> None:
    chain = ["192.0.2.1"] + ["10.0.0.2"] * (MOST_HOPS - 1)
    assert client(forwarded_for=(",".join(chain),)) == Client("192.0.2.1")
    with pytest.raises(BadForwarding, match="too many proxies"):
        client(forwarded_for=(",".join([*chain, "10.0.0.2"]),))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("for=192.0.2.1",), Client("192.0.2.1")),
        (('For="[2001:db8::1]:4711"; Proto=HTTPS;by=_x',), Client("2001:db8::1", "https")),
        (('for=6.6.6.6;proto=http, for="192.0.2.1"; proto=https',), Client("192.0.2.1", "https")),
        (("for=6.6.6.6", "for=192.0.2.1"), Client("192.0.2.1")),
        (('for="6.6.6.6, for=127.0.0.1", for=192.0.2.1',), Client("192.0.2.1")),
        (("for=unknown",), Client("10.0.0.1")),
        (('for="_gazonk:_x"',), Client("10.0.0.1")),
        (("by=10.0.0.1",), Client("10.0.0.1")),
        (('for="\\192.0.2.1"',), Client("192.0.2.1")),
    ],
)
def test_the_standard_header_is_read_too(lines: tuple[str, ...], found: Client) -> None:
    assert client(forwarded=lines) == found


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.1", "for", "for=", 'for="', 'for="192.0.2.1', "for=192.0.2.1;for=192.0.2.1",
     "for=192.0.2.1 x", "for = 192.0.2.1", "for=192.0.2.1,", "for=192.0.2.1,,for=192.0.2.1",
     'for="\x00"', 'for="\\\x00"', "for=[2001:db8::1]"],
)  # fmt: skip
def test_what_is_not_the_standards_is_refused(text: str) -> None:
    with pytest.raises(BadForwarding, match="RFC 7239"):
        client(forwarded=(text,))


def test_the_two_headers_must_agree() -> None:
    """A client may have sent one of them, through a proxy that writes the other."""
    both = client(forwarded_for=("192.0.2.1",), forwarded=("for=192.0.2.1",))
    assert both == Client("192.0.2.1")
    with pytest.raises(BadForwarding, match="different clients"):
        client(forwarded_for=("192.0.2.1",), forwarded=("for=6.6.6.6",))
    with pytest.raises(BadForwarding, match="different clients"):
        client(forwarded_for=("192.0.2.1",), forwarded=("for=unknown",))


@pytest.mark.parametrize(
    ("lines", "scheme"), [((), ""), (("https",), "https"), (("HTTP",), "http")]
)
def test_the_scheme_is_one_of_two(lines: tuple[str, ...], scheme: str) -> None:
    assert client(proto=lines).scheme == scheme


@pytest.mark.parametrize("lines", [("https, http",), ("https", "https"), ("ftp",), ("",)])
def test_another_scheme_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadForwarding, match="one scheme"):
        client(proto=lines)


@given(st.lists(st.text()), st.lists(st.text()), st.lists(st.text()))
def test_any_text_is_an_answer_or_a_sentence(
    forwarded_for: list[str], forwarded: list[str], proto: list[str]
) -> None:
    sentence = ""
    try:
        OURS.client("10.0.0.1", forwarded_for=forwarded_for, forwarded=forwarded, proto=proto)
    except BadForwarding as error:
        sentence = str(error)
    assert sentence.isprintable()


@given(st.text(alphabet='for=";,\\ 1.x'))
def test_what_is_read_was_written_so(text: str) -> None:
    try:
        elements = parse_forwarded(text)
    except BadForwarding:
        return
    written = ", ".join(
        ";".join(f'{name}="{quoted(value)}"' for name, value in each.items()) for each in elements
    )
    assert parse_forwarded(written) == elements


def quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


@given(st.ip_addresses(), st.integers(0, 65535))
def test_every_address_is_read_with_or_without_a_port(address: object, port: int) -> None:
    text = str(address)
    shown = f"[{text}]" if ":" in text else text
    assert address_of(text) == address_of(f"{shown}:{port}")
