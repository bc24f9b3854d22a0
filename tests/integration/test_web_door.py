"""The web door, used as by browsers, with a real server."""

from __future__ import annotations

import contextlib
import random
import ssl
from pathlib import Path

from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.limits import Limits
from tests.certificates import certificates
from tests.examples.chatroom.doors.web.helpers import handshake, parse, text
from tests.examples.chatroom.doors.web.serve import CLOSING, Running, serving
from tests.integration.web_peers import EAGERLY, FREELY, Browser, Raw, until


def test_two_browsers_talk(door: Running) -> None:
    with Browser(door, "Ada") as ada, Browser(door, "Bob") as bob:
        ada.expect("joined", sender="Bob", room="lobby")
        ada.ask("say", room="lobby", text="hi <b>Bob</b>", nonce="0-1")
        said = bob.expect("said", sender="Ada", room="lobby")
        assert said["text"] == "hi <b>Bob</b>"
        assert said["id"] >= 1
        ada.expect("receipt", n=1)
        bob.ask("whisper", to="Ada", text="psst")
        assert ada.expect("whispered")["text"] == "psst"
        ada.ask("join", room="tea")
        assert ada.expect("room")["people"] == [{"name": "Ada", "operator": False}]
        ada.ask("rooms")
        rooms = {each["name"]: each["people"] for each in ada.expect("rooms")["rooms"]}
        assert rooms == {"lobby": 2, "tea": 1}
        ada.ask("leave", room="tea")
        ada.expect("parted", room="tea")
        ada.ask("page", room="lobby", before=0)
        assert said in ada.expect("page")["messages"]
        ada.ask("search", room="lobby", text="Bob")
        assert ada.expect("found")["query"] == "Bob"
        ada.say("/quit")
        ada.expect("farewell")
        assert ada.ended() == 4000
        bob.expect("left", sender="Ada")
        bob.say("/quit")
        assert bob.ended() == 4000


def test_a_taken_name_may_be_followed_by_another(door: Running) -> None:
    with Browser(door, "Ada") as ada, Browser(door) as other:
        other.send(do="enter", name="ADA")
        assert "taken" in other.expect("refused")["text"]
        other.send(do="enter", name="Bob")
        other.expect("welcome", name="Bob")
        for browser in (ada, other):
            browser.n = 10
            browser.say("/quit")
            assert browser.ended() == 4000


def test_five_names_in_vain_are_enough() -> None:
    with serving(Limits(login_attempts=3)) as running, Browser(running) as eve:
        for _ in range(3):
            eve.send(do="enter", name="!")
        texts = [eve.expect("refused")["text"] for _ in range(3)]
        assert "Goodbye" in texts[2]
        assert eve.ended() == 4000
        until(lambda: running.places() == 0)


def test_nothing_is_lost_or_doubled_wherever_the_connection_is_cut() -> None:
    """A member sends messages while the other's connection is cut repeatedly, at any point."""
    dice = random.Random(6)
    with serving(Limits(**FREELY), WebLimits(**EAGERLY)) as running, Browser(running, "Bob") as bob:
        raw = Raw(running)
        raw.open()
        token = raw.enter("Ada")
        heard: list[str] = []
        seen, data, told = 0, raw.data, 0
        while len(heard) < 400:
            if told < 400 and dice.random() < 0.7:
                for _ in range(min(dice.randrange(1, 8), 400 - told)):
                    bob.say(str(told))
                    told += 1
                bob.expect("receipt", n=bob.n)  # a client that does not read is cut too
            raw.socket.settimeout(0.02)
            with contextlib.suppress(TimeoutError):
                data += raw.socket.recv(dice.choice([1, 7, 100, 5000]))
            found, data = parse(data)
            for each in found:
                event = each.json
                if event["kind"] != "resumed":
                    seen += 1
                    heard += [event["text"]] if event["kind"] == "said" else []
                else:
                    assert "fresh" not in event
            if dice.random() < 0.3:
                raw.reset()
                raw, data = Raw(running), b""
                raw.open()
                raw.send(text({"do": "resume", "token": token, "seen": seen}))
                data, raw.data = raw.data, b""
        assert heard == [str(number) for number in range(400)]
        assert running.figure("seats") == 2
        raw.socket.close()


