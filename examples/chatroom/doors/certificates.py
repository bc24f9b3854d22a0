"""The certificate that the doors show, read again on request.

Rule of this file: files in, an ``ssl.SSLContext`` out; when to read them again is the server's
business.  A context that is in use is never changed: a reading makes a new one, for connections to
come, and those that stand go on with the old one.
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
SOON = 14 * DAY  # those who renew by hand get a warning this long before
NOT_PEM = "there must be a certificate and its key, both in PEM (a key of its own: --tls-key)"
HANDSHAKE_STEPS = 10  # TLS 1.3 needs three; an unusable certificate must not turn into a spin


class CertificateError(Exception):
    """The certificate or its key cannot be used; the text is a sentence that says why."""


class Certificate:
    """A certificate with its key, as the files have it.

    Args:
        cert: The file with the certificate and those that vouch for it, in PEM.
        key: The file with the key, in PEM; None if that stands in the first one.
        wall: The time of day, in seconds since the epoch.

    Raises:
        CertificateError: They cannot be used.

    Attributes:
        expires: When the certificate ends, in seconds since the epoch; None if `trouble` is.
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
        """Return what the next connection is to be secured with."""
        return self._context

    def reload(self) -> None:
        """Read the files again; if they cannot be used, say so and keep what was read before."""
        try:
            self._context = self._read()
        except CertificateError as error:
            log.error("%s The doors go on with the certificate they have.", error)

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        refuse_old_versions(context)
        # In TLS 1.2 a client could have us compute one handshake after the other.
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
    """Return when the certificate of `context` ends, in seconds since the epoch.

    Python reads a certificate's dates only for the peer of a handshake, so this makes one, in
    memory, with a client that trusts the file `cert`.

    Raises:
        ssl.SSLError: That client does not like it: it has expired, say, or is no server's.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever has signed it
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
    # Asking at the terminal would stop the loop, and at a reload nobody sits there.
    raise CertificateError(
        "The TLS key is protected by a passphrase, which nobody could type at a reload: "
        "give a file with the bare key that only the server's user can read."
    )
