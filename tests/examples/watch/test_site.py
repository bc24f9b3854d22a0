"""Who gets what, and who may move the switches."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest

from examples.watch.http import BadRequest, Request
from examples.watch.pace import PAUSE, RUN, Pace
from examples.watch.site import FILES, Site, error_answer, may_stream

HOST = "127.0.0.1:8090"


@pytest.fixture
def site() -> Site:
    site = Site(Pace(), "telnet 127.0.0.1 1234")
    site.hosts = frozenset({HOST, "localhost:8090"})
    return site


def get(path: str, method: str = "GET", **fields: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request(method, path, {"host": HOST, **named}, 0)


def status(site: Site, request: Request, body: bytes = b"") -> int:
    try:
        site.check(request)
        return int(site.answer(request, body).status)
    except BadRequest as error:
        return int(error_answer(error).status)


def test_the_page_has_its_token(site: Site) -> None:
    body = site.answer(get("/"), b"").body.decode()
    assert f'<meta name="token" content="{site.token}">' in body
    assert "telnet 127.0.0.1 1234" in body
    assert "{{" not in body


def test_tokens_differ() -> None:
    assert Site(Pace(), "").token != Site(Pace(), "").token


def test_every_file_is_served_and_every_link_leads_to_one(site: Site) -> None:
    for path in FILES.iterdir():
        if path.name != "index.html":
            assert status(site, get(f"/{path.name}")) == 200
        text = path.read_text()
        for name in re.findall(r'(?:src|href)="([^"]+)"|from "\./([^"]+)"', text):
            assert (FILES / "".join(name)).is_file()


def test_nothing_comes_from_elsewhere() -> None:
    for path in FILES.iterdir():
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text())
        assert "innerHTML" not in path.read_text()
        assert "style=" not in path.read_text()


@pytest.mark.parametrize("path", ["/x", "/index.html", "/../site.py", "/static/main.js", "/."])
def test_what_is_not_there(site: Site, path: str) -> None:
    assert status(site, get(path)) == 404


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, 200),
        ({"host": "LOCALHOST:8090"}, 200),
        ({"origin": f"http://{HOST}"}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"host": "evil.example:8090"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": f"https://{HOST}"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": HOST + ".evil.example"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
    ],
)
def test_who_may_come_in(site: Site, fields: dict[str, str], wanted: int) -> None:
    assert status(site, get("/", **fields)) == wanted


def test_a_refusal_says_why() -> None:
    answer = error_answer(BadRequest(HTTPStatus.FORBIDDEN, "No."))
    assert (answer.status, answer.body) == (403, b"No.\n")


def test_before_the_port_is_known_nobody_comes_in() -> None:
    assert status(Site(Pace(), ""), get("/")) == 421


def post(site: Site, body: bytes, **fields: str) -> int:
    fields = {"x_watch_token": site.token, **fields}
    return status(site, get("/control", "POST", **fields), body)


def test_switches() -> None:
    pace = Pace()
    site = Site(pace, "")
    site.hosts = frozenset({HOST})
    assert post(site, b'{"mode":"pause"}') == 204
    assert pace.mode == PAUSE
    assert post(site, b'{"delay":1.5}') == 204
    assert pace.delay == 1.5
    assert post(site, b'{"step":"stop"}') == 204
    assert pace._steps == 1
    assert post(site, b'{"step":"pass"}') == 204
    assert pace._to_next_pass
    assert post(site, b'{"mode":"run"}') == 204
    assert pace.mode == RUN


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", b'{"mode":"fast"}', b'{"mode":null}', b'{"delay":"x"}',
     b'{"delay":[]}',
     b'{"delay":1e9}', b'{"x":1}', b'{"mode":"run","delay":1}', b"\xff", b"[" * 200, b"1",
     b'{"delay":NaN}'],
)  # fmt: skip
def test_nonsense_moves_nothing(site: Site, body: bytes) -> None:
    assert post(site, body) == 400


@pytest.mark.parametrize(
    "fields",
    [{"x_watch_token": ""}, {"x_watch_token": "x"}, {"origin": "http://evil.example"},
     {"sec_fetch_site": "cross-site"}, {"host": "evil.example"}],
)  # fmt: skip
def test_other_sites_move_nothing(fields: dict[str, str]) -> None:
    pace = Pace()
    site = Site(pace, "")
    site.hosts = frozenset({HOST})
    assert post(site, b'{"mode":"pause"}', **fields) in (403, 421)
    assert pace.mode == RUN


def test_the_token_must_be_there(site: Site) -> None:
    assert status(site, get("/control", "POST"), b'{"mode":"pause"}') == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_switches_are_moved_with_post_only(site: Site, method: str) -> None:
    assert status(site, get("/control", method, x_watch_token=site.token)) == 405


def test_the_page_is_only_read(site: Site) -> None:
    assert status(site, get("/", "POST")) == 405
    assert status(site, get("/", "HEAD")) == 200
    may_stream(get("/events"))
    with pytest.raises(BadRequest):
        may_stream(get("/events", "POST"))
