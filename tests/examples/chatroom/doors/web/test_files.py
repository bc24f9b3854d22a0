from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

from examples.chatroom.doors.web.files import KEPT, File, files_of
from examples.chatroom.doors.web.pages import STATIC

INDEX = """<!doctype html>
<link rel="icon" href="static/icon.svg">
<link rel="stylesheet" href="static/page.css">
<script src="static/first.js"></script>
<script type="module" src="static/main.js"></script>
<img src="static/icon.svg"><a href="status">state</a>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "page.css").write_bytes(b"p { margin: 0 }\r\nb { color: red }\r\n")
    (tmp_path / "first.js").write_text("'use strict';\n")
    (tmp_path / "main.js").write_text('import { one } from "./one.js";\n' + "one();\n" * 99)
    (tmp_path / "one.js").write_text("export const one = () => 1;\n")
    return tmp_path


def page_of(files: dict[str, File]) -> str:
    return files["/"].plain.body.decode()


def header(file: File, name: str) -> str:
    return dict(file.plain.headers)[name]


def test_the_page_needs_three_requests(folder: Path) -> None:
    files = files_of(folder)
    named = re.findall(r'(?:src|href)="(static/[^"]*)"', page_of(files))
    assert sorted({re.sub(r"\.[0-9a-f]{12}\.", ".HASH.", each) for each in named}) == [
        "static/icon.HASH.svg",
        "static/main.HASH.js",
    ]
    assert all(header(files[f"/{each}"], "Cache-Control") == KEPT for each in named)
    assert 'href="status"' in page_of(files)


def test_another_content_has_another_name(folder: Path) -> None:
    before = files_of(folder)
    (folder / "one.js").write_text("export const one = () => 2;\n")
    after = files_of(folder)
    new = sorted(set(after) - set(before))
    assert len(new) == 1
    assert new[0].startswith("/static/main.")
    assert new[0][1:] in page_of(after)
    assert header(before["/"], "ETag") != header(after["/"], "ETag")
    assert files_of(folder) == after


def test_what_lies_within_the_page_is_allowed_by_its_hash_alone(folder: Path) -> None:
    files = files_of(folder)
    policy = header(files["/"], "Content-Security-Policy")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        found = re.search(f"<{tag}>(.*?)</{tag}>", page_of(files), re.DOTALL)
        assert found is not None
        assert "\r" not in found[1], "a browser reads it as a line end, and hashes that"
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{directive} 'self' 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")


def test_each_source_is_there_by_its_own_name_too(folder: Path) -> None:
    files = files_of(folder)
    assert header(files["/static/one.js"], "Cache-Control") == "no-cache"
    assert "/static/index.html" not in files


def test_what_can_be_packed_is(folder: Path) -> None:
    files = files_of(folder)
    main = next(file for path, file in files.items() if re.match(r"/static/main\.\w{12}\.", path))
    assert main.packed is not None
    assert gzip.decompress(main.packed.body) == main.plain.body
    assert dict(main.packed.headers)["Content-Encoding"] == "gzip"
    assert header(main, "Vary") == "Accept-Encoding"
    assert header(main, "ETag").startswith('W/"')
    assert files["/static/icon.svg"].packed is None, "longer than before"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("page.css", "p {} /* </style><script> */", "page.css has the end of an element"),
        ("first.js", "'</SCRIPT>'", "first.js has the end of an element"),
        ("first.js", "'<!--'", "first.js has the end of an element"),
        ("main.js", 'import { x } from "./gone.js";', "main.js imports gone.js"),
        ("index.html", '<img src="static/gone.png">', "The page names gone.png"),
    ],
)
def test_a_page_that_cannot_be_put_together_is_said(
    folder: Path, name: str, content: str, complaint: str
) -> None:
    (folder / name).write_text(content)
    with pytest.raises(ValueError, match=complaint):
        files_of(folder)


def test_the_chat_rooms_page_is_few_and_small() -> None:
    """The bytes sent until the log-in is shown; the icons of the manifest come later."""
    files = files_of(STATIC)
    named = set(re.findall(r'(?:src|href)="(static/[^"]*)"', page_of(files)))
    assert len(named) <= 4
    needed = [files["/"], *(files[f"/{each}"] for each in named if not each.endswith(".png"))]
    assert sum(len((each.packed or each.plain).body) for each in needed) < 60_000
