"""What there is to see: the page's files, and the server's state.

Rule of this file: a path into an answer.  The files are a table made at the start, so no path from
the network ever reaches the file system.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path

from .answers import Answer, refuse

log = logging.getLogger("chatroom")

STATIC = Path(__file__).parent / "static"
REFRESH = 5  # seconds
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_STYLE = b"""\
:root { color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; }
th { font-weight: 600; }
"""


class Pages:
    """The table of all paths but the WebSocket's.

    Args:
        status: Returns the server's state, a dict of plain values and of dicts like itself.
        folder: Where the page's files are; ``index.html`` becomes ``/``.
    """

    def __init__(self, status: Callable[[], Mapping[str, object]], folder: Path = STATIC) -> None:
        self._status = status
        self._files = {"/status.css": _file(_STYLE, TYPES[".css"])}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in TYPES:
                name = path.relative_to(folder).as_posix()
                self._files[f"/static/{name}"] = _file(path.read_bytes(), TYPES[path.suffix])
        if "/static/index.html" in self._files:
            self._files["/"] = self._files["/static/index.html"]
        else:
            log.warning(
                "There is no page in %s: the web door serves no more than its state.", folder
            )

    def answer(self, path: str, known: str = "") -> Answer:
        """Return the answer to a request for `path`, of which the browser has the version `known`.

        Args:
            path: The path as it was sent, without what follows a question mark.
            known: The If-None-Match header.
        """
        if path == "/status":
            return Answer(HTTPStatus.OK, _status_page(self._status()), TYPES[".html"])
        if path == "/status.json":
            status = self._status()
            body = json.dumps(status, indent=2).encode() + b"\n"
            # By the code alone a program that watches knows: no figures are read for that.
            well = status.get("healthy", True)
            code = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            return Answer(code, body, "application/json")
        found = self._files.get(path)
        if found is None:
            return refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")
        if _matches(known, dict(found.headers)["ETag"]):
            return Answer(HTTPStatus.NOT_MODIFIED, b"", found.kind, found.headers)
        return found


def _file(data: bytes, kind: str) -> Answer:
    # Asked for again each time and answered with a hundred bytes: nobody runs yesterday's script.
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    return Answer(HTTPStatus.OK, data, kind, (("ETag", tag), ("Cache-Control", "no-cache")))


def _matches(known: str, tag: str) -> bool:
    return tag in (each.strip().removeprefix("W/") for each in known.split(","))


def _status_page(status: Mapping[str, object]) -> bytes:
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8"><title>Chat room: status</title>\n'
        f'<meta http-equiv="refresh" content="{REFRESH}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
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
