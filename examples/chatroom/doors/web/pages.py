"""The page's files, and the server's state.

Rule of this file: convert a path to a response.  The files are a table made at the start, so no
path from the network ever reaches the file system.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path

from .answers import Answer, refuse
from .files import file_of, files_of

log = logging.getLogger("chatroom")

STATIC = Path(__file__).parent / "static"
REFRESH = 5  # seconds
_HTML = "text/html; charset=utf-8"
_GZIP = re.compile(r"gzip(?:\s*;\s*q=(?:1(?:\.0*)?|0\.0*[1-9]\d*))?", re.IGNORECASE)
_STYLE = b"""\
:root { color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; }
th { font-weight: 600; }
"""


class Pages:
    """The table of all paths except the WebSocket's.

    Args:
        status: Returns the server's state, a dict of plain values and nested dicts.
        folder: Where the page's files are; ``index.html`` becomes ``/``.

    Raises:
        BadPage: The page cannot be assembled.
    """

    def __init__(self, status: Callable[[], Mapping[str, object]], folder: Path = STATIC) -> None:
        self._status = status
        self._files = {"/status.css": file_of(_STYLE, ".css"), **files_of(folder)}
        if "/" not in self._files:
            log.warning(
                "There is no page in %s: the web door serves no more than its state.", folder
            )

    def answer(self, path: str, known: str = "", encodings: str = "") -> Answer:
        """Return the response for `path`; the browser has the version `known` of it.

        Args:
            path: The path as it was sent, without the query.
            known: The If-None-Match header.
            encodings: The Accept-Encoding header.
        """
        if path == "/status":
            return Answer(HTTPStatus.OK, _status_page(self._status()), _HTML)
        if path == "/status.json":
            status = self._status()
            body = json.dumps(status, indent=2).encode() + b"\n"
            # The status code is enough for a monitoring program; it need not read the figures.
            well = status.get("healthy", True)
            code = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            return Answer(code, body, "application/json")
        found = self._files.get(path)
        if found is None:
            return refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")
        plain = found.plain
        if _matches(known, found.tag):
            return Answer(HTTPStatus.NOT_MODIFIED, b"", plain.kind, plain.headers)
        return found.packed if found.packed is not None and _unpacks(encodings) else plain


def _matches(known: str, tag: str) -> bool:
    return tag.removeprefix("W/") in (each.strip().removeprefix("W/") for each in known.split(","))


def _unpacks(encodings: str) -> bool:
    return any(_GZIP.fullmatch(each.strip()) for each in encodings.split(","))


def _status_page(status: Mapping[str, object]) -> bytes:
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8"><title>Chat room: status</title>\n'
        f'<meta http-equiv="refresh" content="{REFRESH}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="static/icon.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="status.css"></head>\n'
        f"<body><h1>Chat room: status</h1>\n{_table(status)}\n"
        '<p>The same as <a href="status.json">JSON</a>.</p></body></html>\n'
    ).encode("utf-8", "replace")


def _table(values: Mapping[str, object]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th><td>{_cell(value)}</td></tr>\n'
        for name, value in values.items()
    )
    return f"<table>\n{rows}</table>"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, list | tuple):
        return "<br>".join(map(_cell, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.3f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(str(value))
