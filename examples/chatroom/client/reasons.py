"""Reasons for a failed connection, as sentences that name the server.

Rule of this file: pure functions from an error to a sentence.
"""

from __future__ import annotations

import socket
import ssl

_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
"""OpenSSL's reasons for an answer that is not TLS; they depend on the version."""


def why_not_connected(host: str, port: int, error: OSError) -> str:
    """Return why the server could not be reached."""
    reason = error.strerror or error
    if isinstance(error, socket.gaierror):
        return f"Cannot find {host}: {reason}."
    return f"Cannot connect to {host} port {port}: {reason}."


def why_not_secured(host: str, port: int, error: OSError) -> str:
    """Return why TLS failed on an established connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"Cannot trust {host} port {port}: {error.verify_message}."
        return f"{why} --ca FILE trusts the certificates in that file."
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return f"{host} port {port} does not speak TLS: try it without --tls and --ca."
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return f"Cannot speak TLS with {host} port {port}: {reason or error}."


def speaks_tls(host: str, port: int) -> str:
    """Return the sentence for a server that answers with TLS."""
    return f"{host} port {port} speaks TLS: --tls, or --ca FILE with its certificate, does too."


def closed_without_a_word(host: str, port: int) -> str:
    """Return the sentence for a server that closed the connection before it sent anything."""
    return f"{host} port {port} has closed the connection without a word; if it speaks TLS, --tls."


def silent(host: str, port: int) -> str:
    """Return the sentence for a server that should send first, and sends nothing."""
    return f"{host} port {port} says nothing; if it speaks TLS, leave and come again with --tls."
