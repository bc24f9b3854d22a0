from __future__ import annotations

import ssl

import pytest

from examples.chatroom.doors.tls_versions import refuse_old_versions

create_default_context = ssl.create_default_context


def permissive(
    purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, cafile: str | None = None
) -> ssl.SSLContext:
    """Return a context as some builds of Python make it, without a minimum of their own."""
    context = create_default_context(purpose, cafile=cafile)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    assert context.minimum_version == ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


@pytest.mark.parametrize(
    ("allowed", "spoken"),
    [
        (ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2),
        (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
        (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
    ],
)
def test_the_stricter_limit_counts(allowed: ssl.TLSVersion, spoken: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = allowed
    refuse_old_versions(context)
    assert context.minimum_version == spoken
