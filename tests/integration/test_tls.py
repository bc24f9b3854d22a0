"""TLS with peers that are not ours: OpenSSL's own programs, and Python's ``ssl`` in threads."""

import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest

import miniloop.net.tls
from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.readiness import READ, WRITE
from tests.certificates import certificates
from tests.driving import Lines, receive, run_until, settle

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "use-tls.md"
VERSIONS = ["-tls1_2", "-tls1_3"]
LONGEST = 20.0

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the program openssl is not installed"
)


class Seen:
    """What the channels on the loop's thread have been told, for the test's."""

    def __init__(self) -> None:
        self.ends: list[OSError | None] = []
        self.some = threading.Condition()

    def end(self, error: OSError | None) -> None:
        with self.some:
            self.ends.append(error)
            self.some.notify_all()

    def wait(self, count: int) -> list[OSError | None]:
        with self.some:
            assert self.some.wait_for(lambda: len(self.ends) >= count, LONGEST)
            return list(self.ends)


class Echo(Lines):
    """A server of lines."""

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        context: ssl.SSLContext,
        seen: Seen,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(loop, sock)
        self.told = seen
        self.start_tls(context, server_side=True, timeout=timeout)

    def handle_line(self, line: bytes) -> None:
        if line == b"quit":
            self.push(b"goodbye\n")
            self.close_when_done()
        else:
            self.push(line + b"\n")

    def handle_close(self) -> None:
        super().handle_close()
        assert self.seen.count("close") == 1
        self.told.end(self.error)


@contextmanager
def serving(factory: Callable[[EventLoop, socket.socket], object]) -> Iterator[tuple[str, int]]:
    """A loop with a listener on a thread of its own, stopped in order afterwards."""
    with EventLoop() as loop:
        listener = Listener(loop, ("127.0.0.1", 0), factory)
        thread = threading.Thread(target=loop.run)
        thread.start()
        try:
            yield listener.address[:2]
        finally:
            loop.stop(grace=1)
            thread.join(LONGEST)
            assert not thread.is_alive()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    return certificates().write(tmp_path)


def secured(address: tuple[str, int], context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(address, timeout=LONGEST)
    context = context or certificates().client()
    return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(partial(sock.recv, 65536), b""))


# -- openssl s_client ------------------------------------------------------------------------------


