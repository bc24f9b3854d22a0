"""Single requests, without connections."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.chatroom.doors.proxies import Proxies
from examples.chatroom.doors.web.hosts import Hosts
from examples.chatroom.doors.web.pages import Pages
from examples.chatroom.people.addresses import network_of

pytest.importorskip("websockets", reason="the web door needs the package websockets")

from websockets.datastructures import Headers
from websockets.http11 import Request

from examples.chatroom.doors.web.head import Unfit
from examples.chatroom.doors.web.reception import Reception, Visitor

if TYPE_CHECKING:
    from examples.chatroom.doors.web.answers import Answer

PATHS = ["/", "/static/page.js", "/status", "/status.json", "/chat", "/origin?x", "/nothing"]
OURS = Visitor("192.0.2.1", secure=False, local="127.0.0.1")


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "page.js").write_text("1")
    trusted = network_of("10.0.0.0/8")
    assert trusted is not None
    return Reception(
        Pages(lambda: {"well": True}, tmp_path),
        Hosts({"chat.example", "localhost"}),
        {"https://proxy.example:443"},
        Proxies([trusted]),
    )


def ask(
    reception: Reception,
    path: str,
    *headers: tuple[str, str],
    host: str | None = "chat.example",
    visitor: Visitor = OURS,
    head: bool = False,
) -> Answer | None:
    given = [("Host", host)] if host is not None else []
    request = Request(path, Headers([*given, *headers]))
    return reception.answer(request, visitor, head=head)


def asked(reception: Reception, path: str, *headers: tuple[str, str], **more: object) -> Answer:
    answer = ask(reception, path, *headers, **more)  # type: ignore[arg-type]  # passed on
    assert answer is not None
    return answer


@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_is_not_ours_gets_nothing(
    reception: Reception, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = asked(reception, path, ("Origin", "http://evil.example:8080"), host="evil.example:80")
    assert answer.status == HTTPStatus.MISDIRECTED_REQUEST
    assert b"not known by the name evil.example:80." in answer.body
    assert b"--web-name" in answer.body
    assert "192.0.2.1 asked for the host evil.example:80 and was refused" in caplog.text
    assert "--web-name" in caplog.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "chat.example", None])
def test_other_names_get_what_there_is(reception: Reception, path: str, host: str | None) -> None:
    answer = ask(reception, path, host=host)
    assert answer is None or answer.status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
    assert (answer is None) == (path == "/chat")


def test_on_a_public_address_every_name_counts(reception: Reception) -> None:
    visitor = Visitor("192.0.2.1", secure=False, local="8.8.8.8")
    assert asked(reception, "/", host="whatever.example", visitor=visitor).status == HTTPStatus.OK


def test_a_strange_name_is_no_markup_and_no_line_of_the_log(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = asked(reception, "/", host="\x9b2J<b>" + "é" * 5000)
    assert b"\\x9b2J<b>\\xe9" in answer.body
    assert answer.kind.startswith("text/plain")
    assert len(answer.body) < 1000
    assert "\x9b" not in caplog.text
    assert len(caplog.text) < 1000


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://chat.example/status.json", "evil.example", HTTPStatus.OK),
        ("HTTPS://chat.example:99/", "chat.example", HTTPStatus.OK),
        ("http://chat.example", "chat.example", HTTPStatus.OK),
        ("http://chat.example?x", "chat.example", HTTPStatus.OK),
        ("http://chat.example/nothing", "chat.example", HTTPStatus.NOT_FOUND),
        ("http://evil.example/", "chat.example", HTTPStatus.MISDIRECTED_REQUEST),
        ("http://chat.example@evil.example/", "chat.example", HTTPStatus.MISDIRECTED_REQUEST),
        ("http:///", "chat.example", HTTPStatus.MISDIRECTED_REQUEST),
        ("ftp://chat.example/", "chat.example", HTTPStatus.NOT_FOUND),
    ],
)
def test_a_request_as_to_a_proxy_is_answered(
    reception: Reception, target: str, host: str, status: HTTPStatus
) -> None:
    """The host in its first line counts, and the Host header is ignored (RFC 9112, 3.2.2)."""
    assert asked(reception, target, host=host).status == status


def test_a_web_socket_may_be_asked_for_as_from_a_proxy(reception: Reception) -> None:
    origin = ("Origin", "http://chat.example")
    assert ask(reception, "http://chat.example/chat", origin, host="x") is None


def test_a_refused_origin_is_explained(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = asked(reception, "/chat", ("Origin", "https://other.example"), host="127.0.0.1:8080")
    assert answer.status == HTTPStatus.FORBIDDEN
    why = (
        "A page of https://other.example may not come in: the request is for "
        "http://127.0.0.1:8080. If it is a page of this chat room: --origin "
        "https://other.example lets it in."
    )
    assert answer.body.decode() == f"{why}\n"
    assert f"192.0.2.1: {why}" in caplog.text


@pytest.mark.parametrize("origin", ["null", "http://x;reboot", "http://x y", "\x9b"])
def test_what_no_option_can_name_is_not_put_into_one(
    reception: Reception, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked(reception, "/chat", ("Origin", origin)).status == HTTPStatus.FORBIDDEN
    assert "--origin" not in caplog.text
    assert "\x9b" not in caplog.text


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("http://chat.example", b""),
        ("https://proxy.example", b""),
        ("https://other.example", b"--origin https://other.example"),
    ],
)
def test_a_page_learns_why_its_web_socket_was_refused(
    reception: Reception, page: str, said: bytes
) -> None:
    escaped = page.replace(":", "%3A").replace("/", "%2F")
    answer = asked(reception, f"/origin?{escaped}")
    assert answer.status == HTTPStatus.OK
    assert said in answer.body
    assert bool(answer.body) == bool(said)


def test_two_origins_are_none(reception: Reception) -> None:
    twice = ("Origin", "http://chat.example"), ("Origin", "http://chat.example")
    assert asked(reception, "/chat", *twice).status == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    ("secure", "host", "told"),
    [
        (True, "chat.example", True),
        (True, "localhost", False),
        (True, "127.0.0.1", False),
        (False, "chat.example", False),
    ],
)
def test_browsers_are_told_to_come_by_tls_only(
    reception: Reception, secure: bool, host: str, told: bool
) -> None:
    visitor = Visitor("192.0.2.1", secure=secure, local="127.0.0.1")
    sent = dict(asked(reception, "/", host=host, visitor=visitor).headers)
    assert ("Strict-Transport-Security" in sent) == told


def test_a_trusted_proxy_tells_who_asks(reception: Reception) -> None:
    headers = Headers([("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https")])
    for peer, found in (
        ("10.0.0.1", Visitor("192.0.2.7", secure=True, local="::1")),
        ("192.0.2.9", Visitor("192.0.2.9", secure=False, local="::1")),
    ):
        assert reception.visitor(headers, peer, "::1", secure=False) == found
    plain = Headers([("Forwarded", "for=192.0.2.7;proto=http")])
    assert not reception.visitor(plain, "10.0.0.1", "::1", secure=True).secure
    assert reception.visitor(Headers(), "10.0.0.1", "::1", secure=True).secure


def test_a_proxy_that_talks_nonsense_is_told_so(
    reception: Reception, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unfit) as caught:
        reception.visitor(Headers([("X-Forwarded-For", "me")]), "10.0.0.1", "::1", secure=False)
    assert caught.value.answer.status == HTTPStatus.BAD_REQUEST
    assert "through the proxy 10.0.0.1 is refused: A proxy names the client 'me'." in caplog.text


def test_the_page_behind_a_proxy_that_ends_tls_is_our_own(reception: Reception) -> None:
    origin = ("Origin", "https://chat.example")
    assert ask(reception, "/chat", origin) is not None
    secure = Visitor("192.0.2.1", secure=True, local="127.0.0.1")
    assert ask(reception, "/chat", origin, visitor=secure) is None
