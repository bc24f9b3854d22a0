"""TLS on channels whose both ends are ours, over socketpairs, cut and stopped at will."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop import Dispatcher, EventLoop, Trace
from miniloop.net.tls import GOODBYE_TIMEOUT
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.queued import QueuedDispatcher
from miniloop.readiness import READ, WRITE, Registration
from miniloop.testing import FakeClock
from tests.certificates import certificates, lenient, strict
from tests.driving import Lines, Recording, fill, receive, run_until, settle

Kind = TypeVar("Kind", bound=Dispatcher)
Option = Callable[[ssl.SSLContext], ssl.SSLContext]

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
both_versions = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
EOF = ("SSL", "UNEXPECTED_EOF_WHILE_READING")  # as OpenSSL calls it
both_options = pytest.mark.parametrize("option", [strict, lenient])


class Secure(Lines):
    """Lines over TLS, from the start."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def handle_secured(self) -> None:
        self.seen.append("secured")


class Echo(Secure):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


class Relay:
    """Stands between two ends and passes on as many bytes as it is told."""

    def __init__(self, stack: ExitStack) -> None:
        self.ours, near = socket.socketpair()
        self.theirs, far = socket.socketpair()
        for end in (near, far):
            end.setblocking(False)
            stack.enter_context(end)
        self.near, self.far = near, far
        self.held = {near: b"", far: b""}
        self.passed = {near: 0, far: 0}

    def step(self, most: int) -> bool:
        """Pass on at most ``most`` bytes in each direction; return whether there were any."""
        moved = False
        for source, target in ((self.near, self.far), (self.far, self.near)):
            self.held[source] += receive(source)
            piece = self.held[source][:most]
            if piece:
                target.send(piece)
                self.held[source] = self.held[source][most:]
                self.passed[source] += len(piece)
                moved = True
        return moved


@contextmanager
def relayed() -> Iterator[tuple[EventLoop, Relay]]:
    with ExitStack() as stack:
        loop = stack.enter_context(EventLoop(debug=True))
        yield loop, Relay(stack)


@contextmanager
def ends(
    server: type[Lines] = Echo, version: ssl.TLSVersion | None = None
) -> Iterator[tuple[EventLoop, Lines, Lines]]:
    """A server's and a client's end on one loop, the handshake done."""
    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        first, second = server(loop, ours), Secure(loop, theirs)
        first.start_tls(certificates().server(version), server_side=True)
        second.start_tls(certificates().client(version), server_hostname="localhost")
        settle(loop)
        assert first.seen == second.seen == ["secured"]
        yield loop, first, second


@contextmanager
def against_ssl(
    kind: Callable[[EventLoop, socket.socket], Kind],
    version: ssl.TLSVersion | None = None,
    debug: bool = True,
    option: Option = strict,
) -> Iterator[tuple[EventLoop, FakeClock, Kind, ssl.SSLSocket]]:
    """Our server's end, and Python's own TLS on the other, the handshake done."""
    clock = FakeClock()
    with EventLoop(debug=debug, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        channel = kind(loop, ours)
        channel.start_tls(option(certificates().server(version)), server_side=True)
        theirs.setblocking(False)
        with certificates().client(version).wrap_socket(
            theirs, server_hostname="localhost", do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        ) as peer:  # fmt: skip
            run_until(loop, lambda: shaken(peer))
            settle(loop)
            yield loop, clock, channel, peer


def shaken(peer: ssl.SSLSocket) -> bool:
    try:
        peer.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


def read(peer: ssl.SSLSocket) -> bytes:
    """Everything that has arrived; b"" at its end too."""
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except ssl.SSLWantReadError:
        pass
    return data


def deliveries(loop: EventLoop, passes: int = 100) -> int:
    """What is delivered, and called soon, in passes that do not wait."""

    class Counting(Trace):
        count = 0

        def before_delivery(self, registration: Registration, ready: int) -> None:
            self.count += 1

        def before_wait(self, timeout: float | None) -> None:
            self.count += bool(loop._callbacks)

    counting = loop.trace = Counting()
    settle(loop, passes)
    loop.trace = None
    return counting.count


# -- the handshake --------------------------------------------------------------------------------


@both_versions
def test_two_ends_talk(version: ssl.TLSVersion) -> None:
    with ends(version=version) as (loop, server, client):
        client.push(b"hello\nwor")
        client.push(b"ld\n")
        settle(loop)
        assert client.lines == server.lines == [b"hello", b"world"]
        assert client.tls is not None
        assert client.tls.version() == version.name.replace("_", ".")


@both_versions
def test_records_cut_at_every_byte(version: ssl.TLSVersion) -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(version), server_side=True)
        client.start_tls(certificates().client(version), server_hostname="localhost")
        client.push(b"hello\n" + b"x" * 500 + b"\n")
        client.push(b"last\n")
        while len(client.lines) < 3:
            settle(loop, 3)
            assert relay.step(1) or len(client.lines) == 3
        client.close_when_done()
        while not client.closed:
            settle(loop, 3)
            assert relay.step(1) or client.closed
        while relay.step(1) or not server.closed:
            settle(loop, 3)
        assert min(relay.passed.values()) > 600  # one byte at a time, that many times
        assert client.lines == server.lines == [b"hello", b"x" * 500, b"last"]
        assert client.seen == server.seen == ["secured", "close"]
        assert (client.error, server.error) == (None, None)