@contextmanager
def openssl(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = ["openssl", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as program:
        killer = threading.Timer(LONGEST, program.kill)
        killer.start()
        try:
            yield program
        finally:
            killer.cancel()
            program.kill()


def s_client(address: tuple[str, int], authority: str, *options: str) -> list[str]:
    return ["s_client", "-connect", f"{address[0]}:{address[1]}", "-CAfile", authority,
            "-verify_return_error", "-verify_hostname", "localhost", *options]  # fmt: skip


def tell(program: subprocess.Popen[bytes], text: bytes) -> None:
    assert program.stdin is not None
    program.stdin.write(text)
    program.stdin.flush()


def read_until(program: subprocess.Popen[bytes], wanted: bytes) -> bytes:
    """Read lines until one has ``wanted`` in it; return all of them."""
    assert program.stdout is not None
    output: IO[bytes] = program.stdout
    got = b""
    for line in output:
        got += line
        if wanted in line:
            return got
    raise AssertionError(f"{wanted!r} did not come: {got!r}")


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


# -- openssl s_server ------------------------------------------------------------------------------


class Client(Lines):
    def __init__(self, loop: EventLoop, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(loop)
        self.context = context
        self.create_socket()
        self.connect(address)

    def handle_connect(self) -> None:
        self.start_tls(self.context, server_hostname="localhost")

    def handle_secured(self) -> None:
        self.seen.append("secured")

    def handle_close(self) -> None:
        super().handle_close()
        assert self.seen.count("close") == 1


@contextmanager
def s_server(files: tuple[str, str, str], *options: str) -> Iterator[
    tuple[subprocess.Popen[bytes], tuple[str, int]]
]:  # fmt: skip
    with openssl("s_server", "-accept", "127.0.0.1:0", "-cert", files[1], *options) as program:
        found = re.search(rb"ACCEPT \S+:(\d+)", read_until(program, b"ACCEPT"))
        assert found is not None
        yield program, ("127.0.0.1", int(found[1]))


@needs_openssl
@pytest.mark.parametrize("version", VERSIONS)
def test_s_server_turns_lines_around(
    loop: EventLoop, files: tuple[str, str, str], version: str
) -> None:
    with s_server(files, version, "-rev") as (_, address):
        client = Client(loop, address, certificates().client())
        run_until(loop, lambda: client.seen)
        for number in range(20):
            client.push(b"abc%02d\n" % number)
            run_until(loop, lambda: len(client.lines) > number)  # noqa: B023 - it ends in here
        client.close_when_done()
        run_until(loop, lambda: client.closed)
        assert client.lines == [b"%s" % (b"abc%02d" % n)[::-1] for n in range(20)]
        assert client.seen == ["secured", "close"]
        assert client.error is None


class Between:
    """Stands between a client of ours and a server, and passes bytes on when it is told."""

    def __init__(self, stack: ExitStack, target: tuple[str, int]) -> None:
        self.server = stack.enter_context(socket.create_connection(target, timeout=LONGEST))
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.stack = stack

    def accept(self) -> None:
        self.client = self.stack.enter_context(self.listener.accept()[0])
        for end in (self.client, self.server):
            end.setblocking(False)

    def pump(self) -> int:
        """Pass on what is here; return how many bytes came from the server."""
        self.server.sendall(receive(self.client))
        data = receive(self.server)
        self.client.sendall(data)
        return len(data)


def pushing(client: Client) -> bool:
    client.push(b"more\n")
    return True


def read_through(
    loop: EventLoop, between: Between, program: subprocess.Popen[bytes], wanted: bytes
) -> None:
    """Pass bytes on until the program has printed this."""
    reader = threading.Thread(target=read_until, args=(program, wanted))
    reader.start()
    run_until(loop, lambda: between.pump() < 0 or not reader.is_alive())


@needs_openssl
@pytest.mark.parametrize("command", [b"r\n", b"R\n"])
@pytest.mark.parametrize("paused", [False, True])
def test_s_server_renegotiates_while_we_write(
    loop: EventLoop, files: tuple[str, str, str], command: bytes, paused: bool
) -> None:
    """In TLS 1.2 writing may have to wait for reading; nothing is lost, and nothing spins."""
    with s_server(files, "-tls1_2") as (program, target), ExitStack() as stack:
        between = Between(stack, target)
        client = Client(loop, between.address, certificates().client())
        between.accept()
        run_until(loop, lambda: client.seen or between.pump() < 0)
        client.push(b"here we are\n")
        read_through(loop, between, program, b"here we are")
        tell(program, command)
        run_until(loop, between.pump)  # the server's request, and not yet its answer to ours
        tls = client._tls
        assert tls is not None
        run_until(loop, lambda: pushing(client) and tls.socket.write_wants_read)
        if paused:
            client.pause_reading()
        client.push(b"the last line\n")
        settle(loop)
        assert tls.socket.write_wants_read
        assert client._registration_ is not None
        assert client._registration_.interest & (READ | WRITE) == READ
        read_through(loop, between, program, b"the last line")
        client.resume_reading()
        tell(program, b"and an answer\n")
        run_until(loop, lambda: client.lines or between.pump() < 0)
        assert client.lines == [b"and an answer"]
        assert client.error is None


@needs_openssl
def test_s_server_changes_its_keys(loop: EventLoop, files: tuple[str, str, str]) -> None:
    with s_server(files, "-tls1_3") as (program, target), ExitStack() as stack:
        between = Between(stack, target)
        client = Client(loop, between.address, certificates().client())
        between.accept()
        run_until(loop, lambda: client.seen or between.pump() < 0)
        client.push(b"here we are\n")
        read_through(loop, between, program, b"here we are")
        for number, command in enumerate((b"k\n", b"K\n", b"K\n")):
            tell(program, command)
            run_until(loop, between.pump)  # the new key is on its way
            settle(loop)
            assert client.lines == [b"new keys"] * number
            client.push(b"and mine %d\n" % number)
            read_through(loop, between, program, b"and mine %d" % number)
            tell(program, b"new keys\n")
            run_until(loop, lambda: between.pump() < 0 or len(client.lines) > number)  # noqa: B023
        assert client.seen == ["secured"]
        assert client.error is None


@needs_openssl
def test_a_server_that_is_not_trusted_is_refused_with_the_reason(
    loop: EventLoop, files: tuple[str, str, str]
) -> None:
    with s_server(files) as (_, address):
        client = Client(loop, address, ssl.create_default_context())
        run_until(loop, lambda: client.closed)
        assert client.seen == ["close"]
        assert isinstance(client.error, ssl.SSLCertVerificationError)


# -- Python's own ssl ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_many_clients_while_some_stop_in_mid_handshake(seen: Seen, version: ssl.TLSVersion) -> None:
    """Those who stop, and those who speak something else, hinder nobody."""
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        certificates().client().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    first = hello.read()
    context = certificates().server()
    factory = partial(Echo, context=context, seen=seen, timeout=1.0)
    with serving(factory) as address:
        stuck = [socket.create_connection(address, timeout=LONGEST) for _ in range(3)]
        stuck[1].sendall(first[:100])
        stuck[2].sendall(first)
        with closing(socket.create_connection(address, timeout=LONGEST)) as stranger:
            stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with suppress(ConnectionResetError):
                read_all(stranger)
            assert "HTTP_REQUEST" in str(seen.wait(1)[0])
        results: list[bool] = []

        def talk(number: int) -> None:
            with secured(address, certificates().client(version)) as client:
                for line in range(30):
                    message = b"%d %d " % (number, line) * 50 + b"\n"
                    client.sendall(message)
                    got = b""
                    while not got.endswith(b"\n"):
                        got += client.recv(65536)
                    assert got == message
                client.sendall(b"quit\n")
                results.append(read_all(client) == b"goodbye\n")

        threads = [threading.Thread(target=talk, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST)
        assert results == [True] * 10
        ends = seen.wait(14)
        assert sum(isinstance(end, TimeoutError) for end in ends) == 3
        assert sum(end is None for end in ends) == 10
        for end in stuck:
            end.close()


def test_megabytes_in_both_directions(seen: Seen) -> None:
    lines = [bytes([65 + number % 26]) * 50_000 + b"\n" for number in range(80)]
    with serving(partial(Echo, context=certificates().server(), seen=seen)) as address:
        with secured(address) as client:
            client.settimeout(0)
            left, got = b"".join(lines), bytearray()
            while len(got) < 80 * 50_001:
                assert any(select.select([client], [client] if left else [], [], LONGEST))
                with suppress(ssl.SSLWantWriteError):
                    left = left[client.send(left[:16384]) :] if left else left
                with suppress(ssl.SSLWantReadError):
                    while True:
                        got += client.recv(65536)
            assert got == b"".join(lines)
            client.settimeout(LONGEST)
            client.unwrap().close()
        assert seen.wait(1) == [None]


def test_a_peer_that_never_answers_our_goodbye(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(miniloop.net.tls, "GOODBYE_TIMEOUT", 0.2)
    with serving(partial(Echo, context=certificates().server(), seen=seen)) as address:
        client = secured(address)
        with closing(client):
            client.sendall(b"quit\n")
            assert seen.wait(1) == [None]
            assert read_all(client) == b"goodbye\n"


def test_a_peer_that_is_cut_off(seen: Seen) -> None:
    with serving(partial(Echo, context=certificates().server(), seen=seen)) as address:
        client = secured(address)
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"
        socket.socket(fileno=client.detach()).close()
        assert isinstance(seen.wait(1)[0], ssl.SSLEOFError)


def test_a_server_in_python_and_a_client_of_ours(loop: EventLoop) -> None:
    """Client certificate, ALPN and SNI as Python's ssl sees them."""
    context, asking = certificates().server(), certificates().client()
    context.verify_mode = ssl.CERT_REQUIRED
    certificates().authority.configure_trust(context)
    context.set_alpn_protocols(["lines"])
    certificates().alice.configure_cert(asking)
    asking.set_alpn_protocols(["lines"])
    names: list[str | None] = []
    context.sni_callback = lambda sslobj, name, context: names.append(name)

    def serve() -> None:
        sock, _ = listener.accept()
        with context.wrap_socket(sock, server_side=True) as server:
            server.settimeout(LONGEST)
            who: Any = server.getpeercert()
            protocol = server.selected_alpn_protocol()
            server.sendall(f"{who['subjectAltName'][0][1]} {protocol}\n".encode())
            assert server.recv(10) == b"thanks\n"
            assert server.recv(10) == b""

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        client = Client(loop, listener.getsockname(), asking)
        run_until(loop, lambda: client.lines)
        client.push(b"thanks\n")
        client.close_when_done()
        run_until(loop, lambda: client.closed)
        thread.join(LONGEST)
    assert client.lines == [b"alice@example.org lines"]
    assert names == ["localhost"]
    assert client.error is None


def test_a_plain_dispatcher_from_a_listener(loop: EventLoop) -> None:
    class Shout(Dispatcher):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            super().__init__(loop, sock)
            self.start_tls(certificates().server(), server_side=True)

        def handle_read(self) -> None:
            self.send(self.recv().upper())

    listener = Listener(loop, ("127.0.0.1", 0), Shout)
    client = Client(loop, listener.address, certificates().client())
    run_until(loop, lambda: client.seen)
    client.push(b"hello\n")
    run_until(loop, lambda: client.lines)
    assert client.lines == [b"HELLO"]


# -- the how-to ------------------------------------------------------------------------------------


def howto() -> dict[str, Any]:
    """What the page's programs define."""
    names: dict[str, Any] = {"__name__": "howto"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_the_programs_of_the_howto_talk_to_each_other(
    loop: EventLoop, files: tuple[str, str, str]
) -> None:
    names = howto()
    listener = names["serve_echo"](loop, ("127.0.0.1", 0), files[1])
    greeter: AsyncChat = names["Greeter"](
        loop, listener.address, "localhost", certificates().client()
    )
    run_until(loop, lambda: greeter.closed)
    assert greeter.answer == b"hello"  # type: ignore[attr-defined]  # the page's class has it
    assert greeter.error is None


def test_the_howto_tells_the_reason(
    loop: EventLoop, files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    listener = howto()["serve_echo"](loop, ("127.0.0.1", 0), files[1])
    with socket.create_connection(listener.address) as stranger:
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        stranger.shutdown(socket.SHUT_WR)
        run_until(loop, lambda: "http request" in capsys.readouterr().out)
