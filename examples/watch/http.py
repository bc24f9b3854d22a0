"""HTTP/1.1 requests, to the extent that this page needs.

Rule of this file: from bytes to a checked request; no decisions, no sockets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

LONGEST_HEAD = 8192  # bytes; browsers send a tenth of it
LONGEST_BODY = 256  # bytes; the page posts about twenty
MOST_FIELDS = 64

_LINE = re.compile(rb"([A-Z]{3,10}) (/[!-~]*) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t]*?)[ \t]*")


class BadRequest(Exception):
    """A request is refused; the text is a sentence with the reason."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body.

    Attributes:
        method: The method, as it was sent.
        path: The path without the query.
        fields: The header fields, names in lower case.
        length: Bytes of the body that follows.
    """

    method: str
    path: str
    fields: dict[str, str]
    length: int


def parse_head(head: bytes) -> Request:
    """Return the request in `head`, the bytes up to the empty line.

    Raises:
        BadRequest: It is invalid, or uses a feature that is not supported here.
    """
    first, *rest = head.split(b"\r\n")
    match = _LINE.fullmatch(first)
    if match is None:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "That is not a request of HTTP/1.1.")
    fields = _fields(rest)
    method, target = match[1].decode("ascii"), match[2].decode("ascii")
    return Request(method, target.partition("?")[0], fields, _length(fields))


def _fields(lines: list[bytes]) -> dict[str, str]:
    if len(lines) > MOST_FIELDS:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "Those are too many headers.")
    fields: dict[str, str] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "A header is malformed.")
        name = match[1].decode("ascii").lower()
        if name in fields:
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"There is more than one {name}.")
        fields[name] = match[2].decode("ascii")
    return fields


def _length(fields: dict[str, str]) -> int:
    if "transfer-encoding" in fields:
        raise BadRequest(HTTPStatus.NOT_IMPLEMENTED, "Bodies in pieces are not taken here.")
    text = fields.get("content-length", "0")
    if not text.isdecimal() or not text.isascii():
        raise BadRequest(HTTPStatus.BAD_REQUEST, "The length of the body is no number.")
    if len(text) > 6 or int(text) > LONGEST_BODY:
        raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That body is too long.")
    return int(text)
