"""The terminal client in use: in real terminals, with a real server."""

from __future__ import annotations

import re
import shlex
import time

import pytest

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")
pytest.importorskip("websockets", reason="the client's screen comes with the chat extra")

from tests.integration.chatroom_process import NO_FLOOD_LIMIT, PATIENCE, Server
from tests.integration.conftest import Connect, Start
from tests.integration.terminal_picture import PICTURE, act, draw
from tests.integration.tmux import CLIENT, PYTHON, Tmux

SIZES = [(80, 24), (40, 24)]


def come_in(tmux: Tmux, server: Server, name: str, columns: int = 80, rows: int = 24) -> None:
    tmux.open(name, f"{CLIENT} --port {server.port} --name {name}", columns, rows)
    tmux.expect(name, f"-- {name} came in.", f"{name}>")


def prompt(tmux: Tmux, window: str, text: str) -> list[str]:
    """Wait until the last row is the prompt with `text` in it; return the rows above."""
    deadline = time.monotonic() + PATIENCE
    while True:
        rows = tmux.screen(window)
        while rows and not rows[-1]:
            rows.pop()
        if rows and rows[-1].rstrip() == f"{window}> {text}".rstrip():
            return rows[:-1]
        assert time.monotonic() < deadline, "\n".join(rows)


def shown(rows: list[str], *ends: str) -> list[str]:
    """Return the rows that end so, in their order."""
    return [end for row in rows for end in ends if row.endswith(end)]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_lines_arrive_above_what_is_being_typed(
    start: Start, connect: Connect, tmux: Tmux, columns: int, rows: int
) -> None:
    server = start()
    come_in(tmux, server, "ann", columns, rows)
    bob = connect(server, "bob")
    tmux.write("ann", "half a line")
    for number in range(8):
        bob.type(f"line {number}")
        tmux.expect("ann", f"bob: line {number}")
        prompt(tmux, "ann", "half a line")
    tmux.write("ann", ", grüße 漢字")
    above = prompt(tmux, "ann", "half a line, grüße 漢字")
    assert above[-1].startswith(" #lobby  2 people  connected")
    assert shown(above, *(f"bob: line {n}" for n in range(8))) == [
        f"bob: line {n}" for n in range(8)
    ]
    tmux.type("ann", "Home")
    tmux.write("ann", "hello ")
    tmux.type("ann", "Enter")
    bob.expect("] ann: hello half a line, grüße 漢字")
    screen = tmux.expect("ann", "ann: hello half a line")
    assert screen.count("hello half a line") == 1
    prompt(tmux, "ann", "")


def test_history_completion_and_rooms(start: Start, connect: Connect, tmux: Tmux) -> None:
    server = start()
    come_in(tmux, server, "ann")
    bob = connect(server, "bertram")
    tmux.expect("ann", "bertram came in")
    tmux.write("ann", "ber")
    tmux.type("ann", "Tab")
    prompt(tmux, "ann", "bertram:")
    tmux.write("ann", "hi")
    tmux.type("ann", "Enter")
    bob.expect("] ann: bertram: hi")
    tmux.type("ann", "Up")
    prompt(tmux, "ann", "bertram: hi")
    tmux.type("ann", "C-c", "/jo", "Tab", "de", "v", "Enter")
    tmux.expect("ann", "#dev  1 person")
    bob.type("ann, are you there?")
    tmux.expect("ann", "1 lobby (1!)")
    tmux.type("ann", "M-1")
    tmux.expect("ann", "#lobby  2 people", "bertram: ann, are you there?")
    tmux.type("ann", "C-r")
    tmux.write("ann", "bertr")
    tmux.expect("ann", "ann> bertram: hi")
    tmux.type("ann", "Enter", "Enter")
    bob.expect("] ann: bertram: hi")


