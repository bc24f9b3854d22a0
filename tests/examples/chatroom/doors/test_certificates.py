from __future__ import annotations

import datetime
import logging
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from examples.chatroom.doors.certificates import Certificate, CertificateError, end_of
from tests.certificates import certificates
from tests.examples.chatroom.doors.test_tls_versions import permissive

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def leaf(folder: Path, ends: datetime.datetime = NOW + 90 * DAY) -> Path:
    """Write a certificate with its key into one file."""
    made = certificates().authority.issue_cert(
        "localhost", not_before=NOW - 90 * DAY, not_after=ends
    )
    file = folder / "localhost.pem"
    made.private_key_and_cert_chain_pem.write_to_path(str(file))
    return file


def test_it_tells_when_it_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ends = NOW + 90 * DAY
    certificate = Certificate(str(leaf(tmp_path, ends)))
    assert certificate.expires == int(ends.timestamp())
    assert f"is good until {ends:%Y-%m-%d}." in caplog.text
    assert caplog.records[-1].levelno == logging.INFO


def test_key_and_certificate_may_stand_apart(tmp_path: Path) -> None:
    made = certificates().localhost
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.cert_chain_pems[0].write_to_path(str(cert))
    made.private_key_pem.write_to_path(str(key))
    assert Certificate(str(cert), str(key)).expires is not None


def test_an_end_that_is_near_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Certificate(str(leaf(tmp_path, NOW + 10 * DAY)))
    assert "is good until" in caplog.text


def test_one_that_has_ended_serves_and_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(str(leaf(tmp_path, NOW - 10 * DAY)))
    assert certificate.expires is None
    assert certificate.trouble == "certificate has expired"
    assert "Clients will not trust the TLS certificate in" in caplog.text


def test_old_versions_of_tls_are_not_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssl.create_default_context", permissive)
    context = Certificate(str(leaf(tmp_path))).current()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


def test_a_reading_makes_a_new_context(tmp_path: Path) -> None:
    file = leaf(tmp_path)
    certificate = Certificate(str(file))
    before = certificate.current()
    leaf(tmp_path, NOW + 30 * DAY)
    assert certificate.current() is before
    certificate.reload()
    assert certificate.current() is not before
    assert end_of(certificate.current(), str(file)) == int((NOW + 30 * DAY).timestamp())


@pytest.mark.parametrize("broken", [b"", b"nonsense", None, b"half"])
def test_a_broken_file_keeps_what_there_was(
    tmp_path: Path, broken: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = leaf(tmp_path)
    certificate = Certificate(str(file))
    before, ends = certificate.current(), certificate.expires
    if broken is None:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:400] if broken == b"half" else broken)
    certificate.reload()
    assert (certificate.current(), certificate.expires) == (before, ends)
    assert f"The TLS certificate in {file} cannot be used: " in caplog.text
    assert "The doors go on with the certificate they have." in caplog.text


def test_the_key_of_another_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    certificates().alice.private_key_pem.write_to_path(str(key))
    with pytest.raises(CertificateError, match="key values mismatch"):
        Certificate(str(leaf(tmp_path)), str(key))


def test_a_passphrase_is_never_asked_for(tmp_path: Path) -> None:
    made = certificates().localhost
    plain = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
    key = tmp_path / "key.pem"
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError, match="protected by a passphrase"):
        Certificate(str(leaf(tmp_path)), str(key))
