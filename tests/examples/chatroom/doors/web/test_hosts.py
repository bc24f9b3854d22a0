from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.hosts import Hosts, host_of, is_own_name, name_of, own_names

PRIVATE = ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1", "169.254.1.1", "100.64.0.1",
           "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0", ""]  # fmt: skip
PUBLIC = ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("local", PRIVATE)
@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        (None, True),
        ("localhost", True),
        ("LOCALHOST.:8080", True),
        ("127.0.0.1:8080", True),
        ("192.168.1.1", True),
        ("[::1]:8080", True),
        ("[fe80::1]", True),
        ("chat.example", True),
        ("Chat.Example:8080", True),
        ("chat.example.", True),
        ("evil.example", False),
        ("evil.example:8080", False),
        ("localhost.evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1:80:80", False),
        ("localhost/evil.example", False),
        ("a.chat.example", False),
        ("", False),
        (":8080", False),
        ("[::1", False),
    ],
)
def test_where_not_everybody_connects_only_our_names_count(
    local: str, host: str | None, admitted: bool
) -> None:
    assert Hosts({"localhost", "chat.example"}).admit(host, local) is admitted


@pytest.mark.parametrize("local", PUBLIC)
@pytest.mark.parametrize("host", [None, "", "evil.example", "localhost"])
def test_where_everybody_connects_every_name_counts(local: str, host: str | None) -> None:
    assert Hosts(()).admit(host, local)


def test_the_machine_has_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Tower.home.example")
    assert own_names() == {"localhost", "tower.home.example", "tower", "tower.local"}
    monkeypatch.setattr(socket, "gethostname", lambda: "")
    assert own_names() == {"localhost"}


@pytest.mark.parametrize("text", ["chat.example", "Chat.Example.", "tower"])
def test_a_name_is_compared_in_one_form(text: str) -> None:
    assert name_of(text) == text.lower().removesuffix(".")


@pytest.mark.parametrize(
    "text", ["", ".", "chat.example:80", "http://chat.example", "a/b", "a b@c"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no name; one looks like chat\.example\.org"):
        name_of(text)


@pytest.mark.parametrize(
    ("host", "own"),
    [("chat.example:8080", True), ("localhost", False), ("127.0.0.1", False), ("[::1]", False),
     ("", False)],
)  # fmt: skip
def test_what_is_this_servers_alone(host: str, own: bool) -> None:
    assert is_own_name(host) is own


@given(st.text(), st.text())
def test_any_text_is_no_reason_to_fail(host: str, local: str) -> None:
    Hosts({"localhost"}).admit(host, local)
    is_own_name(host)


@given(st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){0,3}", fullmatch=True), st.integers(0, 65535))
def test_a_port_makes_no_difference(name: str, port: int) -> None:
    assert host_of(f"{name}:{port}") == host_of(name) == name
