"""The versions of TLS that the room and its client speak: 1.2 and later.

Rule of this file: change contexts made elsewhere; read no files.

The defaults of a new context come from the build of Python and openssl.cnf and include TLS 1.0 on
some systems. A configuration that is stricter than TLS 1.2 stays in force.
"""

from __future__ import annotations

import ssl


def refuse_old_versions(context: ssl.SSLContext) -> None:
    """Restrict `context` to TLS 1.2 and later."""
    # MINIMUM_SUPPORTED, "no limit", is a smaller number than every version.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
