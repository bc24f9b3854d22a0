"""Answers to requests: the page's files, and which requests may change the switches.

Rule of this file: decisions about requests; no sockets.

The page is served on this machine's own address, to which any web page that the user has open can
send requests, too.  So the Host must be this server's, which excludes names that resolve to it
(DNS rebinding); requests from another site are refused where the browser reports it; and the
switches need a token that only this server's own page has received.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from examples.chatroom.doors.web.answers import Answer, refuse

from .http import BadRequest, Request
from .pace import Pace

FILES = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}  # fmt: skip
EVENTS, CONTROL = "/events", "/control"
TOKEN_FIELD = "x-watch-token"
_TOKEN_MARK = b"{{token}}"
_DOOR_MARK = b"{{door}}"


class Site:
    """The page and its switches.

    Args:
        pace: The object that the switches control.
        door: How to join the chat room, for the page to show.

    Attributes:
        hosts: The values of Host that mean this server; none until they are set.
        token: The token that the switches require.
    """

    def __init__(self, pace: Pace, door: str) -> None:
        self.hosts: frozenset[str] = frozenset()
        self.token = secrets.token_urlsafe(24)
        self._files = {f"/{path.name}": _load(path) for path in FILES.iterdir()}
        page = self._files.pop("/index.html")
        body = page.body.replace(_TOKEN_MARK, self.token.encode()).replace(
            _DOOR_MARK, door.encode()
        )
        self._files["/"] = Answer(HTTPStatus.OK, body, page.kind)
        self._switches: dict[str, Callable[[float | str], None]] = {
            "mode": lambda value: pace.set_mode(str(value)),
            "delay": lambda value: pace.set_delay(float(value)),
            "step": lambda value: pace.step_pass() if value == "pass" else pace.step(),
        }

    def check(self, request: Request) -> None:
        """Refuse requests that are not meant for this server.

        Raises:
            BadRequest: The Host is another one, or another site sends the request.
        """
        if request.fields.get("host", "").lower() not in self.hosts:
            raise BadRequest(HTTPStatus.MISDIRECTED_REQUEST, "There is no such host here.")
        if request.fields.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise BadRequest(HTTPStatus.FORBIDDEN, "Other sites may not come in here.")
        origin = request.fields.get("origin")
        if origin is not None and origin.lower().removeprefix("http://") not in self.hosts:
            raise BadRequest(HTTPStatus.FORBIDDEN, "Pages of that origin may not come in here.")

    def answer(self, request: Request, body: bytes) -> Answer:
        """Return the answer to any request but that for the stream of events.

        Raises:
            BadRequest: There is no such page, or the request is invalid.
        """
        if request.path == CONTROL:
            return self._control(request, body)
        if request.path not in self._files:
            raise BadRequest(HTTPStatus.NOT_FOUND, "There is no such page here.")
        if request.method not in ("GET", "HEAD"):
            raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read.")
        return self._files[request.path]

    def _control(self, request: Request, body: bytes) -> Answer:
        if request.method != "POST":
            raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "Switches are moved with POST.")
        if not hmac.compare_digest(request.fields.get(TOKEN_FIELD, ""), self.token):
            raise BadRequest(HTTPStatus.FORBIDDEN, "The token is missing or wrong: load the page.")
        try:
            ((switch, value),) = json.loads(body).items()
            self._switches[switch](value)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            sentence = "The body is one of {mode}, {delay} and {step}, as JSON."
            raise BadRequest(HTTPStatus.BAD_REQUEST, sentence) from error
        return Answer(HTTPStatus.NO_CONTENT, b"")


def may_stream(request: Request) -> None:
    """Check a request for the stream of events.

    Raises:
        BadRequest: The request is invalid.
    """
    if request.method != "GET":
        raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "The events can only be read.")


def error_answer(error: BadRequest) -> Answer:
    """Return the answer that reports the error."""
    return refuse(error.status, str(error))


def _load(path: Path) -> Answer:
    return Answer(HTTPStatus.OK, path.read_bytes(), KINDS[path.suffix])
