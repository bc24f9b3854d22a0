"""Our TLS server with openssl s_client."""

from functools import partial

import pytest

from tests.certificates import certificates
from tests.integration.tls_peers import (
    LONGEST,
    VERSIONS,
    Echo,
    Seen,
    howto,
    needs_openssl,
    openssl,
    read_until,
    serving,
    tell,
)


def s_client(address: tuple[str, int], authority: str, *options: str) -> list[str]:
    return ["s_client", "-connect", f"{address[0]}:{address[1]}", "-CAfile", authority,
            "-verify_return_error", "-verify_hostname", "localhost", *options]  # fmt: skip


@needs_openssl
@pytest.mark.parametrize("version", VERSIONS)
def test_s_client_talks_and_says_goodbye(
    seen: Seen, files: tuple[str, str, str], version: str
) -> None:
    with (
        serving(partial(Echo, context=certificates().server(), seen=seen)) as address,
        openssl(*s_client(address, files[0], version, "-quiet", "-no_ign_eof")) as program,
    ):
        tell(program, b"hello\n" + b"x" * 40_000 + b"\nlast\n")
        output = read_until(program, b"last")
        assert output.endswith(b"hello\n" + b"x" * 40_000 + b"\nlast\n")
        program.communicate(b"", LONGEST)
        assert seen.wait(1) == [None]


@needs_openssl
@pytest.mark.parametrize("version", VERSIONS)
def test_s_client_gets_our_goodbye(seen: Seen, files: tuple[str, str, str], version: str) -> None:
    with (
        serving(partial(Echo, context=certificates().server(), seen=seen)) as address,
        openssl(*s_client(address, files[0], version, "-quiet")) as program,
    ):
        tell(program, b"hello\nquit\n")
        assert read_until(program, b"goodbye").endswith(b"hello\ngoodbye\n")
        assert program.wait(LONGEST) == 0
        assert seen.wait(1) == [None]


@needs_openssl
def test_s_client_changes_its_keys(seen: Seen, files: tuple[str, str, str]) -> None:
    """K asks us to change ours as well; neither is data, and neither is an end."""
    with (
        serving(partial(Echo, context=certificates().server(), seen=seen)) as address,
        openssl(*s_client(address, files[0], "-tls1_3")) as program,
    ):
        read_until(program, b"Verify return code")
        for command in (b"k\n", b"K\n", b"K\n"):
            tell(program, command)
            read_until(program, b"KEYUPDATE")
            tell(program, b"with new keys\n")
            read_until(program, b"with new keys")
        tell(program, b"quit\n")
        read_until(program, b"goodbye")
        assert seen.wait(1) == [None]


@needs_openssl
def test_s_client_cannot_make_us_renegotiate(seen: Seen, files: tuple[str, str, str]) -> None:
    with (
        serving(partial(Echo, context=certificates().server(), seen=seen)) as address,
        openssl(*s_client(address, files[0], "-tls1_2")) as program,
    ):
        read_until(program, b"---\n")
        tell(program, b"before\n")
        read_until(program, b"before")
        tell(program, b"R\n")
        assert program.stdout is not None
        program.stdout.read()
        assert len(seen.wait(1)) == 1


@needs_openssl
def test_s_client_shows_a_certificate_and_agrees_on_a_protocol(files: tuple[str, str, str]) -> None:
    names = howto()
    context = names["members_only"](files[1], files[0])
    options = ["-cert", files[2], "-key", files[2], "-alpn", "other,members/1", "-quiet"]
    with (
        serving(partial(names["Members"], context=context)) as address,
        openssl(*s_client(address, files[0], *options)) as program,
    ):
        read_until(program, b"welcome alice@example.org, members/1 over TLSv1.3")


@needs_openssl
def test_s_client_starts_tls_in_mid_stream(files: tuple[str, str, str]) -> None:
    context = certificates().server()
    with (
        serving(partial(howto()["Mail"], context=context)) as address,
        openssl(*s_client(address, files[0], "-starttls", "smtp", "-crlf", "-quiet")) as program,
    ):
        tell(program, b"EHLO me\n")
        read_until(program, b"250 example.org")
        tell(program, b"STARTTLS\n")
        read_until(program, b"502 what?")


@needs_openssl
def test_a_certificate_that_s_client_does_not_trust(
    seen: Seen, files: tuple[str, str, str]
) -> None:
    with (
        serving(partial(Echo, context=certificates().server(), seen=seen)) as address,
        openssl(*s_client(address, files[0], "-verify_hostname", "example.org")) as program,
    ):
        program.communicate(b"", LONGEST)
        assert "ALERT" in str(seen.wait(1)[0])
