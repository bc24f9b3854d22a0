"""The page's frame at every size, and with many lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Peer
from tests.integration.conftest import Connect, Start

CROWD = (*NO_FLOOD_LIMIT, "--max-per-address", "400", "--rooms-per-address", "90",
         "--new-rooms", "90")  # fmt: skip
# How much the document is larger than the window, and how far it can be scrolled.
EXCESS = """
const root = document.documentElement;
scrollTo(9999, 9999);
document.body.scrollTop = 9999;
return [innerWidth - root.clientWidth, innerHeight - root.clientHeight,
        root.scrollWidth - root.clientWidth, root.scrollHeight - root.clientHeight,
        scrollX, scrollY, document.body.scrollTop]"""
FROM_END = """
const log = document.getElementById('log');
return Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"""
WIDEST_TEXT = """
const texts = [...document.querySelectorAll('#log .text')];
return Math.max(...texts.map((each) => each.getBoundingClientRect().width))"""
NEWEST = "return document.getElementById('log').lastElementChild.textContent"
OLDEST = "log.scrollTop = 0; return document.querySelector('#log .speech .text').textContent"
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifts.push(each.value);
}).observe({type: 'layout-shift'})"""


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    page = browsers(pytestconfig, 1)[0]
    yield from visit(page)


@pytest.fixture
def sized(ada: Page) -> Iterator[Callable[[int, int, float], None]]:
    """Give the window a size in CSS pixels, at a zoom."""

    def resize(width: int, height: int, zoom: float = 1) -> None:
        ada.use_phone(width, height, zoom)
        ada.until(
            "is resized", lambda: ada.run("return [innerWidth, innerHeight]") == [width, height]
        )

    yield resize
    ada.use_desktop()


def test_the_document_never_scrolls(
    start: Start, connect: Connect, ada: Page, sized: Callable[..., None]
) -> None:
    server = start(*CROWD)
    crowd = [connect(server) for _ in range(300)]
    for number, peer in enumerate(crowd):
        peer.type(f"person-{number}", *([f"/join room-{number}"] if number < 60 else []))
    for number, peer in enumerate(crowd):
        peer.expect(f"person-{number} came into {f'room-{number}' if number < 60 else 'lobby'}.")
    ada.open(server.web_port)
    for size in ((320, 256), (1366, 768)):
        sized(*size)
        assert ada.run(EXCESS) == [0] * 7, size
    ada.enter(server, "Ada")
    ada.until("has all people", lambda: ada.text("#people-count") == "241")
    crowd[99].type("x" * 900, *(f"line {number}" for number in range(40)))
    ada.until_said("person-99: line 39")
    for width, height, zoom in ((1366, 768, 1), (2560, 1440, 1), (683, 384, 2), (390, 844, 3)):
        sized(width, height, zoom)
        assert ada.run(EXCESS) == [0] * 7, (width, height)
        assert ada.run(FROM_END) == 0
        assert see_panels(ada) == {}, (width, height)
    ada.run("[...document.querySelectorAll('#people-list button')].at(-1).focus()")
    assert ada.run(EXCESS) == [0] * 7


def see_panels(page: Page) -> dict[str, Any]:
    """Open every panel; return what makes the document larger, or its end unreachable."""
    found = {}
    for opener, shown in (("#open-people", "#people-panel"), ("#open-search", "#search-panel"),
                          ("#open-join", "#join"), ("#open-help", "#help")):  # fmt: skip
        if not page.shown(shown):
            page.run("document.querySelector(arguments[0]).click()", opener)
        page.until_shown(shown)
        if shown == "#join":
            page.until("lists all", lambda: page.run("return directory.children.length") >= 60)
        bottom = f"return document.querySelector('{shown}').getBoundingClientRect().bottom"
        if page.run(EXCESS) != [0] * 7 or page.run(bottom) > page.run("return innerHeight"):
            found[opener] = page.run(EXCESS)
        page.press(Keys.ESCAPE)
    return found


def test_lines_are_not_wider_than_one_reads_well(
    start: Start, ada: Page, sized: Callable[..., None]
) -> None:
    ada.enter(start(), "Ada")
    sized(2560, 1200)
    ada.say("word " * 180)
    ada.until("shows it", lambda: ada.texts("#log .speech:not(.waiting)"))
    assert 400 < ada.run(WIDEST_TEXT) < 800
    middle = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); "
    middle += "return box.left + box.width / 2"
    assert abs(ada.run(middle, "#log .body") - ada.run(middle, "#line")) < 60


