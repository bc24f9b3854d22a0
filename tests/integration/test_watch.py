"""``python3 -m examples.watch`` as a process: its doors, its switches, its end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.integration.chatroom_process import ENVIRONMENT, PATIENCE, ROOT


class Watch:
    """The process, and one who looks at it without a browser."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "examples.watch", "--web-port", "0", *options],
            cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline() + self.process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:(\d+)/)\n.*telnet 127\.0\.0\.1 (\d+)\n", said)
        assert found, said + self.process.communicate(timeout=PATIENCE)[1]
        self.url, self.web_port, self.port = found[1], int(found[2]), int(found[3])

    def get(self, path: str = "") -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, what: dict[str, object], token: str | None = None) -> int:
        if token is None:
            found = re.search(r'name="token" content="([^"]+)"', self.get())
            assert found
            token = found[1]
        request = urllib.request.Request(
            self.url + "control", json.dumps(what).encode(), {"X-Watch-Token": token}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with closing(error):
                return error.code

    def pictures(self) -> Iterator[dict[str, Any]]:
        with urllib.request.urlopen(self.url + "events", timeout=PATIENCE) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        with closing(self.pictures()) as pictures:  # type: ignore[type-var]  # a generator
            for number, picture in enumerate(pictures):
                if condition(picture):
                    return picture
                assert number < 300, picture
        raise AssertionError("the stream has ended")

    def hold(self) -> dict[str, Any]:
        """Pause it where a pass begins."""
        self.post({"mode": "pause"})
        self.post({"step": "pass"})
        return self.until(lambda picture: picture["stage"] == "refresh")

    def stop(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        assert (self.process.returncode, out, err) == (0, "The show is over.\n", "")


@pytest.fixture
def start() -> Iterator[Callable[..., Watch]]:
    watches: list[Watch] = []

    def starter(*options: str) -> Watch:
        watches.append(Watch(*options))
        return watches[-1]

    yield starter
    for watch in watches:
        watch.process.kill()
        watch.process.communicate()


Start = Callable[..., Watch]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["run", "slow", "pause"])
def test_it_ends_in_order_in_every_mode(start: Start, number: int, mode: str) -> None:
    watch = start("--bots", "2")
    assert watch.post({"mode": mode}) == 204
    watch.until(lambda picture: picture["mode"] == mode)
    watch.stop(number)


def test_bots_and_people_meet(start: Start) -> None:
    watch = start("--bots", "3", "--seed", "1")
    watch.until(lambda picture: picture["channels"] == 4)
    with socket.create_connection(("127.0.0.1", watch.port), timeout=PATIENCE) as telnet:
        telnet.sendall(b"Visitor\r\n")
        talk = telnet.makefile("rb")
        assert any(b"Visitor" in line for line in talk)
        picture = watch.until(lambda picture: picture["channels"] == 5)
        row = picture["rows"][-1]
        assert row["kind"] == "LineDoor"
        assert row["address"] == "{}:{}".format(*telnet.getsockname())
        assert any(b": " in line for line in talk)  # a bot has said something
        talk.close()
    watch.until(lambda picture: picture["channels"] == 4)
    watch.stop()


def test_steps_go_through_the_stages(start: Start) -> None:
    watch = start("--bots", "0")
    place = watch.hold()
    seen = ["refresh"]
    while len(seen) < 6:
        watch.post({"step": "stop"})
        before = place["passes"], place["stage"], place["doing"]

        def moved(picture: dict[str, Any], before: tuple[object, ...] = before) -> bool:
            now = picture["passes"], picture["stage"], picture["doing"]
            return now != before and picture["stage"] != ""

        place = watch.until(moved)
        seen.append(place["stage"])
    assert {*seen} <= {"refresh", "wait", "deliver", "timers", "callbacks"}
    assert "wait" in seen
    assert len({*seen}) >= 3
    passes = place["passes"]
    watch.post({"step": "pass"})
    place = watch.until(lambda picture: picture["passes"] > passes)
    assert (place["stage"], place["passes"]) == ("refresh", passes + 1)
    watch.stop()


def test_a_held_loop_serves_nobody_and_forgets_nobody(start: Start) -> None:
    watch = start("--bots", "0")
    watch.hold()
    with socket.create_connection(("127.0.0.1", watch.port), timeout=PATIENCE) as telnet:
        telnet.setblocking(False)
        with pytest.raises(BlockingIOError):
            telnet.recv(1)
        telnet.settimeout(PATIENCE)
        watch.post({"mode": "run"})
        assert telnet.recv(1)
    watch.stop()


def test_other_sites_get_nothing(start: Start) -> None:
    watch = start("--bots", "0")
    assert watch.post({"mode": "pause"}, token="wrong") == 403
    for path, fields in (
        ("", {"Host": "evil.example"}),
        ("", {"Host": f"evil.example:{watch.web_port}"}),
        ("events", {"Sec-Fetch-Site": "cross-site"}),
        ("events", {"Origin": "https://evil.example"}),
    ):
        request = urllib.request.Request(watch.url + path, headers=fields)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE)
        with closing(refused.value):
            assert refused.value.code in (403, 421)
    assert watch.until(lambda picture: True)["mode"] == "run"
    watch.stop()


@pytest.mark.parametrize("option", ["--port", "--web-port"])
def test_a_taken_port_is_one_sentence(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "examples.watch", "--web-port", "0", option, str(port)],
            cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"Cannot listen on 127.0.0.1 port {port}: Address already in use.\n"
