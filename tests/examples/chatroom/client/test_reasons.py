"""The sentences for a conversation that cannot begin."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from examples.chatroom.client.reasons import (
    closed_without_a_word,
    silent,
    speaks_tls,
    why_not_connected,
    why_not_secured,
)

WHERE = ("chat.example", 4321)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ECONNREFUSED, "Connection refused"),
            "Cannot connect to chat.example port 4321: Connection refused.",
        ),
        (TimeoutError("timed out"), "Cannot connect to chat.example port 4321: timed out."),
        (
            socket.gaierror(-2, "Name or service not known"),
            "Cannot find chat.example: Name or service not known.",
        ),
    ],
)
def test_why_it_was_not_reached(error: OSError, sentence: str) -> None:
    assert why_not_connected(*WHERE, error) == sentence


def ssl_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ssl_error("WRONG_VERSION_NUMBER"),
            "chat.example port 4321 does not speak TLS: try it without --tls and --ca.",
        ),
        (
            ssl_error("NO_CIPHERS_AVAILABLE"),
            "Cannot speak TLS with chat.example port 4321: NO_CIPHERS_AVAILABLE.",
        ),
        (
            ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
            "Cannot speak TLS with chat.example port 4321: Connection reset by peer.",
        ),
        (TimeoutError("too late"), "Cannot speak TLS with chat.example port 4321: too late."),
    ],
)
def test_why_tls_failed(error: OSError, sentence: str) -> None:
    assert why_not_secured(*WHERE, error) == sentence


def test_a_certificate_that_is_not_trusted() -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_message = "self-signed certificate"
    assert why_not_secured(*WHERE, error) == (
        "Cannot trust chat.example port 4321: self-signed certificate. "
        "--ca FILE trusts the certificates in that file."
    )


@pytest.mark.parametrize("sentence", [speaks_tls, closed_without_a_word, silent])
def test_a_server_that_may_speak_tls_is_named_and_the_option_too(sentence: object) -> None:
    assert callable(sentence)
    said = sentence(*WHERE)
    assert said.startswith("chat.example port 4321 ")
    assert "--tls" in said