def test_a_hundred_pasted_lines_arrive_in_order(start: Start, connect: Connect, tmux: Tmux) -> None:
    server = start(*NO_FLOOD_LIMIT)
    come_in(tmux, server, "ann")
    bob = connect(server, "bob")
    lines = [f"pasted {number}." for number in range(100)]
    tmux.paste("ann", "\n".join(lines))
    tmux.expect("ann", "pasted 99.")
    assert b"pasted" not in bob.received
    tmux.type("ann", "Enter")
    received = bob.expect("ann: pasted 99.").decode()
    assert [
        line.partition("ann: ")[2] for line in received.splitlines() if "ann: " in line
    ] == lines
    tmux.expect("ann", "ann: pasted 99.")
    tmux.type("ann", "PageUp")
    tmux.expect("ann", " 21 below")
    bob.type("while one reads back")
    screen = tmux.expect("ann", " 22 below", "ann: pasted 78.")
    assert "while one reads back" not in screen
    tmux.type("ann", "PageDown", "PageDown")
    tmux.expect("ann", "bob: while one reads back")


def test_the_screen_follows_the_size_of_the_window(
    start: Start, connect: Connect, tmux: Tmux
) -> None:
    server = start()
    come_in(tmux, server, "ann")
    bob = connect(server, "bob")
    words = "漢字 emoji 🎉 שלום " + " ".join(["word"] * 14)
    bob.type(words)
    tmux.write("ann", "being typed")
    tmux.expect("ann", "bob: 漢字")
    for columns, rows in ((40, 24), (20, 16), (120, 30), (80, 24)):
        tmux.resize("ann", columns, rows)
        deadline = time.monotonic() + PATIENCE
        while True:
            above = prompt(tmux, "ann", "being typed")
            text = " ".join("\n".join(above[:-1]).partition("bob: ")[2].split())
            if text == words and len(above) == rows - 1:
                break
            assert time.monotonic() < deadline, above


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_server_that_is_killed_and_started_again(
    launch: Start, connect: Connect, tmux: Tmux, columns: int, rows: int
) -> None:
    server = launch()
    ports = ("--port", str(server.port), "--web-port", str(server.web_port))
    come_in(tmux, server, "ann", columns, rows)
    tmux.write("ann", "before")
    tmux.type("ann", "Enter")
    tmux.expect("ann", "ann: before")
    server.kill()
    tmux.expect("ann", "connection lost")
    tmux.write("ann", "waits")
    tmux.type("ann", "Enter")
    tmux.expect("ann", "The connection is lost")
    tmux.write("ann", "still typing")
    server = launch(*ports)
    bob = connect(server, "bob")
    bob.type("said meanwhile")
    bob.expect("] ann: waits")
    tmux.expect("ann", "ann: waits", "bob: said meanwhile", "connected")
    above = prompt(tmux, "ann", "still typing")
    for once in ("ann: before", "bob: said meanwhile", "ann: waits"):
        assert shown(above, once) == [once]
    server.stop()


@pytest.mark.parametrize(
    ("keys", "code", "reason"),
    [(("/quit bye", "Enter"), 0, "quit (bye)"), (("C-d",), 0, "quit"), (("C-c",), 130, "quit")],
    ids=["/quit", "Ctrl-D", "Ctrl-C"],
)
def test_leaving_gives_the_terminal_back_as_it_was(
    start: Start, connect: Connect, tmux: Tmux, keys: tuple[str, ...], code: int, reason: str
) -> None:
    server = start()
    bob = connect(server, "bob")
    client = f"{CLIENT.removeprefix('exec ')} --port {server.port} --name ann"
    shell = f"stty -g >before; {client}; echo code $?; stty -g | cmp - before && echo sane; cat"
    tmux.open(
        "ann", f"cd {shlex.quote(str(server.history.parent))}; PYTHONPATH=$PYTHONPATH {shell}"
    )
    tmux.expect("ann", "ann>", "connected")
    tmux.type("ann", *keys)
    screen = tmux.expect("ann", f"code {code}", "sane")
    assert "Goodbye." in screen
    assert "ann>" not in screen
    bob.expect(f"-- ann left lobby: {reason}.")