@given(
    cuts=st.lists(st.integers(1, 20_000), min_size=1, max_size=20),
    messages=st.lists(st.binary(max_size=40_000).map(lambda b: b.replace(b"\n", b" ")), max_size=6),
)
def test_any_chunking_gives_the_same_messages(cuts: list[int], messages: list[bytes]) -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        for message in messages:
            client.push(message + b"\n")
        moved = at = 0
        while moved < 4:  # passes in which nothing moved any more
            settle(loop, 2)
            moved = 0 if relay.step(cuts[at % len(cuts)]) else moved + 1
            at += 1
        assert server.lines == client.lines == messages
        assert server.seen == client.seen == ["secured"]


def test_what_is_pushed_early_waits_for_the_handshake() -> None:
    with relayed() as (loop, relay):
        client = Secure(loop, relay.theirs)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.push(b"secret\n")
        settle(loop)
        relay.step(1 << 20)
        server = Echo(loop, relay.ours)
        assert client.output_size == 7
        server.start_tls(certificates().server(), server_side=True)
        for _ in range(8):
            settle(loop)
            relay.step(1 << 20)
        assert server.lines == [b"secret"]
        assert client.lines == [b"secret"]


def test_send_waits_for_the_handshake() -> None:
    class Sender(Recording):
        def handle_secured(self) -> None:
            self.seen.append("secured")

        def handle_write(self) -> None:
            super().handle_write()
            if self.seen.count("write") == 1:
                assert self.send(b"now\n") == 4

    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Sender(loop, theirs)
        client.start_tls(certificates().client(), server_hostname="localhost")
        assert client.send(b"too early") == 0
        assert client.recv() == b""
        server.start_tls(certificates().server(), server_side=True)
        settle(loop)
        assert client.seen[:2] == ["secured", "write"]
        assert client.seen.count("write") == 1
        assert client.data == b"now\n"


def test_alpn_sni_and_client_certificates() -> None:
    asked: list[str | None] = []
    serving, asking = certificates().server(), certificates().client()
    serving.set_alpn_protocols(["lines", "other"])
    asking.set_alpn_protocols(["lines"])
    serving.sni_callback = lambda sslobj, name, context: asked.append(name)
    serving.verify_mode = ssl.CERT_REQUIRED
    certificates().authority.configure_trust(serving)
    certificates().alice.configure_cert(asking)
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(serving, server_side=True)
        client.start_tls(asking, server_hostname="localhost")
        settle(loop)
        assert asked == ["localhost"]
        assert server.tls is not None
        assert server.tls.selected_alpn_protocol() == "lines"
        assert ("email", "alice@example.org") in (server.tls.getpeercert() or {})["subjectAltName"]


def test_a_client_without_its_certificate_is_told_by_an_alert() -> None:
    serving = certificates().server()
    serving.verify_mode = ssl.CERT_REQUIRED
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(serving, server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        assert server.seen == ["close"]
        assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in str(server.error)
        assert client.seen == ["secured", "close"]  # in TLS 1.3 a client hears of it afterwards
        assert "CERTIFICATE_REQUIRED" in str(client.error)


def test_a_wrong_name_is_refused_with_the_reason() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="example.org")
        settle(loop)
        assert client.seen == server.seen == ["close"]
        assert isinstance(client.error, ssl.SSLCertVerificationError)
        assert "example.org" in str(client.error)
        assert "ALERT" in str(server.error)  # the client's reason arrives before its end


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 4096, b"\x16\x03\x01\xff"])
def test_garbage_is_reported_with_a_reason(garbage: bytes) -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.start_tls(certificates().server(), server_side=True)
        with theirs:
            theirs.send(garbage)
            theirs.shutdown(socket.SHUT_WR)
            settle(loop)
        assert server.seen == ["close"]
        assert isinstance(server.error, ssl.SSLError)
        assert ("HTTP_REQUEST" in str(server.error)) == garbage.startswith(b"GET")


