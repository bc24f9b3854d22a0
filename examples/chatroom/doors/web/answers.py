"""HTTP responses.

Rule of this file: serialize status, headers and body; no decisions.  Every response carries the
headers that restrict what a browser does with it, and closes its connection: a kept-alive
connection would be held for nothing, six for each browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

PLAIN = "text/plain; charset=utf-8"
CONTENT_POLICY = "Content-Security-Policy"
_OURS = "'self'"


def policy(*, styles: Iterable[str] = (), scripts: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy: our own files, and within the page what has a hash.

    Args:
        styles: Hashes of style elements, as in ``'sha256-...'``.
        scripts: Hashes of script elements.
    """
    return (
        f"default-src 'none'; script-src {' '.join((_OURS, *scripts))}; "
        f"style-src {' '.join((_OURS, *styles))}; connect-src 'self'; img-src 'self' data:; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


SECURITY = {
    CONTENT_POLICY: policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to a request.

    Attributes:
        status: The status code.
        body: The content.
        kind: The content's type.
        headers: Further headers.
    """

    status: HTTPStatus
    body: bytes
    kind: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()

    def serialize(self, wall: float, *, head_only: bool = False) -> bytes:
        """Return the bytes to send at the time `wall` (seconds since the epoch)."""
        fields = {
            "Date": formatdate(wall, usegmt=True),
            "Connection": "close",
            **({} if self.status == HTTPStatus.NOT_MODIFIED else self._content()),
            "Cache-Control": "no-store",
            **SECURITY,
            **dict(self.headers),
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head if head_only else head + self.body

    def _content(self) -> dict[str, str]:
        return {"Content-Type": self.kind, "Content-Length": str(len(self.body))}


def refuse(status: HTTPStatus, sentence: str, *headers: tuple[str, str]) -> Answer:
    """Return an error response with one sentence that gives the reason."""
    return Answer(status, f"{sentence}\n".encode(), PLAIN, headers)