def test_one_whose_terminal_is_closed_leaves_at_once(
    start: Start, connect: Connect, tmux: Tmux
) -> None:
    server = start()
    bob = connect(server, "bob")
    come_in(tmux, server, "ann")
    bob.expect("ann came into lobby")
    tmux.open("other", "cat")
    tmux.run("kill-session", "-t", "ann")
    bob.expect("-- ann left lobby: quit.")


def test_one_may_leave_while_the_server_is_away(start: Start, tmux: Tmux) -> None:
    server = start()
    tmux.watch("ann", f"{CLIENT} --port {server.port} --name ann")
    tmux.expect("ann", "ann>", "connected")
    server.stop()
    tmux.expect("ann", "The chat room is closing. Goodbye.", "connection lost")
    tmux.type("ann", "C-d")
    tmux.expect("ann", "Goodbye.", "code 0")


def test_without_a_web_door_it_speaks_in_lines(start: Start, connect: Connect, tmux: Tmux) -> None:
    server = start("--web-port", "none")
    tmux.open("ann", f"{CLIENT} --port {server.port}", 60, 20)
    tmux.expect("ann", "What is your name?")
    tmux.type("ann", "ann", "Enter")
    tmux.expect("ann", "ann came into lobby.")
    bob = connect(server, "bob")
    tmux.write("ann", "half")
    bob.type("between")
    tmux.expect("ann", "bob: between")
    prompt(tmux, "ann", "half")
    tmux.type("ann", "Enter")
    bob.expect("] ann: half")


def test_without_the_package_the_terminal_edits_the_lines(start: Start, tmux: Tmux) -> None:
    server = start()
    program = (
        "import sys; sys.modules['prompt_toolkit'] = None; "
        "from examples.chatroom.client.__main__ import main; "
        f"sys.exit(main(['--port', '{server.port}', '--name', 'ann']))"
    )
    tmux.watch("ann", f"{PYTHON} -c {shlex.quote(program)}")
    tmux.expect("ann", "Without the packages prompt_toolkit and websockets", "ann came into lobby")
    tmux.type("ann", "hello", "Enter", "C-d")
    tmux.expect("ann", "] ann: hello", "-- Goodbye.", "code 0")


def test_the_picture_shows_the_client_as_it_is(start: Start, tmux: Tmux) -> None:
    """Redraw it with ``python3 -m tests.integration.terminal_picture``."""
    assert draw(act(tmux, start())) == PICTURE.read_text(encoding="utf-8")


def test_over_tls(start: Start, files: tuple[str, str, str], tmux: Tmux) -> None:
    authority, certificate, _ = files
    server = start("--tls-cert", certificate)
    tmux.open("ann", f"{CLIENT} --port {server.port} --ca {authority} --name ann")
    tmux.expect("ann", "#lobby  1 person  connected")
    tmux.type("ann", "hello", "Enter")
    tmux.expect("ann", "ann: hello")
    page = f"https://localhost:{server.web_port}/"
    tmux.open("bob", f"{CLIENT} {page} --ca {authority} --name bob")
    tmux.expect("bob", "#lobby  2 people  connected", "ann: hello")
    tmux.watch("eve", f"{CLIENT} --port {server.port}")
    tmux.expect("eve", "This port of the chat room speaks TLS", "client --tls", "code 1")


def test_over_ipv6(start: Start, tmux: Tmux) -> None:
    server = start("--host", "::1", "--web-host", "::1")
    port, web_port = re.findall(r"(?:telnet ::1 |::1\]:)(\d+)", server.opening)
    tmux.open("ann", f"{CLIENT} --host ::1 --port {port} --name ann")
    tmux.expect("ann", "#lobby  1 person  connected")
    tmux.open("bob", f"{CLIENT} 'http://[::1]:{web_port}/' --name bob")
    tmux.expect("bob", "#lobby  2 people  connected")
