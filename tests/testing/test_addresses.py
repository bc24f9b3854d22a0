"""The forms of addresses, and the table of bound ones."""

import socket
from typing import Any

import pytest

from miniloop.testing.addresses import AddressTable, checked, family_of, key, shown, unbound


@pytest.fixture
def table() -> AddressTable[str]:
    return AddressTable({"web": ["10.0.0.1", "::2"], "self": []})


def test_an_address_is_bound_once(table: AddressTable[str]) -> None:
    table.bind(("h", 1), "first")
    with pytest.raises(OSError, match="in use"):
        table.bind(("h", 1, 0, 0), "second")
    table.free(("h", 1))
    table.free(("h", 1))
    table.bind(("h", 1), "second")
    assert table.find(("h", 1)) == "second"


@pytest.mark.parametrize("bound", ["h", "10.0.0.1", "", "0.0.0.0", "::"])
def test_an_owner_is_found_by_address_by_name_and_everywhere(
    table: AddressTable[str], bound: str
) -> None:
    table.bind((bound, 1))
    assert table.find((bound, 1)) is None  # bound, and not listening
    table.assign((bound, 1), "owner")
    assert table.find((bound, 1)) == "owner"
    assert table.find((bound, 2)) is None
    assert (table.find(("web", 1)) == "owner") == (bound != "h")
    assert (table.find(("other", 1)) == "owner") == (bound not in ("h", "10.0.0.1"))
    assert table.has_host(bound)
    assert not table.has_host("other")


def test_abstract_names_have_no_ports_and_no_hosts(table: AddressTable[str]) -> None:
    table.bind("\0name", "owner")
    assert table.find("\0name") == "owner"
    assert table.find("\0other") is None
    assert not table.has_host("\0")
    assert table.with_port("\0name") == "\0name"


def test_free_ports_differ(table: AddressTable[str]) -> None:
    ports = [table.source(socket.AF_INET)[1] for _ in range(1000)]
    assert len({*ports}) == 1000
    assert table.with_port(("h", 80)) == ("h", 80)
    assert table.with_port(("::1", 0, 0, 0))[1] not in ports
    for _ in range(40_000):  # they come round again, and stay in their range
        ports.append(table.with_port(("h", 0))[1])
    assert (min(ports), max(ports)) == (32768, 65535)


@pytest.mark.parametrize(
    ("family", "source", "nothing"),
    [
        (socket.AF_INET, "127.0.0.1", ("0.0.0.0", 0)),
        (socket.AF_INET6, "::1", ("::", 0, 0, 0)),
    ],
)
def test_each_family_has_its_form(
    table: AddressTable[str], family: int, source: str, nothing: Any
) -> None:
    address = table.source(family)
    assert address[0] == source
    assert checked(family, address) == address
    assert family_of(address) == family
    assert table.source(family, "h")[0] == "h"
    assert unbound(family) == nothing
    assert key(address) == address[:2]
    assert shown(address) == f"{source}:{address[1]}"


def test_the_form_of_an_abstract_name() -> None:
    assert checked(socket.AF_UNIX, b"\0n\xff") == "\0n\udcff"
    assert family_of("\0n") == socket.AF_UNIX
    assert unbound(socket.AF_UNIX) == ""
    assert AddressTable[str]({}).source(socket.AF_UNIX) == ""
    assert key("\0n") == "\0n"
    assert key(None) is None
    assert shown("\0n") == r"'\x00n'"


@pytest.mark.parametrize(
    ("family", "address", "kind"),
    [
        (socket.AF_INET, "h", TypeError),
        (socket.AF_INET, ("h",), TypeError),
        (socket.AF_INET, ("h", "1"), TypeError),
        (socket.AF_INET, (1, 1), TypeError),
        (socket.AF_INET6, ("h", 65536), OverflowError),
        (socket.AF_INET, ("h", -1), OverflowError),
    ],
)
def test_wrong_forms_are_refused(family: int, address: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        checked(family, address)


@pytest.mark.parametrize(("path", "kind"), [(("h", 1), TypeError), ("/path", PermissionError)])
def test_wrong_forms_of_a_path_are_refused(path: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        checked(socket.AF_UNIX, path)


def test_an_abstract_name_where_there_are_no_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniloop.testing.addresses.AF_UNIX", None)
    with pytest.raises(OSError, match="not supported"):
        family_of("\0n")
