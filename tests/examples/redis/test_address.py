"""URLs, the password, and the commands that begin a connection."""

import ssl
from pathlib import Path

import pytest

from examples.redis.address import LONGEST_PASSWORD, Address, parse_url, read_password
from tests.certificates import certificates


def test_urls() -> None:
    assert parse_url("redis://localhost") == Address("localhost")
    assert parse_url("redis://ada@[::1]:7000/3") == Address("::1", 7000, user="ada", database=3)
    assert parse_url("redis://h/", name="node1").name == "node1"
    assert str(Address("h", 1)) == "h:1"


def test_tls(tmp_path: Path) -> None:
    assert isinstance(parse_url("rediss://localhost").tls, ssl.SSLContext)
    authority = Path(certificates().write(tmp_path)[0])
    context = parse_url("rediss://localhost", ca=authority).tls
    assert context is not None
    assert (len(context.get_ca_certs()), context.check_hostname) == (1, True)
    with pytest.raises(OSError, match="No such file"):
        parse_url("rediss://localhost", ca=tmp_path / "missing")


@pytest.mark.parametrize(
    "url",
    ["localhost", "http://h", "redis://", "redis://h/x", "redis://h/-1", "redis://h:x",
     "redis://h:99999", "redis://h?db=1"],
)  # fmt: skip
def test_urls_that_make_no_sense(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_url(url)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="into a file") as caught:
        parse_url("redis://ada:secret@h")
    assert "secret" not in str(caught.value)


def test_the_password_is_read_for_each_connection(tmp_path: Path) -> None:
    path = tmp_path / "password"
    address = Address(user="ada", password_file=path, name="node1", database=2)
    path.write_text("one\n")
    hello = ("HELLO", "3", "AUTH", "ada", "one", "SETNAME", "node1")
    assert address.greeting() == [hello, ("SELECT", "2"), ("PING",)]
    path.write_text("two")
    assert address.greeting()[0][4] == "two"
    path.unlink()
    with pytest.raises(FileNotFoundError):
        address.greeting()
    assert Address().greeting() == [("HELLO", "3"), ("PING",)]


def test_a_password_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"\xff")
    with pytest.raises(OSError, match="not UTF-8"):
        read_password(path)
    path.write_bytes(b"x" * (LONGEST_PASSWORD + 1))
    assert len(read_password(path)) == LONGEST_PASSWORD
