"""The start of the server; its run is in tests/integration/test_chatroom.py."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from examples.chatroom import __main__ as chatroom
from examples.chatroom.doors.web.bundle import bundle
from examples.chatroom.server import ChatServer
from miniloop import EventLoop
from tests.examples.chatroom.test_missing import BARE

ROOT = Path(__file__).parents[3]
ALONE = ["--no-history", "--port", "0", "--web-port", "0"]


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a server that ends as soon as it runs."""
    run = EventLoop.run

    def stopped(loop: EventLoop) -> None:
        loop.call_soon(loop.stop)
        run(loop)

    monkeypatch.setattr(EventLoop, "run", stopped)


@pytest.mark.parametrize(
    ("door", "sentence"),
    [
        ("open_lines", "Cannot listen on 127.0.0.1 port 80: Permission denied.\n"),
        ("open_web", "Cannot listen on 127.0.0.1 port 81: Permission denied.\n"),
    ],
)
def test_an_address_that_cannot_be_had_ends_it_with_a_sentence(
    door: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ChatServer, door, refuse)
    port = "80" if door == "open_lines" else "0"
    assert chatroom.main(["--port", port, "--web-port", "81", "--no-history"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", sentence)


def test_a_page_that_cannot_be_put_together_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        bundle("main.js", {"main.js": "export default 1;"})

    monkeypatch.setattr(ChatServer, "open_web", refuse)
    monkeypatch.setattr(chatroom, "has_web", lambda: True)
    assert chatroom.main(["--port", "0", "--web-port", "0", "--no-history"]) == 1
    assert capsys.readouterr().err == (
        "The page cannot be served. main.js: this line cannot be put into one file: "
        "export default 1;\n"
    )


def test_a_named_history_that_cannot_be_had_ends_it_with_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert chatroom.main([*ALONE[1:], "--history", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"The history in {tmp_path} cannot be used: ")


def test_a_port_that_is_taken_names_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--web-port"):
            assert chatroom.main([*ALONE, option, port]) == 1
            said = capsys.readouterr().err.splitlines()
            sentence = f"Cannot listen on 127.0.0.1 port {port}: {os.strerror(errno.EADDRINUSE)}."
            assert said == [f"{sentence} {option} takes another one."]


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])
def test_what_it_listens_on_everywhere_is_shown_as_what_can_be_typed(
    at_once: None, host: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    assert chatroom.main([*ALONE, "--host", host]) == 0
    lines, web, *_ = capsys.readouterr().out.splitlines()
    everywhere = r" \(and at this machine's other addresses\)"
    assert re.fullmatch(rf"The chat room is open: telnet {shown} \d+{everywhere}", lines)
    in_url = f"\\[{shown}\\]" if ":" in shown else shown
    assert re.fullmatch(rf"and in a browser: http://{in_url}:\d+/{everywhere}", web)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_the_opening_says_where_everything_is(
    at_once: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert chatroom.main([*ALONE[1:]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("The chat room is open: telnet 127.0.0.1 ")
    assert lines[1].startswith("and in a browser: http://127.0.0.1:")
    assert lines[2].startswith(f"What is said is kept in {tmp_path}")
    assert lines[3] == "The chat room is closed."


def test_the_web_door_stays_shut_if_nobody_wants_it(
    at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert chatroom.main([*ALONE, "--web-port", "none"]) == 0
    assert "browser" not in capsys.readouterr().out


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_an_open_ear_is_warned_of(
    at_once: None, host: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert chatroom.main([*ALONE, "--host", host]) == 0
    assert ("Others in the network can read what is said" in caplog.text) == warned


def test_operators_that_make_no_sense_end_it_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "operators"
    file.write_text("ann nonsense\n")
    file.chmod(0o600)
    assert chatroom.main([*ALONE, "--operators", str(file)]) == 1
    assert capsys.readouterr().err.startswith("The operators' file cannot be used: Line 1: ")


def test_a_data_folder_that_cannot_be_used_opens_the_room_without_operators(
    at_once: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As for a system user whose home is /dev/null."""
    home = tmp_path / "null"
    home.write_bytes(b"")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    assert chatroom.main(ALONE[1:]) == 0
    said = capsys.readouterr()
    assert "kept in memory" in said.out
    file = home / "miniloop-chatroom" / "operators"
    assert f"There are no operators. Cannot use {file}: Not a directory." in said.err
    assert f"The history in {file.with_name('history.sqlite3')} cannot be used" in said.err
    assert chatroom.main([*ALONE, "--operators", str(file)]) == 1
    assert capsys.readouterr().err == (
        f"The operators' file cannot be used: Cannot use {file}: Not a directory.\n"
    )


@pytest.mark.needs("unix sockets")
def test_a_service_manager_that_makes_no_sense_ends_it_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "nonsense")
    assert chatroom.main(ALONE) == 1
    error = capsys.readouterr().err
    assert error.startswith("The service manager cannot be told: NOTIFY_SOCKET is 'nonsense'")


def test_a_bare_python_opens_the_line_door_and_says_what_is_missing() -> None:
    program = BARE + (
        "from miniloop import EventLoop\n"
        "run = EventLoop.run\n"
        "def stopped(loop):\n"
        "    loop.call_soon(loop.stop)\n"
        "    run(loop)\n"
        "EventLoop.run = stopped\n"
        "from examples.chatroom.__main__ import main\n"
        f"sys.exit(main({ALONE}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("The chat room is open: telnet 127.0.0.1 ")
    assert "browser" not in done.stdout
    assert len(done.stderr.splitlines()) == 3
    for package in ("websockets", "precis-i18n"):
        assert f"the package {package} is missing." in done.stderr
