"""The versions of TLS that the room and its client speak: 1.2 and later.

Rule of this file: it changes contexts that others make and reads no files.

A new context allows what this Python was built for and what openssl.cnf says, which on some systems
is TLS 1.0. A configuration that is stricter than TLS 1.2 stays in force.
"""

from __future__ import annotations

import ssl


def refuse_old_versions(context: ssl.SSLContext) -> None:
    """Let `context` speak TLS 1.2 and later only."""
    # MINIMUM_SUPPORTED, "no limit", is a number below those of all versions.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
