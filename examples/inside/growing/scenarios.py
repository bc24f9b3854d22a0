"""What the steps of the growing loop are played against: each scenario, on real sockets.

A scenario is a function of a ``Stage``.  It ends when all is well, and raises AssertionError, with
the symptom for its text, when it is not.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

from examples.inside.growing.stage import Stage


def echo(stage: Stage) -> None:
    """What two clients send comes back to each of them."""
    clients = [stage.client() for _ in range(2)]
    for client, text in zip(clients, (b"one\n", b"two\n"), strict=True):
        client.send(text)
        stage.expect(client, text, "no answer came")


def endless_callback(stage: Stage) -> None:
    """A callback that schedules itself again and again leaves time for the clients."""

    def again() -> None:
        stage.count += 1
        assert stage.count < 1000, "the callbacks stage did not end"
        stage.loop.call_soon(again)

    stage.loop.call_soon(again)
    client = stage.client()
    client.send(b"hello\n")
    stage.expect(client, b"hello\n", "no answer came")


def high_number(stage: Stage) -> None:
    """A client whose socket has a number above 1,023 is served."""
    _, client = stage.pair(stage.step.Echo, number=1200)
    client.send(b"hello\n")
    stage.expect(client, b"hello\n", "no answer came")


def paused(stage: Stage) -> None:
    """A channel that has paused reading is not called, and is called when it goes on."""
    received: list[bytes] = []
    stage.client()  # Windows does not wait for nothing
    channel, client = stage.pair(stage.reading(lambda it: received.append(it.sock.recv(100))))
    channel.pause_reading()
    client.send(b"x")
    stage.passes(5)
    assert not received, "a channel that does not read was called"
    channel.resume_reading()
    stage.until(lambda: received, "it was not called again")


def one_bug(stage: Stage) -> None:
    """A bug in one handler ends one connection; the other is served in the same pass."""

    def fail(channel: Any) -> None:
        raise ZeroDivisionError("a bug in one handler")

    _, one = stage.pair(stage.reading(fail))
    _, two = stage.pair(stage.step.Echo)
    one.send(b"x\n")
    two.send(b"x\n")
    stage.expect(two, b"x\n", "the other connection was not served")
    assert stage.received(one) == b"", "the connection with the bug is still open"


def closed_meanwhile(stage: Stage) -> None:
    """A handler closes another channel whose event is in the same batch."""
    called: list[Any] = []

    def close_the_other(channel: Any) -> None:
        called.append(channel)
        other = channels[0] if channel is channels[1] else channels[1]
        other.close()

    pairs = [stage.pair(stage.reading(close_the_other)) for _ in range(2)]
    channels = [channel for channel, _ in pairs]
    stage.passes(1)
    for _, client in pairs:
        client.send(b"x")
    stage.passes(1)
    assert len(called) == 1, "a closed channel was called"


def came_back(stage: Stage) -> None:
    """A handler closes another channel, whose number is handed out again within the batch."""
    strangers: list[Any] = []
    newcomer = stage.reading(strangers.append)

    def replace_the_other(channel: Any) -> None:
        channel.sock.recv(100)
        if len(stage.kept) == 0:
            other = channels[0] if channel is channels[1] else channels[1]
            number = other.sock.fileno()
            other.close()
            stage.kept.append(stage.pair(newcomer, number=number))

    pairs = [stage.pair(stage.reading(replace_the_other)) for _ in range(2)]
    channels = [channel for channel, _ in pairs]
    stage.passes(1)
    for _, client in pairs:
        client.send(b"x")
    stage.passes(3)
    assert not strangers, "the newcomer received the event of the closed connection"


def silent_client(stage: Stage) -> None:
    """A client that sends nothing is closed by a timer; a cancelled timer is not called."""
    channel, client = stage.pair(stage.step.Echo)
    stage.loop.call_later(0.01, channel.close)
    stage.loop.call_later(0.005, client.close).cancel()
    stage.until(lambda: channel.sock.fileno() < 0, "the timer did not fire")
    assert client.recv(1) == b"", "the connection is still open"


def another_thread(stage: Stage) -> None:
    """Another thread schedules a callback at the worst moment: just before the wait."""
    loop, heard = stage.loop, threading.Event()
    stage.passes(1)
    schedule = getattr(loop, "call_soon_threadsafe", None) or loop.call_soon
    select = loop.selector.select

    def hand_over_and_wait(timeout: float | None) -> Any:
        thread = threading.Thread(target=schedule, args=(heard.set,))
        thread.start()
        thread.join()
        events = select(0.2 if timeout is None else timeout)
        assert events, "the loop sleeps, with a callback in its list"
        return events

    loop.selector.select = hand_over_and_wait
    try:
        stage.once(None)
    finally:
        loop.selector.select = select
    assert heard.is_set(), "the callback was not called"


def half_a_line(stage: Stage) -> None:
    """The answer comes when the line is whole, in however many pieces it came."""
    client = stage.client()
    client.send(b"hel")
    stage.passes(5)
    client.setblocking(False)
    assert stage.nothing(client), "half a line was answered"
    client.settimeout(stage.LONGEST)
    client.send(b"lo\nand")
    stage.expect(client, b"hello\n", "a whole line was not answered")


def slow_reader(stage: Stage) -> None:
    """A client sends two million bytes and reads nothing meanwhile; then it reads all of them."""
    client, other = stage.client(connect=False), stage.client()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(stage.address)
    lines = (b"x" * 9999 + b"\n") * 200
    thread = threading.Thread(target=stage.send_quietly, args=(client, lines))
    thread.start()
    other.send(b"hello\n")
    stage.expect(other, b"hello\n", "the others waited for the slow reader")
    stage.passes(20)
    received = stage.receive_all(client, len(lines))
    thread.join()
    assert received == lines, "the slow reader lost its connection, and its answers"


def silent_predicate(stage: Stage) -> None:
    """A class overrides ``readable()``, and its answer changes without an announcement."""
    received: list[bytes] = []

    class Moody(stage.reading(lambda it: received.append(it.sock.recv(100)))):  # type: ignore[misc]
        willing = False

        def readable(self) -> bool:
            return self.willing

    channel, client = stage.pair(Moody)
    client.send(b"x")
    stage.passes(3)
    assert not received, "it was not asked at all"
    channel.willing = True
    stage.passes(3)
    assert received, "it changed its answer, and was not asked again"


def no_descriptors(stage: Stage) -> None:
    """A client connects while no descriptor is free; it is served when there are some again."""
    first, second = stage.client(), stage.client(connect=False)
    first.send(b"x\n")
    stage.expect(first, b"x\n", "no answer came")
    with stage.without_descriptors(second.fileno() + 8):
        second.connect(stage.address)
        second.send(b"hello\n")
        stage.passes(20)
    stage.expect(second, b"hello\n", "the listener is gone: it accepts no connection any more")


def refused_connect(stage: Stage) -> None:
    """A connect that is refused is reported, and one that succeeds hands over its socket."""
    made: list[Any] = []
    failed: list[OSError] = []
    connect = stage.step.Connecting
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and no listen()
        connect(stage.loop, deaf.getsockname(), made.append, failed.append)
        stage.until(lambda: failed, "the refusal was not reported")
    server = stage.keep(socket.create_server(("127.0.0.1", 0)))
    connect(stage.loop, server.getsockname(), lambda loop, sock: made.append(sock), failed.append)
    stage.until(lambda: made, "the connection was not reported")
    stage.keep(made[0])
    assert len(failed) == 1, "a connect that succeeded was reported as failed"


def orderly_stop(stage: Stage) -> None:
    """``stop()`` while three million bytes are queued: all of them arrive, then ``run()`` ends."""
    stop: Callable[[], None] = stage.loop.stop
    address = stage.address
    channel, client = stage.pair(stage.step.Lines)
    received: list[bytes] = []
    reading = threading.Thread(
        target=lambda: received.append(stage.receive_all(client, 4_000_000, alone=True))
    )
    reading.start()
    channel.push(b"x" * 3_000_000)
    stop()
    stage.loop.run()
    reading.join()
    assert len(received[0]) == 3_000_000, "the end of the output is missing"
    with socket.socket() as late:
        assert late.connect_ex(address) != 0, "the listener is still open"


def tls(stage: Stage) -> None:
    """A line and its answer over TLS, with a client that sends its records byte by byte."""
    make = stage.step.SecureEcho
    served = context(ssl.PROTOCOL_TLS_SERVER)
    _, client = stage.pair(lambda loop, sock: make(loop, sock, served))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    theirs = context(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(incoming, outgoing)
    client.setblocking(False)

    def attempt(what: Callable[[], Any]) -> Any:
        for _ in range(200):
            try:
                return what()
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    client.send(bytes([byte]))
                    stage.passes(1)
                stage.passes(1)
                incoming.write(stage.whatever(client))
        raise AssertionError("TLS came to no end")

    attempt(theirs.do_handshake)
    theirs.write(b"hello\n")
    assert attempt(lambda: theirs.read(100)) == b"hello\n", "another answer came"


def context(protocol: int) -> ssl.SSLContext:
    """Return a context without certificates: it encrypts, and neither side proves its identity."""
    made = ssl.SSLContext(protocol)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return made


SCENARIOS: dict[str, tuple[Callable[[Stage], None], str]] = {
    "echo": (echo, "step01_wait"),
    "endless-callback": (endless_callback, "step02_pass"),
    "high-number": (high_number, "step03_interest"),
    "paused": (paused, "step03_interest"),
    "one-bug": (one_bug, "step04_errors"),
    "closed-meanwhile": (closed_meanwhile, "step04_errors"),
    "came-back": (came_back, "step05_registrations"),
    "silent-client": (silent_client, "step06_timers"),
    "another-thread": (another_thread, "step07_waker"),
    "half-a-line": (half_a_line, "step08_lines"),
    "slow-reader": (slow_reader, "step09_output"),
    "silent-predicate": (silent_predicate, "step10_polled"),
    "no-descriptors": (no_descriptors, "step11_descriptors"),
    "refused-connect": (refused_connect, "step11_descriptors"),
    "orderly-stop": (orderly_stop, "step12_end"),
    "tls": (tls, "step13_tls"),
}
"""Each scenario, with the first step that passes it."""
