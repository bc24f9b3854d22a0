"""The response to a request, unless it may become a WebSocket.

Rule of this file: decisions on one request; no sockets, no timers.

The order matters: first the client, as a trusted proxy names it; then whether the Host header's
name is ours, for all paths alike; and only then the path.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import unquote

from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request

from ..proxies import BadForwarding, Proxies
from .answers import Answer, refuse
from .head import Unfit
from .hosts import Hosts, is_own_name
from .origin import may_connect
from .pages import Pages

log = logging.getLogger("chatroom")

CHAT = "/chat"
ORIGIN = "/origin"
"""The path that gives a page the reason for a refused origin, which no browser shows it."""
HSTS = ("Strict-Transport-Security", "max-age=2592000")  # 30 days: less than a certificate's life
_ABSOLUTE = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
_PLAIN_ORIGIN = re.compile(r"https?://[\w.:\[\]-]+", re.ASCII)  # safe to paste into a command line
_LONGEST = 100  # characters of an untrusted header in a log line or a response


@dataclass(frozen=True, slots=True)
class Visitor:
    """The client of a request.

    Attributes:
        address: The client's address.
        secure: Whether the client speaks TLS, with us or with a trusted proxy.
        local: Our own address of the connection.
    """

    address: str
    secure: bool
    local: str


@dataclass(frozen=True, slots=True)
class Reception:
    """Answers requests.

    Attributes:
        pages: The page's files and the state.
        hosts: The accepted names of this server.
        origins: Further origins whose pages may open a WebSocket.
        proxies: The proxies that are trusted about the client.
    """

    pages: Pages
    hosts: Hosts
    origins: Collection[str]
    proxies: Proxies

    def visitor(self, headers: Headers, peer: str, local: str, *, secure: bool) -> Visitor:
        """Return the client of a request.

        Args:
            headers: The request's headers.
            peer: The address of the other end of the connection.
            local: The address of our own end.
            secure: Whether the connection uses TLS.

        Raises:
            Unfit: A trusted proxy's headers are invalid.
        """
        try:
            client = self.proxies.client(
                peer,
                forwarded_for=headers.get_all("X-Forwarded-For"),
                forwarded=headers.get_all("Forwarded"),
                proto=headers.get_all("X-Forwarded-Proto"),
            )
        except BadForwarding as error:
            log.warning("A request through the proxy %s is refused: %s", peer, error)
            raise Unfit(refuse(HTTPStatus.BAD_REQUEST, str(error))) from error
        secure = client.scheme == "https" if client.scheme else secure
        return Visitor(client.address, secure, local)

    def answer(self, request: Request, visitor: Visitor, *, head: bool) -> Answer | None:
        """Return the response, or None if the request may become a WebSocket.

        Args:
            request: The request.
            visitor: The client.
            head: Whether the method is HEAD.
        """
        try:
            host = request.headers.get("Host")
            target, host = _target(request.path, host)
            origin = request.headers.get("Origin")
        except MultipleValuesError:
            return refuse(HTTPStatus.BAD_REQUEST, "There is more than one Origin.")
        if not self.hosts.admit(host, visitor.local):
            return self._misdirected(visitor, host or "")
        path, _, query = target.partition("?")
        if path == CHAT and not head:
            return self._refusal(origin, host or "", visitor)
        if path == ORIGIN:
            refusal = self._refusal(unquote(query), host or "", visitor)
            answer = Answer(HTTPStatus.OK, b"" if refusal is None else refusal.body)
        else:
            known, encodings = (
                ",".join(request.headers.get_all(name))
                for name in ("If-None-Match", "Accept-Encoding")
            )
            answer = self.pages.answer(path, known, encodings)
        return self._with_hsts(answer, host or "", visitor)

    def warn_of_tls(self, peer: str) -> None:
        """Log that `peer` began a TLS handshake at a door without TLS."""
        log.warning("%s speaks TLS, which this port does not (--tls-cert).", peer)

    def _misdirected(self, visitor: Visitor, host: str) -> Answer:
        name = _shown(host)
        log.warning(
            "%s asked for the host %s and was refused, for it may be the name of another site "
            "(DNS rebinding).  If it is a name of this server: --web-name NAME lets it in.",
            visitor.address,
            name,
        )
        return refuse(
            HTTPStatus.MISDIRECTED_REQUEST,
            f"This chat room is not known by the name {name}. If it is one of its names, its "
            "administrator can say so with the option --web-name.",
        )

    def _refusal(self, origin: str | None, host: str, visitor: Visitor) -> Answer | None:
        if may_connect(origin, host, secure=visitor.secure, allowed=self.origins):
            return None
        page = _shown(origin or "")
        scheme = "https" if visitor.secure else "http"
        why = f"A page of {page} may not come in: the request is for {scheme}://{_shown(host)}."
        if _PLAIN_ORIGIN.fullmatch(page):
            why += f" If it is a page of this chat room: --origin {page} lets it in."
        log.warning("%s: %s", visitor.address, why)
        return refuse(HTTPStatus.FORBIDDEN, why)

    def _with_hsts(self, answer: Answer, host: str, visitor: Visitor) -> Answer:
        """Add the header that makes browsers use TLS only.

        It applies to all ports of a name, so not to localhost, which many programs share.
        """
        if not visitor.secure or not is_own_name(host):
            return answer
        return replace(answer, headers=(*answer.headers, HSTS))


def _target(target: str, host: str | None) -> tuple[str, str | None]:
    """Return path and host; RFC 9112 allows a request line that has both (3.2.2)."""
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, host
    path = found[2] if found[2].startswith("/") else f"/{found[2]}"
    return path, found[1]


def _shown(text: str) -> str:
    return ascii(text[:_LONGEST])[1:-1]
