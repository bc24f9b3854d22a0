"""The certificate that the doors present, reloaded on request.

Rule of this file: read files and return an ``ssl.SSLContext``; the server decides when to reload.
A context in use is never changed: a reload makes a new one for later connections, and existing
connections keep the old one.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from .tls_versions import refuse_old_versions

log = logging.getLogger("chatroom")

DAY = 86_400.0
SOON = 14 * DAY  # a manually renewed certificate is reported this long before it expires
NOT_PEM = "there must be a certificate and its key, both in PEM (a key of its own: --tls-key)"
HANDSHAKE_STEPS = 10  # TLS 1.3 needs three; a bad certificate cannot cause an endless loop


class CertificateError(Exception):
    """The certificate or its key cannot be used; the text is a sentence with the reason."""


class Certificate:
    """A certificate with its key, as read from the files.

    Args:
        cert: The PEM file with the certificate and its chain.
        key: The PEM file with the key; None if the key is in the first file.
        wall: The time of day, in seconds since the epoch.

    Raises:
        CertificateError: The certificate or the key cannot be used.

    Attributes:
        expires: When it expires, in seconds since the epoch; None if `trouble` is set.
        trouble: Why clients will not trust it, as half a sentence; empty if they may.
    """

    def __init__(
        self, cert: str, key: str | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        self._cert = cert
        self._key = key
        self._wall = wall
        self.expires: float | None = None
        self.trouble = ""
        self._context = self._read()

    def current(self) -> ssl.SSLContext:
        """Return the context for the next connection."""
        return self._context

    def reload(self) -> None:
        """Read the files again; if they cannot be used, log that and keep the old context."""
        try:
            self._context = self._read()
        except CertificateError as error:
            log.error("%s The doors go on with the certificate they have.", error)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        refuse_old_versions(context)
        # In TLS 1.2 a client could make the server compute one handshake after another.
        context.options |= ssl.OP_NO_RENEGOTIATION
        try:
            context.load_cert_chain(self._cert, self._key, password=_refuse_passphrase)
        except OSError as error:
            raise CertificateError(self._complaint(error)) from error
        self._note_expiry(context)
        return context

    def _complaint(self, error: OSError) -> str:
        given = [each for each in (self._cert, self._key) if each is not None]
        missing = [each for each in given if not Path(each).exists()]
        files = " and ".join(missing or given)
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "").replace("_", " ").lower() or NOT_PEM
        else:
            reason = error.strerror or str(error)
        return f"The TLS certificate in {files} cannot be used: {reason}."

    def _note_expiry(self, context: ssl.SSLContext) -> None:
        try:
            self.expires = end_of(context, self._cert)
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason
            self.expires, self.trouble = None, str(reason)
            log.warning("Clients will not trust the TLS certificate in %s: %s.", self._cert, reason)
            return
        self.trouble = ""
        day = time.strftime("%Y-%m-%d", time.gmtime(self.expires))
        level = logging.WARNING if self.expires - self._wall() < SOON else logging.INFO
        log.log(level, "The TLS certificate in %s is good until %s.", self._cert, day)


def end_of(context: ssl.SSLContext, cert: str) -> float:
    """Return when the certificate of `context` expires, in seconds since the epoch.

    Python parses only the certificate of a handshake's peer, so this function runs a handshake in
    memory with a client that trusts the file `cert`.

    Raises:
        ssl.SSLError: The client rejects it: it has expired or is not a server's certificate.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whatever its issuer
    client.load_verify_locations(cert)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(back, there), context.wrap_bio(there, back, server_side=True))
    for _ in range(HANDSHAKE_STEPS):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    seen = ends[0].getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(seen["notAfter"])))


def _refuse_passphrase() -> NoReturn:
    # A prompt at the terminal would block the loop, and at a reload there is no user to answer it.
    raise CertificateError(
        "The TLS key is protected by a passphrase, which nobody could type at a reload: "
        "give a file with the bare key that only the server's user can read."
    )
