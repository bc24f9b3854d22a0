"""The head of an HTTP request, received in pieces.

Rule of this file: bytes in, a complete and valid head out; other files interpret the request.

The package that implements WebSocket parses a head, but sends no answer to an invalid one and waits
for the rest of an incomplete one for ever.  So every head is checked here first.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from .answers import Answer, refuse

LONGEST_LINE = 8192  # bytes; the parser accepts no longer lines
METHODS = ("GET", "HEAD")

_REQUEST_LINE = re.compile(rb"([!-~]{1,32}) ([!-~]+) HTTP/(\d)\.(\d)\r\n")
_BODY = re.compile(rb"\n(?:transfer-encoding:|content-length:(?![ \t]*0+[ \t]*\r))", re.IGNORECASE)
_HOST = re.compile(rb"\nhost:", re.IGNORECASE)
_END = b"\r\n\r\n"


class Unfit(Exception):
    """The request cannot be served.

    Attributes:
        answer: The response to send.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status.phrase)
        self.answer = answer


class HeadReader:
    """Collects one head.

    Args:
        max_size: Bytes, the empty line at its end included.
        max_lines: Header lines.

    Attributes:
        rest: The data after the head.
    """

    def __init__(self, max_size: int, max_lines: int) -> None:
        self.rest = b""
        self._max_size = max_size
        self._max_lines = max_lines
        self._data = bytearray()

    @property
    def begun(self) -> bool:
        """Whether any data was received."""
        return bool(self._data)

    def receive(self, data: bytes) -> bytes | None:
        """Take `data`; return the head when it is complete.

        Raises:
            Unfit: The data cannot become a head, or not one that is served.
        """
        searched = max(0, len(self._data) - len(_END))
        self._data += data[: self._max_size + 1]  # one byte more shows that it is too long
        if self._data[:1] and not 0x41 <= self._data[0] <= 0x5A:  # no capital: TLS, telnet, noise
            raise Unfit(refuse(HTTPStatus.BAD_REQUEST, "This is no HTTP request."))
        end = self._data.find(_END, searched)
        size = len(self._data) if end < 0 else end + len(_END)
        self._check_size(size)
        if end < 0:
            return None
        head, self.rest = bytes(self._data[:size]), self._rest(data, size)
        check(head)
        return head

    def _rest(self, data: bytes, size: int) -> bytes:
        before = len(self._data) - len(data[: self._max_size + 1])
        return data[size - before :]

    def _check_size(self, size: int) -> None:
        line = self._data.find(b"\n", 0, LONGEST_LINE)
        if line < 0 and len(self._data) >= LONGEST_LINE:
            raise Unfit(refuse(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long."))
        lines = self._data.count(b"\n", 0, size)
        if size > self._max_size or lines > self._max_lines + 2 or self._has_long_line(size):
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise Unfit(refuse(status, "The request's headers are too large."))

    def _has_long_line(self, size: int) -> bool:
        if size <= LONGEST_LINE:
            return False
        return any(len(line) >= LONGEST_LINE for line in self._data[:size].split(b"\n"))


def check(head: bytes) -> None:
    """Check that `head` can be served.

    Raises:
        Unfit: It cannot.
    """
    found = _REQUEST_LINE.match(head)
    if found is None:
        raise Unfit(refuse(HTTPStatus.BAD_REQUEST, "This is no HTTP request."))
    method, _, major, minor = found.groups()
    if major != b"1" or minor not in b"01":
        status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        raise Unfit(refuse(status, "Only HTTP/1.1 is spoken here."))
    if method.decode() not in METHODS:
        allow = ("Allow", ", ".join(METHODS))
        raise Unfit(refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be sent here.", allow))
    if _BODY.search(head):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise Unfit(refuse(status, "A request with content is not taken here."))
    if len(_HOST.findall(head)) != 1 and minor == b"1":
        raise Unfit(refuse(HTTPStatus.BAD_REQUEST, "A request needs one Host header."))
