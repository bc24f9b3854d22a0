"""The chat room as its users see it: a real process and real sockets."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.chatroom_process import NO_FLOOD_LIMIT, PATIENCE, ROOT, WORDS, Peer
from tests.integration.conftest import Connect, Start


def test_two_people_converse(start: Start, connect: Connect) -> None:
    server = start()
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.expect("-- bob came into lobby.")
    bob.type("hello, ann")
    assert re.search(rb"\[\d\d:\d\d\] bob: hello, ann\r\n", ann.expect("hello, ann\r\n"))
    ann.type("/me waves", "/msg bob psst", "/quit")
    bob.expect("* ann waves\r\n")
    bob.expect("ann to bob alone: psst\r\n")
    bob.expect("-- ann left lobby: quit.\r\n")
    assert ann.rest().endswith(b"-- Goodbye.\r\n")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\x00"], ids=["LF", "CR LF", "CR NUL"])
def test_all_line_ends_work(start: Start, connect: Connect, end: bytes) -> None:
    peer = connect(start())
    peer.send(b"ann" + end + b"hello" + end)
    peer.expect("ann: hello\r\n")


def test_the_last_lines_are_shown_to_newcomers(start: Start, connect: Connect) -> None:
    server = start()
    ann = connect(server, "ann")
    ann.type("before you came")
    ann.expect("ann: before you came")
    assert b"ann: before you came" in _log_in(connect(server), "bob")


def _log_in(peer: Peer, name: str) -> bytes:
    peer.type(name)
    return peer.expect(f"-- {name} came into lobby.")


@pytest.mark.parametrize("way", ["reset", "close", "half-close", "quit"])
def test_a_name_is_free_again_after_any_disconnect(
    start: Start, connect: Connect, way: str
) -> None:
    server = start()
    watcher, ann = connect(server, "watcher"), connect(server, "ann")
    ann.send(b"half a li")
    if way == "reset":
        ann.reset()
    elif way == "close":
        ann.socket.close()
    elif way == "half-close":
        ann.socket.shutdown(socket.SHUT_WR)
    else:
        ann.type("", "/quit")
    watcher.expect("-- ann left lobby")
    connect(server, "ann")


def test_telnet_options_are_refused_and_ctrl_c_hurts_nobody(start: Start, connect: Connect) -> None:
    server = start()
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.send(b"hel\xff\xfd\x01\xff\xfb\x18\xff\xfa\x18\x00\n\xff\xf0lo\r\n")
    assert b"\xff\xfc\x01\xff\xfe\x18" in ann.expect("ann: hello\r\n")
    bob.expect("ann: hello\r\n")
    ann.send(b"half typed\xff\xf4\xff")
    # As telnet does: the data mark is urgent, and its IAC is not.
    ann.socket.send(b"\xf2", socket.MSG_OOB)
    ann.send(b"\xff\xfd\x06still here\r\n")
    assert b"\xff\xfb\x06" in ann.expect("ann: still here\r\n")
    assert b"half" not in bob.expect("ann: still here\r\n")


def test_nothing_harmful_reaches_another_terminal(start: Start, connect: Connect) -> None:
    server = start()
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.send("a\x1b[2J\x07\x9b\u202e\u2066\u2028b".encode() + b"\xff\xff\xfe\xc3\x28\n")
    bob.expect("ann: a[2J b\ufffd\ufffd\ufffd(\r\n")


def test_a_long_line_is_told_and_skipped(start: Start, connect: Connect) -> None:
    server = start("--max-line", "100")
    ann = connect(server, "ann")
    ann.send(b"x" * 1_000_000 + b"\nshort\n")
    ann.expect("too long and was not sent: 100 bytes at most.\r\n")
    assert b"x" not in ann.expect("ann: short\r\n")


def test_a_flood_is_stopped_and_hurts_nobody(start: Start, connect: Connect) -> None:
    server = start("--flood-strikes", "30")
    ann, bob = connect(server, "ann"), connect(server, "bob")
    with contextlib.suppress(OSError):  # it may be disconnected while it still sends
        ann.send(b"flood\n" * 100_000)
    heard = bob.expect("-- ann left lobby: flooding.\r\n")
    assert heard.count(b"ann: flood") <= 25
    bob.type("quiet again")
    bob.expect("bob: quiet again")


@pytest.mark.parametrize("flood", [b"\xff\xfd\x06", b"\xff\xf1", b"\xff\xff", b"\xff\xfa\xff\xf0"])
def test_a_flood_of_telnet_commands_is_stopped(
    start: Start, connect: Connect, flood: bytes
) -> None:
    ann = connect(start())
    with contextlib.suppress(OSError):  # it may be disconnected while it still sends
        ann.send(flood * 100_000)
    ann.expect("-- Those were too many telnet commands. Goodbye.\r\n")


def test_those_who_leave_count_until_they_are_gone(start: Start, connect: Connect) -> None:
    server = start("--max-per-address", "2")
    quitter, browser = connect(server, "ann"), connect(server)
    quitter.type("/quit")
    quitter.expect("Goodbye.")
    browser.send(b"GET / HTTP/1.1\r\n\r\n")
    browser.expect("HTTP/1.1 400")
    assert connect(server).rest() == b"-- There are too many connections from your address.\r\n"
    quitter.socket.close()
    browser.socket.close()
    deadline = time.monotonic() + PATIENCE
    while b"too many" in (newcomer := connect(server)).expect("\r\n"):
        newcomer.socket.close()
        assert time.monotonic() < deadline


def test_a_slow_reader_is_dropped_and_the_others_lose_no_byte(
    start: Start, connect: Connect
) -> None:
    server = start("--max-output", "65536", *NO_FLOOD_LIMIT)
    ann, bob = connect(server, "ann"), connect(server, "bob")
    connect(server, "slow", receive_buffer=4096)
    ann.expect("slow came into lobby.")
    bob.expect("slow came into lobby.")
    heard: list[bytes] = []
    for number in itertools.count():
        ann.type(*(f"{number}.{line} {WORDS}" for line in range(20)))
        ann.expect(f"{number}.19 {WORDS}\r\n")
        heard.append(bob.expect(f"{number}.19 {WORDS}\r\n"))
        if b"slow left" in heard[-1]:
            break
        assert number < 2000, "the slow reader was never dropped"
    assert b"-- slow left lobby: reads too slowly." in heard[-1]
    numbers = re.findall(rb"ann: (\d+\.\d+) x{8} .* x\r\n", b"".join(heard))
    assert numbers == [b"%d.%d" % (n, line) for n in range(len(heard)) for line in range(20)]
    connect(server, "slow")


@pytest.mark.parametrize("seed", range(3))
def test_rubbish_from_many_hurts_nobody(start: Start, connect: Connect, seed: int) -> None:
    server = start(*NO_FLOOD_LIMIT)
    ann, chance = connect(server, "ann"), random.Random(seed)
    for number in range(20):
        peer = connect(server, f"peer{number}" if number % 2 else "")
        with contextlib.suppress(OSError):  # it may be disconnected
            for _ in range(50):
                peer.send(
                    chance.randbytes(chance.randrange(1, 300)) + b"\r\n"[chance.randrange(3) :]
                )
        if number % 3:
            peer.reset()
    ann.type("/leave", "alive")
    ann.expect("ann: alive\r\n")


def test_who_sends_and_hangs_up_still_sees_what_was_said(start: Start, connect: Connect) -> None:
    peer = connect(start())
    peer.type("ann", "hello")
    peer.socket.shutdown(socket.SHUT_WR)
    assert peer.rest().endswith(b"ann: hello\r\n")


def test_an_http_request_is_told_so(start: Start, connect: Connect) -> None:
    server = start()
    peer = connect(server)
    peer.send(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
    answer = peer.rest()
    assert b"\r\nHTTP/1.1 400 Bad Request\r\n" in answer
    assert b"chat room" in answer


def test_too_many_connections_are_told_so(start: Start, connect: Connect) -> None:
    server = start("--max-per-address", "1")
    connect(server, "ann")
    assert connect(server).rest() == b"-- There are too many connections from your address.\r\n"


def test_who_gives_no_name_is_shown_out(start: Start, connect: Connect) -> None:
    peer = connect(start("--login-timeout", "0.05"))
    assert peer.rest().endswith(b"-- You gave no name in time. Goodbye.\r\n")


def test_the_kernel_keeps_a_silent_connection_alive(start: Start, connect: Connect) -> None:
    table = Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("only Linux shows the timers of connections")
    server = start()
    peer = connect(server, "ann")
    here, there = (
        f":{sock[1]:04X}" for sock in (peer.socket.getpeername(), peer.socket.getsockname())
    )
    deadline = time.monotonic() + PATIENCE
    while True:  # a segment that is not acknowledged yet has another timer, for a moment
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        [timer] = [row[5] for row in rows if row[1].endswith(here) and row[2].endswith(there)]
        if timer.startswith("02:"):
            break
        assert time.monotonic() < deadline, timer


def test_the_service_manager_is_told(start: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE)
        manager.bind(str(tmp_path / "notify"))
        server = start(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(1000).decode() == f"READY=1\nMAINPID={server.process.pid}"
        assert server.stop()[0] == 0
        assert manager.recv(1000) == b"STOPPING=1"


def test_the_silent_are_asked_and_then_shown_out(start: Start, connect: Connect) -> None:
    peer = connect(start("--idle-ping", "0.1", "--idle-timeout", "0.2"), "ann")
    peer.expect("-- Are you still there?")
    assert peer.rest().endswith(b"-- You were silent for too long. Goodbye.\r\n")


def test_a_telnet_that_answers_the_ping_stays(start: Start, connect: Connect) -> None:
    peer = connect(start("--idle-ping", "0.05", "--idle-timeout", "30"))
    peer.send(b"\xff\xf1ann\r\n")
    for _ in range(3):
        assert b"still there" not in peer.expect(b"\xff\xfd\x06")
        peer.send(b"\xff\xfb\x06")
    peer.type("here")
    peer.expect("ann: here\r\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_says_goodbye_and_ends_in_order(
    start: Start, connect: Connect, number: signal.Signals
) -> None:
    server = start()
    ann, unnamed = connect(server, "ann"), connect(server)
    unnamed.expect("What is your name?\r\n")
    code, out, log = server.stop(number)
    for peer in (ann, unnamed):
        assert peer.rest().endswith(b"-- The chat room is closing. Goodbye.\r\n")
    assert code == 0
    assert "The chat room is closed." in out
    assert "Traceback" not in log


def test_a_second_ctrl_c_ends_at_once_and_without_a_traceback(
    launch: Start, connect: Connect
) -> None:
    server = launch("--linger", "30", "--max-output", "100000000", *NO_FLOOD_LIMIT)
    try:
        ann = connect(server, "ann")
        connect(server, "slow", receive_buffer=4096)
        for number in range(60):  # 9 MB, more than the kernel keeps for the slow one
            ann.type(*["x" * 1000] * 150, f"/msg ann {number} of 60")
            ann.expect(f"alone: {number} of 60")
        server.process.send_signal(signal.SIGINT)
        assert ann.rest().endswith(b"Goodbye.\r\n")
    finally:
        code, out, log = server.stop(signal.SIGINT)
    assert (code, out) == (130, "The chat room was ended at once.\n")
    assert "Traceback" not in log


def test_what_people_say_is_not_in_the_log(start: Start, connect: Connect) -> None:
    server = start("--log-level", "debug")
    ann = connect(server, "ann")
    ann.type("a secret")
    ann.expect("ann: a secret")
    ann.type("/quit another secret")
    ann.expect("Goodbye.")
    _, _, log = server.stop()
    assert "ann logged in from 127.0.0.1." in log
    assert "secret" not in log


@pytest.mark.parametrize("door", ["--port", "--web-port"])
def test_a_taken_port_is_told_in_one_sentence(start: Start, door: str) -> None:
    server = start()
    port = server.port if door == "--port" else server.web_port
    second = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "examples.chatroom"),
            *("--no-history", "--port", "0", "--web-port", "0"),
            *(door, str(port)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (second.returncode, second.stdout) == (1, "")
    sentence = f"Cannot listen on 127.0.0.1 port {port}: Address already in use."
    assert second.stderr == f"{sentence} {door} takes another one.\n"