@pytest.mark.parametrize("server_side", [True, False])
def test_a_handshake_has_a_deadline(server_side: bool) -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        channel = Echo(loop, ours)
        context = certificates().server() if server_side else certificates().client()
        name = None if server_side else "localhost"
        channel.start_tls(context, server_side=server_side, server_hostname=name, timeout=7)
        with theirs:
            theirs.send(b"\x16\x03\x01")
            clock.advance(6.9)
            assert deliveries(loop) <= 2  # no spin: at most the three bytes, and the hello
            assert channel.seen == []
            clock.advance(0.2)
            settle(loop)
            assert channel.seen == ["close"]
            assert isinstance(channel.error, TimeoutError)
            assert "7 seconds" in str(channel.error)


def test_no_deadline_is_left_behind() -> None:
    with ends() as (loop, server, client):
        assert not loop._has_work() or len(loop._channels()) == 2
        client.close()
        settle(loop)
        assert server.closed
        loop.run()  # returns at once: neither channel nor timer is left


@pytest.mark.parametrize("when", ["secured", "close"])
def test_an_exception_in_a_handler_ends_that_channel_only(
    when: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Secure):
        def handle_secured(self) -> None:
            super().handle_secured()
            if when == "secured":
                raise ValueError("on purpose")

        def handle_close(self) -> None:
            super().handle_close()
            if when == "close":
                raise ValueError("on purpose")

    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Failing(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        client.close()
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert server.closed
        assert "on purpose" in caplog.text


# -- STARTTLS -------------------------------------------------------------------------------------


class StartTls(Secure):
    """Answers in the clear, then goes on under TLS."""

    resumes = False

    def handle_line(self, line: bytes) -> None:
        if line == b"STARTTLS":
            self.push(b"go ahead\n")
            self.start_tls(certificates().server(), server_side=True)
            if self.resumes:
                self.pause_reading()
                self.resume_reading()
            self.push(b"only under TLS\n")
        else:
            self.push(line + b"\n")


class Asking(Secure):
    def handle_line(self, line: bytes) -> None:
        if line == b"go ahead":
            self.start_tls(certificates().client(), server_hostname="localhost")
            self.push(b"hello\n")


def test_tls_in_mid_stream() -> None:
    with relayed() as (loop, relay):
        server, client = StartTls(loop, relay.ours), Asking(loop, relay.theirs)
        client.push(b"STARTTLS\n")
        wire = b""
        for _ in range(10):
            settle(loop)
            relay.step(1 << 20)
            wire += relay.held[relay.near]
        assert client.lines == [b"go ahead", b"only under TLS", b"hello"]
        assert client.seen == server.seen == ["secured"]
        assert b"only" not in wire


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("injected", [b"RCPT TO: thief\n", b"RCPT TO", b"\n\n\n", b"a\n" * 3000])
def test_what_is_injected_behind_starttls_is_never_delivered(
    injected: bytes, resumes: bool
) -> None:
    """CVE-2011-0411 and its kin: the bytes are no handshake, and nothing else."""
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = StartTls(loop, ours)
        server.resumes = resumes
        with theirs:
            theirs.setblocking(False)
            theirs.send(b"STARTTLS\n" + injected)
            settle(loop)
            theirs.shutdown(socket.SHUT_WR)
            settle(loop)
            assert receive(theirs).startswith(b"go ahead\n")
        assert server.lines == [b"STARTTLS"]
        assert server.partial == b""
        assert server.seen == ["close"]
        assert isinstance(server.error, ssl.SSLError)


def test_a_hello_that_did_not_wait_for_the_answer_is_a_hello() -> None:
    """MySQL's clients send it in the same packet; TLS protects what follows all the same."""
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = StartTls(loop, ours)
        with theirs:
            theirs.setblocking(False)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            peer = certificates().client().wrap_bio(incoming, outgoing, False, "localhost")
            with pytest.raises(ssl.SSLWantReadError):
                peer.do_handshake()
            theirs.send(b"STARTTLS\n" + outgoing.read())
            settle(loop)
            answer = receive(theirs)
            assert answer.startswith(b"go ahead\n")
            incoming.write(answer.removeprefix(b"go ahead\n"))
            peer.do_handshake()
            theirs.send(outgoing.read())
            settle(loop)
            assert server.seen == ["secured"]


def test_a_client_may_not_leave_its_secrets_unprotected() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        client = Secure(loop, ours)
        client.push(b"password\n")
        with theirs, pytest.raises(RuntimeError, match=r"push it after start_tls\(\)"):
            client.start_tls(certificates().client(), server_hostname="localhost")
        assert client.tls is None


def test_misuse_is_refused_with_advice() -> None:
    with EventLoop(debug=True) as loop, ExitStack() as stack:
        serving = certificates().server()
        with pytest.raises(RuntimeError, match="handle_connect"):
            Dispatcher(loop).start_tls(serving)
        ours, theirs = socket.socketpair()
        stack.enter_context(theirs)
        channel = Echo(loop, ours)
        with pytest.raises(ValueError, match="above 0"):
            channel.start_tls(serving, server_side=True, timeout=0)
        with pytest.raises(ValueError, match="server_hostname"):
            channel.start_tls(certificates().client())
        channel.start_tls(serving, server_side=True)
        with pytest.raises(RuntimeError, match="without TLS"):
            channel.start_tls(serving, server_side=True)
        channel.close()
        with pytest.raises(RuntimeError, match="closed channel"):
            channel.start_tls(serving, server_side=True)
        more, theirs = socket.socketpair()
        stack.enter_context(theirs)
        leaving = QueuedDispatcher(loop, more)
        leaving.close_write()
        with pytest.raises(RuntimeError, match="after close_when_done"):
            leaving.start_tls(serving, server_side=True)


# -- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [False, True])  # debugging asks everybody, so it could help
def test_what_openssl_holds_is_delivered_without_another_event(debug: bool) -> None:
    class Sipping(Recording):
        def handle_read(self) -> None:
            self.seen.append("read")
            if len(self.seen) % 3:  # a handler that does not read is called again, as ever
                self.data += self.recv(7)

    with against_ssl(Sipping, debug=debug) as (loop, _, channel, peer):
        peer.send(b"0123456789" * 10)
        peer.send(b"abcdefghij" * 10)
        run_until(loop, lambda: len(channel.data) == 200, passes=60)
        assert channel.data == b"0123456789" * 10 + b"abcdefghij" * 10
        assert deliveries(loop) <= 2


def test_a_half_close_keeps_what_is_received_and_not_yet_decrypted() -> None:
    class Closing(Recording):
        def handle_read(self) -> None:
            self.data += self.recv(7)
            if len(self.data) == 7:
                self.close_write()

    with against_ssl(Closing) as (loop, _, channel, peer):
        peer.send(b"0123456789" * 10)
        peer.send(b"abcdefghij" * 10)
        settle(loop, 40)
        assert channel.data == b"0123456789" * 10 + b"abcdefghij" * 10
        assert peer.recv(1) == b""
        assert channel.error is None


def test_reading_asks_the_kernel_once() -> None:
    """Or a peer who sends records without data could hold the loop."""

    class Dribbling(socket.socket):
        asked = 0

        def recv(self, size: int, flags: int = 0) -> bytes:
            self.asked += 1
            return super().recv(min(size, 100), flags)

    with against_ssl(Recording) as (loop, _, channel, peer):
        assert channel._tls is not None
        tls = channel._tls.socket
        number = tls._sock.detach()
        tls._sock = dribbling = Dribbling(fileno=number)
        for _ in range(50):
            peer.send(b".")
        before = len(channel.seen)
        run_until(loop, lambda: len(channel.data) == 50)
        assert dribbling.asked == len(channel.seen) - before > 10


def test_an_alert_is_not_overtaken_by_a_reset() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.start_tls(certificates().server(ssl.TLSVersion.TLSv1_3), server_side=True)
        hello = ssl.MemoryBIO()
        peer = certificates().client(ssl.TLSVersion.TLSv1_2)
        with theirs:
            theirs.setblocking(False)
            with suppress(ssl.SSLWantReadError):
                peer.wrap_bio(ssl.MemoryBIO(), hello, False, "localhost").do_handshake()
            theirs.send(hello.read() + bytes(100_000))
            settle(loop)
            assert server.seen == ["close"]
            assert theirs.recv(100)[:1] == b"\x15"
            assert theirs.recv(100) == b""  # an end, and no reset


def test_out_of_band_data_and_answers_that_pile_up_are_not_asked_for() -> None:
    class Expecting(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent")

    with against_ssl(Expecting) as (_, _, channel, _):
        assert channel._tls is not None
        assert channel.interest() != READ
        assert channel._tls.interest() == READ
        channel._tls.socket.unsent = bytes(3 * MOST_AT_ONCE)
        assert channel._tls.interest() == WRITE
        channel._tls.socket.unsent = b""


def test_a_pause_holds_what_is_decrypted_already() -> None:
    class Pausing(Secure):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    with against_ssl(Pausing) as (loop, _, channel, peer):
        for number in range(5):
            peer.send(b"%d\n" % number + b"." * 16000 + b"\n")
        settle(loop)
        assert channel.lines == [b"0"]
        assert deliveries(loop) == 0
        for _ in range(9):
            channel.resume_reading()
            run_until(loop, lambda: channel._paused)
        assert channel.lines[::2] == [b"0", b"1", b"2", b"3", b"4"]


def test_an_override_of_readable_is_followed() -> None:
    class Moody(Recording):
        mood = True

        def readable(self) -> bool:
            return self.mood

        def handle_read(self) -> None:
            self.data += self.recv(1)
            self.mood = False

    with against_ssl(Moody) as (loop, _, channel, peer):
        channel.mood = True
        peer.send(b"abc")
        settle(loop)
        before = len(channel.data)
        assert deliveries(loop) == 0
        for _ in range(3 - before):
            channel.mood = True
            settle(loop)
        assert channel.data == b"abc"


@pytest.mark.needs("hang-ups")
@pytest.mark.parametrize("paused", [False, True])
@both_versions
def test_the_peers_goodbye_ends_without_an_error(version: ssl.TLSVersion, paused: bool) -> None:
    with ends(version=version) as (loop, server, client):
        if paused:
            server.pause_reading()
        client.close()
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert server.error is None


@pytest.mark.needs("hang-ups")
@pytest.mark.parametrize("paused", [False, True])
@both_versions
@both_options
def test_a_connection_that_is_cut_off_ends_with_an_error(
    option: Option, version: ssl.TLSVersion, paused: bool
) -> None:
    with against_ssl(Secure, version, option=option) as (loop, _, channel, peer):
        peer.send(b"whole\nhal")
        settle(loop)
        assert read(peer) == b""  # the session tickets: left unread, they would cause a reset
        if paused:
            channel.pause_reading()
        socket.socket(fileno=peer.detach()).close()
        settle(loop)
        assert channel.lines == [b"whole"]
        assert channel.seen == ["secured", "close"]
        assert isinstance(channel.error, ssl.SSLEOFError)
        assert "the peer ended the connection without a close_notify" in str(channel.error)
        assert (channel.error.library, channel.error.reason) == EOF


def cut_short(
    sock: socket.socket, context: ssl.SSLContext, name: str | None, handshake: int, rest: int
) -> Iterator[None]:
    """Be Python's own TLS on ``sock``: shake hands, send a line, close in order; then end TCP.

    Only the first bytes leave: ``handshake`` of the handshake, ``rest`` of what follows it.  A
    step of the generator answers what has arrived.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, name is None, name)
    secured = False
    while not secured:
        yield
        incoming.write(receive(sock))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
            secured = True
        data = outgoing.read()
        sock.send(data[:handshake])
        handshake -= len(data)
        if handshake < 0:
            break
    else:
        with suppress(ssl.SSLWantReadError):
            tls.write(b"hello\n")
            tls.unwrap()
        sock.send(outgoing.read()[:rest])
    sock.shutdown(socket.SHUT_WR)


def after_the_cut(
    option: Option, version: ssl.TLSVersion, server_side: bool, handshake: int, rest: int
) -> Secure:
    """Return our end of a connection whose peer was cut off there."""
    serving, asking = certificates().server(version), certificates().client(version)
    ours, theirs = (serving, asking) if server_side else (asking, serving)
    our_name, their_name = (None, "localhost") if server_side else ("localhost", None)
    with EventLoop(debug=True, clock=FakeClock()) as loop:
        near, far = socket.socketpair()
        channel = Secure(loop, near)
        channel.start_tls(option(ours), server_side=server_side, server_hostname=our_name)
        with far:
            far.setblocking(False)
            for _ in cut_short(far, theirs, their_name, handshake, rest):
                settle(loop, 3)
            settle(loop)
    return channel


@pytest.mark.parametrize("server_side", [True, False])
@both_versions
@both_options
def test_a_cut_in_the_handshake(option: Option, version: ssl.TLSVersion, server_side: bool) -> None:
    for handshake in range(0, 10_000, 50):
        channel = after_the_cut(option, version, server_side, handshake, 0)
        if "secured" in channel.seen:
            break
        assert channel.seen == ["close"]
        assert isinstance(channel.error, ssl.SSLEOFError)
        assert "the peer ended the connection during the TLS handshake" in str(channel.error)
        assert (channel.error.library, channel.error.reason) == EOF
    assert 200 < handshake < 10_000
    assert isinstance(channel.error, ssl.SSLEOFError)


@pytest.mark.parametrize("server_side", [True, False])
@both_versions
@both_options
def test_close_notify_is_the_only_orderly_end_wherever_the_connection_is_cut(
    option: Option, version: ssl.TLSVersion, server_side: bool
) -> None:
    whole = after_the_cut(option, version, server_side, 10_000, 10_000)
    assert (whole.seen, whole.lines, whole.error) == (["secured", "close"], [b"hello"], None)
    cut: list[list[bytes]] = []
    for rest in range(10_000):
        channel = after_the_cut(option, version, server_side, 10_000, rest)
        assert channel.seen == ["secured", "close"]
        if channel.error is None:
            break
        assert isinstance(channel.error, ssl.SSLEOFError)
        cut.append(channel.lines)
    assert channel.lines == [b"hello"]
    assert cut == sorted(cut)
    assert (cut[0], cut[-1]) == ([], [b"hello"])  # within the line's record, within the alert's
    assert len(cut) > 40


def test_what_was_sent_before_the_goodbye_is_delivered_behind_a_pause() -> None:
    with ends(Secure) as (loop, server, client):
        server.pause_reading()
        client.push(b"last words\n")
        settle(loop)
        client.close()
        settle(loop)
        assert deliveries(loop) == 0
        assert server.seen == ["secured"]
        server.resume_reading()
        settle(loop)
        assert server.lines == [b"last words"]
        assert server.seen == ["secured", "close"]
        assert server.error is None


def test_a_goodbye_that_an_override_leaves_open_does_not_spin() -> None:
    class Staying(Recording):
        def handle_eof(self) -> None:
            self.seen.append("eof")

    with against_ssl(Staying) as (loop, _, channel, peer):
        with pytest.raises(ssl.SSLWantReadError):
            peer.unwrap()
        settle(loop)
        assert channel.seen == ["nothing", "eof"][::-1]
        assert deliveries(loop) == 0
        assert not channel.closed


def test_a_corrupted_record_ends_with_an_error() -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        for _ in range(6):
            settle(loop)
            relay.step(1 << 20)
        client.push(b"hello\n")
        settle(loop)
        record = bytearray(receive(relay.far))
        record[-1] ^= 1
        relay.near.send(record)
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert "BAD_RECORD_MAC" in str(server.error)
        assert server.lines == []


# -- writing --------------------------------------------------------------------------------------


def test_interest_follows_what_tls_waits_for() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        stuffing = fill(ours)
        client = Secure(loop, ours)
        client.start_tls(certificates().client(), server_hostname="localhost")
        registration = client._registration_
        assert registration is not None
        with theirs:
            theirs.setblocking(False)
            settle(loop)
            assert registration.interest == READ | WRITE  # the hello does not fit
            assert deliveries(loop) == 0
            assert len(receive(theirs)[:stuffing]) == stuffing
            settle(loop)
            assert registration.interest == READ
            client.pause_reading()
            settle(loop)
            assert registration.interest == READ  # the handshake goes on behind a pause


def test_a_slow_reader_gets_all_of_it_and_the_loop_does_not_spin() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        data = bytes(range(256)) * 8192
        channel.push(data)
        settle(loop)
        assert channel.seen == ["secured", "high"]
        assert deliveries(loop) == 0
        assert channel._tls is not None
        assert len(channel._tls.socket.unsent) < MOST_AT_ONCE * 1.1
        got = bytearray()
        while len(got) < len(data):
            settle(loop, 3)
            got += read(peer)
        settle(loop)
        assert got == data
        assert channel.seen == ["secured", "high", "low"]
        assert channel._registration_ is not None
        assert channel._registration_.interest == READ


def test_discarded_output_does_not_break_the_records() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        channel.push(b"x" * (1 << 21))
        settle(loop)
        channel.discard_output()
        channel.push(b"short\n")
        got = b""
        while not got.endswith(b"short\n"):
            settle(loop, 3)
            got += read(peer)
        assert got.strip(b"x") == b"short\n"
        assert len(got) < 1 << 21


def test_output_stays_bounded_for_a_peer_that_does_not_read() -> None:
    with against_ssl(Secure) as (loop, _, channel, _):
        channel.max_output = 1 << 20
        channel.push(b"x" * (1 << 22))
        settle(loop)
        assert channel.seen[-1] == "close"


def test_records_do_not_pile_up_behind_those_that_wait() -> None:
    with against_ssl(Secure) as (loop, _, channel, _):
        assert channel._tls is not None
        for _ in range(8):
            channel.push(b"x" * MOST_AT_ONCE)
            loop.run_once(0)
            assert len(channel._tls.socket.unsent) < 1.1 * MOST_AT_ONCE
        assert channel.output_size > 5 * MOST_AT_ONCE


def test_handle_write_waits_for_the_records_before() -> None:
    class Narrow(Recording):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            super().__init__(loop, sock)

    with against_ssl(Narrow) as (loop, _, channel, peer):
        assert channel.send(b"x" * 2 * MOST_AT_ONCE) == MOST_AT_ONCE
        assert channel._tls is not None
        while channel._tls.socket.unsent:
            assert "write" not in channel.seen
            read(peer)
            loop.run_once(0)
        assert channel.seen.count("write") == 1


def test_output_that_waits_for_the_handshake_is_bounded_too() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.max_output = 1000
        server.start_tls(certificates().server(), server_side=True)
        server.push(b"x" * 1001)
        with theirs:
            settle(loop)
        assert server.seen == ["close"]


def test_a_str_is_refused() -> None:
    with against_ssl(Recording) as (_, _, channel, _), pytest.raises(TypeError, match="encode"):
        channel.send("text")  # type: ignore[arg-type]  # that is the test


# -- the end --------------------------------------------------------------------------------------


@both_versions
def test_an_orderly_close_waits_for_the_answer(version: ssl.TLSVersion) -> None:
    with against_ssl(Echo, version) as (loop, _, channel, peer):
        channel.push(b"bye\n")
        channel.close_when_done()
        settle(loop)
        assert channel.seen == ["secured"]
        assert deliveries(loop) == 0
        assert peer.recv(100) == b"bye\n"
        assert peer.recv(100) == b""  # close_notify: an end without it raises SSLEOFError
        with suppress(OSError):
            peer.unwrap()
        settle(loop)
        assert channel.seen == ["secured", "close"]
        assert channel.error is None


@pytest.mark.parametrize("chatty", [False, True])
def test_an_orderly_close_does_not_wait_for_ever(chatty: bool) -> None:
    with against_ssl(Echo) as (loop, clock, channel, peer):
        channel.close_when_done()
        settle(loop)
        if chatty:
            peer.send(b"I do not listen\n" * 1000)
        clock.advance(GOODBYE_TIMEOUT - 0.1)
        assert deliveries(loop) <= 2
        assert channel.seen == ["secured"]
        clock.advance(0.2)
        settle(loop)
        assert channel.seen == ["secured", "close"]
        assert channel.lines == []
        assert channel.error is None


def test_an_orderly_close_ends_when_the_peer_is_cut_off() -> None:
    with against_ssl(Echo) as (loop, _, channel, peer):
        channel.close_when_done()
        settle(loop)
        socket.socket(fileno=peer.detach()).close()
        settle(loop)
        assert channel.seen == ["secured", "close"]


@pytest.mark.needs("unix sockets")
def test_an_orderly_close_gives_up_on_a_peer_that_does_not_read() -> None:
    class Narrow(Secure):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            super().__init__(loop, sock)

    with against_ssl(Narrow) as (loop, clock, channel, peer):
        channel.push(b"x" * MOST_AT_ONCE)  # all of it is encrypted, and not all of it sent
        channel.close_when_done()
        settle(loop)
        assert (channel.output_size, channel.closed) == (0, False)
        for _ in range(3):  # each time some of it is taken, there is more time
            clock.advance(GOODBYE_TIMEOUT - 0.1)
            settle(loop)
            assert not channel.closed
            for _ in range(4):
                read(peer)
                settle(loop, 2)
        assert deliveries(loop) <= 4
        while not channel.closed:
            clock.advance(GOODBYE_TIMEOUT + 0.1)
            settle(loop)
        assert channel.seen[-1] == "close"
        assert isinstance(channel.error, TimeoutError)


@pytest.mark.needs("hang-ups", "unix sockets")
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("queued", [False, True])
def test_all_that_was_sent_arrives_before_the_end_that_answers_an_end(
    paused: bool, queued: bool
) -> None:
    """The peer says goodbye first; what is encrypted by then is not lost in close()."""
    size = 3 * MOST_AT_ONCE if queued else MOST_AT_ONCE

    class Answering(Secure):
        def handle_secured(self) -> None:
            self.push(b"y" * size)
            if paused:
                self.pause_reading()

    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        server, client = Answering(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.pause_reading()
        client.close_write()
        settle(loop)
        client.socket._sock.shutdown(socket.SHUT_WR)  # type: ignore[attr-defined]  # a TlsSocket
        settle(loop)
        assert "close" not in server.seen
        assert deliveries(loop) == 0
        client.resume_reading()
        run_until(loop, lambda: client.closed and server.closed)
        assert client.data == b"y" * size
        assert server.seen.count("close") == client.seen.count("close") == 1
        assert (client.error, server.error) == (None, None)


def test_an_answer_to_the_last_line_arrives_whole() -> None:
    class Generous(Secure):
        def handle_line(self, line: bytes) -> None:
            self.push(b"y" * MOST_AT_ONCE)

    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        server, client = Generous(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        client.pause_reading()
        client.send(b"please\n")
        client.close_write()
        settle(loop)
        assert server.seen == ["secured", "high"][: len(server.seen)]
        client.resume_reading()
        run_until(loop, lambda: client.closed and server.closed)
        assert client.data == b"y" * MOST_AT_ONCE
        assert (client.error, server.error) == (None, None)


def test_an_end_that_waits_for_a_peer_that_does_not_read_is_told_in_time() -> None:
    class Answering(Recording):
        def handle_secured(self) -> None:
            self.send(b"y" * MOST_AT_ONCE)

    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        server, client = Answering(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.pause_reading()
        client.close_write()
        settle(loop)
        clock.advance(GOODBYE_TIMEOUT + 0.1)
        settle(loop)
        assert server.seen.count("close") == 1
        assert isinstance(server.error, TimeoutError)


@both_versions
def test_half_close_lets_the_other_side_finish(version: ssl.TLSVersion) -> None:
    with ends(Secure, version) as (loop, server, client):
        server.push(b"done\n")
        server.close_write()
        client.push(b"already under way\n" * 3)
        settle(loop)
        assert client.lines == [b"done"]
        assert server.lines == [b"already under way"] * 3
        assert client.closed
        assert server.closed
        assert (client.error, server.error) == (None, None)


def test_a_half_close_during_the_handshake_follows_it() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Recording(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        server.close_write()
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        assert client.seen == ["secured", "close"]
        assert client.error is None


def test_sending_after_a_half_close_ends_with_an_error() -> None:
    with against_ssl(Recording) as (_, _, channel, _):
        channel.close_write()
        assert channel.send(b"more") == 0
        assert isinstance(channel.error, BrokenPipeError)
        assert channel.seen == ["close"]


@pytest.mark.parametrize("size", [MOST_AT_ONCE, 1 << 20])
def test_stopping_sends_what_is_queued_and_encrypted(size: int) -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        channel.push(b"z" * size)
        got = bytearray()
        settle(loop)

        def pump(passes: int) -> None:
            if passes > 5:  # until then nothing is read, and the last records wait
                got.extend(read(peer))
            if len(got) < size:
                assert not channel.closed
                loop.call_soon(pump, passes + 1)

        loop.stop(grace=10)
        loop.call_soon(pump, 0)
        loop.run()
        got.extend(read(peer))
        assert bytes(got) == b"z" * size
        assert channel.closed


def test_close_by_the_program_says_goodbye_and_calls_nothing() -> None:
    with against_ssl(Echo) as (_, _, channel, peer):
        channel.close()
        assert peer.recv(10) == b""
        assert channel.seen == ["secured"]


def test_close_in_mid_handshake_calls_nothing() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.close()
        server.close()
        loop.run_once(0)
        assert not loop._has_work()  # no deadline is left behind
        assert server.seen == client.seen == []


def test_close_when_done_in_mid_handshake_waits_for_what_is_queued() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Secure(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        server.push(b"hello and goodbye\n")
        server.close_when_done()
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop, 20)
        assert client.lines == [b"hello and goodbye"]
        assert server.seen == client.seen == ["secured", "close"]
        assert client.error is None


def test_an_evicted_channel_leaves_the_descriptor_alone(caplog: pytest.LogCaptureFixture) -> None:
    with against_ssl(Echo) as (loop, _, channel, _):
        number = channel.fileno()
        twin = socket.socket(fileno=number)
        newcomer = Recording(loop, twin)
        assert channel.closed
        assert channel.seen == ["secured", "close"]
        assert newcomer.fileno() == number
        assert "closed behind its back" in caplog.text
