"""HTTP answers.

Rule of this file: status, headers and body into bytes; no decisions.  Every answer carries the
headers that keep a browser from doing more with it than was meant, and ends its connection: one
that waits for a next request would be a connection held for nothing, six for each browser.
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
    """Return what a browser may load and run: what is ours, and within the page what has a hash.

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
    """An answer to a request.

    Attributes:
        status: What became of it.
        body: The content.
        kind: The content's type.
        headers: What else is to be said.
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
    """Return the answer that says in one sentence why there is no better one."""
    return Answer(status, f"{sentence}\n".encode(), PLAIN, headers)
