from __future__ import annotations

import json
import logging
from http import HTTPStatus
from pathlib import Path

import pytest

from examples.chatroom.doors.web.pages import Pages

from .helpers import headers

STATUS = {
    "rooms": 3,
    "loop": {"latency_seconds": 0.25, "name": "<b>&\"'"},
    "well": True,
    "bad": ["<i>", 1],
}


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "chat.js").write_text("1")
    (tmp_path / "deep" / "long.css").write_text("p {}\n" * 200)
    (tmp_path / "notes.md").write_text("not for everybody")
    return Pages(lambda: STATUS, tmp_path)


def test_the_page_and_its_files(pages: Pages) -> None:
    assert pages.answer("/").body == b"<!doctype html>"
    assert pages.answer("/").kind == "text/html; charset=utf-8"
    assert pages.answer("/static/deep/chat.js").kind == "text/javascript; charset=utf-8"
    assert b"color-scheme" in pages.answer("/status.css").body


@pytest.mark.parametrize(
    "path",
    ["/x", "", "/static/", "/static/../pages.py", "/static/%2e%2e/pages.py", "/static/notes.md",
     "//", "/index.html", "/static/index.html", "/static/deep", "/STATIC/index.html", "http://a/"],
)  # fmt: skip
def test_nothing_else_is_there(pages: Pages, path: str) -> None:
    assert pages.answer(path).status == HTTPStatus.NOT_FOUND


def test_a_file_that_is_known_is_not_sent_again(pages: Pages) -> None:
    tag = dict(pages.answer("/").headers)["ETag"]
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        answer = pages.answer("/", known)
        assert (answer.status, answer.body) == (HTTPStatus.NOT_MODIFIED, b"")
        sent = headers(answer.serialize(0.0))
        assert (sent["ETag"], sent["Cache-Control"]) == (tag, "no-cache")
        assert "Content-Length" not in sent
    assert pages.answer("/", '"other"').status == HTTPStatus.OK


@pytest.mark.parametrize(
    ("encodings", "packed"),
    [
        ("gzip", True),
        ("br, GZip;q=0.5, *;q=0", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("xgzip", False),
    ],
)
def test_it_is_packed_for_those_who_unpack_it(pages: Pages, encodings: str, packed: bool) -> None:
    answer = pages.answer("/static/deep/long.css", "", encodings)
    assert ("Content-Encoding" in dict(answer.headers)) == packed
    assert (len(answer.body) < 999) == packed


def test_the_state_as_json(pages: Pages) -> None:
    answer = pages.answer("/status.json")
    assert json.loads(answer.body) == STATUS
    assert headers(answer.serialize(0.0))["Cache-Control"] == "no-store"


def test_what_is_not_well_is_told_by_the_code_too() -> None:
    state: dict[str, object] = {"healthy": True}
    pages = Pages(lambda: state)
    assert pages.answer("/status.json").status == HTTPStatus.OK
    state["healthy"] = False
    answer = pages.answer("/status.json")
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert json.loads(answer.body) == {"healthy": False}


def test_the_state_as_a_page_is_never_markup(pages: Pages) -> None:
    page = pages.answer("/status").body.decode()
    assert "<b>" not in page
    assert "&lt;i&gt;<br>1" in page
    assert "&lt;b&gt;&amp;&quot;&#x27;" in page
    assert "latency seconds" in page
    assert "0.250" in page
    assert 'http-equiv="refresh"' in page
    assert "<style" not in page
    assert "<script" not in page
    assert "style=" not in page
    assert '"/' not in page, "a link that leads out of the path below which the room is served"


def test_a_missing_page_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        pages = Pages(dict, tmp_path)
    assert "There is no page" in caplog.text
    assert pages.answer("/").status == HTTPStatus.NOT_FOUND