def test_no_row_draws_over_another(start: Start, connect: Connect, ada: Page) -> None:
    server = start()
    carl = connect(server, "Carl")
    tower = "o" + "\u0301" * 90
    ada.enter(server, "Ada")
    carl.type(f"said {tower}", f"/me does {tower}", f"/topic tea {tower}", "the end")
    ada.until_said("Carl: the end")
    clips = "return [...log.querySelectorAll('.row')].map((row) => getComputedStyle(row).overflow)"
    assert set(ada.run(clips)) == {"clip"}


def test_typing_a_long_message_leaves_the_log_at_its_end(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    carl.type(*(f"line {number} " + "word " * (number % 30) for number in range(100)))
    ada.enter(server, "Ada")
    ada.until_log("line 99")
    height = ada.run("return log.clientHeight")
    for _ in range(12):
        ada.field("line").send_keys("words that are typed on and on, ", Keys.SHIFT, Keys.ENTER)
        assert ada.run(FROM_END) == 0
        assert not ada.shown("#jump")
    assert ada.run("return log.clientHeight") < height - 60
    carl.type("one more")
    ada.until_log("one more")
    assert ada.run(FROM_END) == 0
    ada.field("line").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    ada.until("is small again", lambda: ada.run("return log.clientHeight") == height)
    assert (ada.run(FROM_END), ada.shown("#jump")) == (0, False)


def test_lines_that_arrive_shift_nothing(start: Start, connect: Connect, ada: Page) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl, bob = connect(server, "Carl"), connect(server, "Bob")
    carl.type(*(f"old {number} " + "word " * (number % 30) for number in range(100)))
    ada.enter(server, "Ada")
    ada.until_log("old 99")
    ada.run(WATCH_SHIFTS)
    talk(carl, bob, "at the end")
    ada.until_log("at the end 499")
    assert ada.run(FROM_END) == 0
    ada.run("log.scrollTop = 900")
    ada.until_shown("#jump")
    before = ada.run("return log.scrollTop")
    talk(carl, bob, "while reading")
    ada.until_text("#jump", "500 new messages")
    assert ada.run("return log.scrollTop") == before
    assert ada.run("return window.shifts") == []


def talk(one: Peer, other: Peer, words: str) -> None:
    """Send 500 lines in turns, sometimes several in a row by the same member."""
    for number in range(500):
        (one, other)[number % 3 == 0].type(f"{words} {number}")
    one.expect(f"{words} 499")


@pytest.mark.long
def test_fifty_thousand_lines_leave_the_tab_as_small_as_before(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    ada.driver.execute_cdp_cmd("Performance.enable", {})
    ada.enter(server, "Ada")
    sizes = []
    for begin, end in ((0, 3000), (3000, 50_000)):
        for number in range(begin, end, 500):
            carl.type(*(f"line {each} of very many" for each in range(number, number + 500)))
            carl.expect(f"line {number + 499} of")
        wait_until_changed(ada, NEWEST, until=f"line {end - 1} of")
        sizes.append(size_of(ada))
    (nodes_before, heap_before, _), (nodes, heap, rows) = sizes
    assert rows <= 1200
    assert nodes < nodes_before * 1.5
    assert heap < heap_before * 1.5
    for _ in range(4):  # further back than the page holds: the server has it
        wait_until_changed(ada, OLDEST)
    assert ada.run("return document.querySelectorAll('#log .row').length") <= 3300


def wait_until_changed(page: Page, script: str, until: str = "") -> None:
    """Wait until `script` returns another text, or one with `until` in it."""
    before = page.run(script)
    page.until(
        "goes on", lambda: until in page.run(script) if until else page.run(script) != before
    )


def size_of(page: Page) -> tuple[float, float, int]:
    """The nodes of the tab, its heap in bytes, and the rows of the log."""
    page.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    found = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    metrics = {each["name"]: float(each["value"]) for each in found}
    rows = page.run("return document.querySelectorAll('#log .row').length")
    return metrics["Nodes"], metrics["JSHeapUsedSize"], int(rows)
