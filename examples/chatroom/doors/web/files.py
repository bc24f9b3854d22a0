"""The page's files as they are served: few requests, and each file is sent once.

Rule of this file: convert a folder to a table of responses, once at the start.

The page itself contains what its first rendering needs: its style, and the plain scripts that check
that the rest arrives.  The modules become one script.  A file that the page names is served under a
name with a hash of its content, which a browser may cache for ever: changed content has another
name.  The page itself is revalidated each time, so no browser runs an outdated script.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from .answers import CONTENT_POLICY, Answer, policy
from .bundle import BadPage, bundle

INDEX = "index.html"
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
ASKED_AGAIN = "no-cache"
KEPT = "public, max-age=31536000, immutable"
_PACKED = {".html", ".css", ".js", ".svg", ".txt", ".webmanifest"}  # others are compressed already
_STYLE = re.compile(r'<link rel="stylesheet" href="static/([\w.-]+)">')
_SCRIPT = re.compile(r'<script src="static/([\w.-]+)"></script>')
_MODULE = re.compile(r'(<script type="module" src=")static/([\w.-]+)(")')
_OTHER = re.compile(r'((?:src|href)=")static/([\w.-]+)(")')
_NOT_WITHIN = re.compile(r"</(?:script|style)|<!--", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """One file.

    Attributes:
        plain: The response, uncompressed.
        packed: The response compressed with gzip; None where that saves nothing.
    """

    plain: Answer
    packed: Answer | None

    @property
    def tag(self) -> str:
        """The version, as in the ETag header."""
        return dict(self.plain.headers)["ETag"]


def file_of(data: bytes, suffix: str, caching: str = ASKED_AGAIN, *more: tuple[str, str]) -> File:
    """Return `data` as a file.

    Args:
        data: The content.
        suffix: The suffix of its name; a key of `TYPES`.
        caching: Its Cache-Control header.
        more: Other headers.
    """
    # Weak, because the two forms of a file share it (RFC 9110, 8.8.1).
    tag = f'W/"{_hash(data)}"'
    headers = (("ETag", tag), ("Cache-Control", caching), ("Vary", "Accept-Encoding"), *more)
    plain = Answer(HTTPStatus.OK, data, TYPES[suffix], headers)
    small = gzip.compress(data, mtime=0) if suffix in _PACKED else data
    if len(small) >= len(data):
        return File(plain, None)
    packed = Answer(HTTPStatus.OK, small, TYPES[suffix], (*headers, ("Content-Encoding", "gzip")))
    return File(plain, packed)


def files_of(folder: Path) -> dict[str, File]:
    """Return the files in `folder` and its subfolders by the paths at which they are served.

    `INDEX` is the page, at ``/``; without that file there is no page.

    Raises:
        BadPage: The page or its modules cannot be assembled; the sentence gives the reason.
    """
    raw = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }
    index = raw.pop(INDEX, None)
    found = {f"/static/{name}": file_of(data, Path(name).suffix) for name, data in raw.items()}
    if index is not None:
        _Assembly(raw, found).assemble(_text(index))
    return found


class _Assembly:
    """Assembles the page.

    Args:
        raw: The contents of all other files, by name.
        found: Receives the page and the files with names that contain a hash.
    """

    def __init__(self, raw: dict[str, bytes], found: dict[str, File]) -> None:
        self._raw = raw
        self._found = found
        self._hashes: dict[str, list[str]] = {"style": [], "script": []}

    def assemble(self, index: str) -> None:
        text = _STYLE.sub(lambda each: self._within("style", each[1]), index)
        text = _SCRIPT.sub(lambda each: self._within("script", each[1]), text)
        text = _MODULE.sub(lambda each: f"{each[1]}{self._module(each[2])}{each[3]}", text)
        text = _OTHER.sub(lambda each: f"{each[1]}{self._kept(each[2])}{each[3]}", text)
        own = policy(styles=self._hashes["style"], scripts=self._hashes["script"])
        self._found["/"] = file_of(text.encode(), ".html", ASKED_AGAIN, (CONTENT_POLICY, own))

    def _within(self, tag: str, name: str) -> str:
        """Return an element with the content of a file, which the policy allows by its hash."""
        content = _text(self._read(name))
        if _NOT_WITHIN.search(content):
            raise BadPage(f"{name} has the end of an element in it.")
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        self._hashes[tag].append(f"'sha256-{digest}'")
        return f"<{tag}>{content}</{tag}>"

    def _module(self, name: str) -> str:
        sources = {each: _text(data) for each, data in self._raw.items() if each.endswith(".js")}
        return self._add(name, bundle(name, sources).encode())

    def _kept(self, name: str) -> str:
        if self._is_hashed(name):
            return f"static/{name}"
        return self._add(name, self._read(name))

    def _is_hashed(self, name: str) -> bool:
        return name not in self._raw and f"/static/{name}" in self._found

    def _add(self, name: str, data: bytes) -> str:
        path = Path(name)
        hashed = f"static/{path.stem}.{_hash(data)[:12]}{path.suffix}"
        self._found[f"/{hashed}"] = file_of(data, path.suffix, KEPT)
        return hashed

    def _read(self, name: str) -> bytes:
        if name not in self._raw:
            raise BadPage(f"The page names {name}, which is not there.")
        return self._raw[name]


def _text(data: bytes) -> str:
    # A browser hashes the text of a style or a script with normalised line ends.
    return data.decode().replace("\r\n", "\n")


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
