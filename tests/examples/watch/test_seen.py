"""What is noted of a loop, and the pictures of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from examples.watch.pace import PAUSE, Pace
from examples.watch.picture import Picture
from examples.watch.seen import LOG, MOST_ROWS, Seen
from miniloop import EventLoop
from miniloop.readiness import READ
from miniloop.testing import FakeClock, ScriptedSelector
from tests.doubles import FakeChannel
from tests.driving import Lines, pair, settle


@pytest.fixture
def seen() -> Seen:
    return Seen(Pace())


@pytest.fixture
def scripted(seen: Seen) -> Iterator[tuple[EventLoop, ScriptedSelector]]:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    with EventLoop(selector=selector, clock=clock) as loop:
        seen.attach(loop)
        yield loop, selector


def made(seen: Seen, loop: EventLoop) -> Picture:
    """A picture as the watched thread makes it, between two passes."""
    assert seen.look() is None
    loop.run_once(0)
    picture = seen.look()
    assert picture is not None
    seen._wanted = False
    return picture


def said(picture: Picture, *lanes: str) -> list[str]:
    """What was logged, in these lanes or in all."""
    return [entry.text for entry in picture.log if not lanes or entry.lane in lanes]


def test_channels(seen: Seen, loop: EventLoop) -> None:
    seen.attach(loop)
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        settle(loop)
        lines.push(b"good morning")
        loop.run_once(0)
        lines.push(b"x")
        picture = made(seen, loop)
        lines.close()
    (row,) = picture.rows
    assert (row.number, row.fd, row.kind) == (2, row.fd, "Lines")
    assert (row.received, row.sent, row.queued) == (6, 12, 1)
    assert (row.calls, row.last, row.wants, row.dirty) == (2, "flush", ["read"], False)
    assert (picture.channels, picture.queued, picture.dirty, picture.hidden) == (1, 1, 0, 0)


def test_a_descriptor_that_comes_back_is_another_row(
    seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]
) -> None:
    loop, _ = scripted
    numbers = []
    for _ in range(2):
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.run_once(0)
        numbers.append(made(seen, loop).rows[0].number)
        channel.close()
    assert numbers == [2, 3]
    assert made(seen, loop).rows == []
    log = [text for text in said(made(seen, loop)) if text.startswith("fd 7")]
    assert log == ["fd 7 FakeChannel is registered", "fd 7 FakeChannel leaves the loop"] * 2


def test_timers_and_callbacks(seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]) -> None:
    loop, _ = scripted
    loop.call_later(5, later)
    loop.call_later(3, int)
    loop.call_later(1, int).cancel()
    loop.call_soon(later)
    picture = made(seen, loop)
    assert [(each.left, each.name) for each in picture.timers] == [(3, "int"), (5, "later")]
    assert (picture.timer_count, picture.callbacks) == (2, ["later"])
    assert said(made(seen, loop), "handlers") == ["callback: later()"]
    loop.run_once(10)
    assert said(made(seen, loop), "handlers")[-1] == "timer: int()"


def later() -> None:
    """Be called."""


def test_refresh_shows_asking_and_what_the_selector_is_told(seen: Seen, loop: EventLoop) -> None:
    seen.attach(loop)
    with pair() as (ours, _):
        lines = Lines(loop, ours)
        settle(loop)
        lines.pause_reading()
        loop.run_once(0)
        picture = made(seen, loop)
        fd = lines.fileno()
        lines.close()
    asked = [text for text in said(picture, "loop") if text.startswith(f"ask fd {fd} ")]
    assert asked == [f"ask fd {fd} Lines: READ", f"ask fd {fd} Lines: HANGUP"]
    told = [text for text in said(picture, "kernel") if f"fd {fd}, " in text]
    assert [text.partition("(")[2] for text in told] == [
        f"ADD, fd {fd}, READ)", f"MOD, fd {fd}, HANGUP)",
    ]  # fmt: skip
    stages = {entry.stage for entry in picture.log if entry.text in (*asked, *told)}
    assert stages == {"refresh"}


def test_what_is_sent_is_in_the_lanes(seen: Seen, loop: EventLoop) -> None:
    seen.attach(loop)
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        settle(loop)
        lines.push(b"good morning")
        loop.run_once(0)
        picture = made(seen, loop)
        fd = lines.fileno()
        lines.close()
    entries = [(entry.lane, entry.text) for entry in picture.log if f"fd {fd}" in entry.text]
    order = [
        ("kernel", f"recv(fd {fd}) = 6 bytes"), ("handlers", f"fd {fd} Lines.handle_read()"),
        ("handlers", f"fd {fd} Lines.push(12 bytes)"), ("loop", f"flush fd {fd} Lines"),
        ("kernel", f"send(fd {fd}) = 12 bytes"),
    ]  # fmt: skip
    assert [entry for entry in entries if entry in order] == [order[1], order[0], *order[2:]]
    waits = [text for text in said(picture, "kernel") if "wait" in text]
    assert waits
    assert all(text.endswith(" ready") for text in waits[:-1])


def test_stages_are_counted(seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]) -> None:
    loop, selector = scripted
    made(seen, loop)
    FakeChannel(fd=7).join(loop)
    loop.run_once(0)
    selector.script((7, READ))
    loop.call_soon(int)
    loop.run_once(0)
    picture = made(seen, loop)
    times = {name: stage.times for name, stage in picture.stages.items()}
    assert times == {"refresh": 3, "wait": 3, "deliver": 1, "timers": 0, "callbacks": 1}
    assert all(stage.seconds >= 0 for stage in picture.stages.values())
    assert picture.passes == 4  # the picture is made when the fourth begins
    assert picture.stage == ""


def test_a_loop_in_its_wait_is_still(seen: Seen) -> None:
    loop = EventLoop()
    seen.attach(loop)
    runner = threading.Thread(target=loop.run, kwargs={"forever": True})
    runner.start()
    try:
        picture = None
        while picture is None or picture.stage != "wait":
            picture = seen.look()
        assert picture.stage == "wait"
        again = seen.look()
        assert again is not None
        assert again.stages["wait"].times == 0
        assert 0 < again.stages["wait"].seconds <= again.span
    finally:
        loop.stop(0)
        runner.join()
        loop.close()


def test_pictures_never_go_back(seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]) -> None:
    loop, _ = scripted
    assert seen.look() is None
    loop.run_once(0)
    seen._still = True  # as in a wait that began meanwhile
    assert seen.look() is not None
    seen._still = False
    assert seen.look() is None


def test_a_held_loop_is_still(seen: Seen) -> None:
    loop = EventLoop(clock=seen._pace.clock)
    seen.attach(loop)
    loop.call_soon(later)
    seen._pace.set_mode(PAUSE)
    runner = threading.Thread(target=loop.run)
    runner.start()
    places = []
    try:
        for _ in range(6):
            while (picture := seen.look()) is None or (picture.stage, picture.doing) in places:
                pass
            places.append((picture.stage, picture.doing))
            if len(places) < 5:
                seen._pace.step()
            else:
                break
    finally:
        seen._pace.release()
        runner.join()
        loop.close()
    assert places == [
        ("refresh", ""), ("refresh", "interest"), ("wait", ""), ("callbacks", ""),
        ("callbacks", "later"),
    ]  # fmt: skip


def test_the_crowd_is_cut_to_the_busiest(
    seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]
) -> None:
    loop, selector = scripted
    for number in range(MOST_ROWS + 5):
        FakeChannel(fd=100 + number).join(loop)
    loop.run_once(0)
    last = 100 + MOST_ROWS + 4
    selector.script((last, READ))
    loop.run_once(0)
    picture = made(seen, loop)
    assert (len(picture.rows), picture.hidden, picture.channels) == (MOST_ROWS, 5, MOST_ROWS + 5)
    assert picture.rows[-1].fd == last
    assert [row.number for row in picture.rows] == sorted(row.number for row in picture.rows)


def test_a_picture_is_json(seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]) -> None:
    loop, _ = scripted
    FakeChannel(fd=7).join(loop)
    loop.call_later(1, later)
    text = made(seen, loop).json()
    assert "\n" not in text
    told = json.loads(text)
    assert told["rows"][0]["kind"] == "FakeChannel"
    assert told["stages"]["wait"] == {"times": 0, "seconds": 0.0}
    assert told["timers"] == [{"left": 1.0, "name": "later"}]


def test_the_log_is_bounded(seen: Seen, scripted: tuple[EventLoop, ScriptedSelector]) -> None:
    loop, _ = scripted
    for _ in range(500):
        loop.call_soon(later)
    loop.run_once(0)
    picture = made(seen, loop)
    assert len(picture.log) == LOG
    assert picture.logged >= 500
    assert [entry.index for entry in picture.log] == list(
        range(picture.logged - LOG + 1, picture.logged + 1)
    )