def test_requests_sent_again_are_done_once(door: Running) -> None:
    with Browser(door, "Ada") as ada:
        with Browser(door) as again:
            ada.send(n=1, do="say", room="lobby", text="once")
            ada.expect("receipt", n=1)
            again.send(do="resume", token=ada.token, seen=None)
            resumed = again.expect("resumed")
            assert (resumed["name"], resumed["done"]) == ("Ada", 1)
            assert ada.ended() == 4001
            assert again.expect("room")["recent"][-1]["text"] == "once"
            again.send(n=1, do="say", room="lobby", text="once")
            again.send(n=2, do="say", room="lobby", text="twice")
            assert again.expect("said")["text"] == "twice"
            again.send(n=3, do="say", room="lobby", text="/quit")
            assert again.ended() == 4000
        with Browser(door) as late:
            late.send(do="resume", token=ada.token, seen=0)
            late.expect("expired")


def test_who_stays_away_leaves(door: Running) -> None:
    web = WebLimits(resume_grace=0.2)
    with serving(web=web) as running, Browser(running, "Bob") as bob:
        raw = Raw(running)
        raw.open()
        token = raw.enter("Ada")
        bob.expect("joined", sender="Ada")
        raw.reset()
        bob.expect("left", sender="Ada")
        assert running.places() == 1
        with Browser(running) as late:
            late.send(do="resume", token=token, seen=0)
            late.expect("expired")


def test_a_slow_reader_loses_its_connection_and_not_its_seat() -> None:
    limits = Limits(**FREELY, max_output=20_000)
    with serving(limits, WebLimits(**EAGERLY)) as running, Browser(running, "Bob") as bob:
        with Raw(running, receive_buffer=4096) as slow:
            slow.open()
            token = slow.enter("Ada")
            while not running.figure("seats_waiting"):
                bob.say("z" * 1000)
                bob.expect("receipt", n=bob.n)
        with Browser(running) as again:
            again.send(do="resume", token=token, seen=0)
            again.expect("resumed", name="Ada")


def test_at_the_end_of_the_server_browsers_are_told_to_come_back() -> None:
    with serving() as running, Browser(running, "Ada") as ada, Browser(running) as stranger:
        stranger.send(do="enter", name="!")
        stranger.expect("refused")
        running.stop()
        assert ada.expect("closing")["text"] == CLOSING
        assert (ada.ended(), stranger.ended()) == (1012, 1012)


def test_a_full_room_is_told_and_floods_are_cut() -> None:
    limits = Limits(max_members=2)
    web = WebLimits(max_visitors=3)
    with serving(limits, web) as running, Browser(running, "Ada"), Browser(running, "Bob"):
        with Raw(running) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert raw.rest().startswith(b"HTTP/1.1 200 ")
        until(lambda: running.figure("visitors") == 0)
        with Browser(running) as eve:
            eve.send(do="enter", name="Eve")
            eve.expect("refused")
            assert eve.ended() == 1013
        until(lambda: running.figure("visitors") == 0)
        with contextlib.ExitStack() as stack:
            many = [stack.enter_context(Raw(running)) for _ in range(10)]
            assert [raw.rest() for raw in many[:7]] == [b""] * 7
            assert running.figure("visitors") == 3
        assert running.places() == 2


def test_over_tls_with_the_certificate_of_the_moment(tmp_path: Path) -> None:
    contexts = [certificates().server(), certificates().server()]
    current = contexts[:1]
    (tmp_path / "index.html").write_text("<!doctype html>")
    asked: list[ssl.SSLContext] = []

    def tls() -> ssl.SSLContext:
        asked.append(current[0])
        return current[0]

    with serving(tls=tls, folder=tmp_path) as running:
        for context in contexts:
            current[0] = context
            with Raw(running, context=certificates().client()) as raw:
                raw.open(f"Origin: https://{running.host}")
                raw.send(text({"do": "resume", "token": "", "seen": 0}))
                assert raw.next().json == {"kind": "expired"}
        assert asked == contexts
        with Raw(running, context=certificates().client()) as raw:
            raw.send(handshake(running.host, f"Origin: http://{running.host}"))
            assert raw.rest().startswith(b"HTTP/1.1 403 ")
        with Raw(running, context=certificates().client()) as raw:
            raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert raw.rest().endswith(b"<!doctype html>")
        with Raw(running) as plain:
            plain.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert plain.rest().startswith(b"HTTP/1.1 400 ")
            assert plain.rest().endswith(b"speaks TLS: the page's address begins with https://.\n")
        until(lambda: running.places() == 0)
