"""TLS with Python's own ssl, in threads."""

import select
import socket
import ssl
import threading
from contextlib import closing, suppress
from functools import partial
from typing import Any

import pytest

import miniloop.net.tls
from miniloop import Dispatcher, EventLoop, Listener
from tests.certificates import certificates
from tests.driving import run_until
from tests.integration.tls_peers import LONGEST, Client, Echo, Seen, serving


def secured(address: tuple[str, int], context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(address, timeout=LONGEST)
    context = context or certificates().client()
    return context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)


def read_all(sock: socket.socket) -> bytes:
    return b"".join(iter(partial(sock.recv, 65536), b""))


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
