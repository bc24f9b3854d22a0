"""Certificates made for the tests, by trustme; what needs them is skipped aloud without it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import trustme
else:
    trustme = pytest.importorskip("trustme", reason="no trustme to make certificates with")


@dataclass(frozen=True)
class Certificates:
    """An authority, a server's certificate for localhost, and a client's for alice."""

    authority: trustme.CA
    localhost: trustme.LeafCert
    alice: trustme.LeafCert

    def server(self, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self.localhost.configure_cert(context)
        return limited(context, version)

    def client(self, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self.authority.configure_trust(context)
        return limited(context, version)

    def write(self, folder: Path) -> tuple[str, str, str]:
        """Write files for openssl: the authority, and the server's key with its certificate."""
        names = [str(folder / name) for name in ("authority.pem", "localhost.pem", "alice.pem")]
        self.authority.cert_pem.write_to_path(names[0])
        self.localhost.private_key_and_cert_chain_pem.write_to_path(names[1])
        self.alice.private_key_and_cert_chain_pem.write_to_path(names[2])
        return names[0], names[1], names[2]


@cache
def certificates() -> Certificates:
    authority = trustme.CA()
    return Certificates(
        authority,
        authority.issue_cert("localhost", "127.0.0.1"),
        authority.issue_cert("alice@example.org"),
    )


def strict(context: ssl.SSLContext) -> ssl.SSLContext:
    """Clear what some builds of Python set: a peer in a test has to notice a truncation."""
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def lenient(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let OpenSSL take the end of the stream for a close_notify."""
    context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def limited(context: ssl.SSLContext, version: ssl.TLSVersion | None) -> ssl.SSLContext:
    """Speak this version of TLS only."""
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context
