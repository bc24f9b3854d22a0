"""The page's frame at every size, how its files arrive, and the seat over several tabs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Peer
from tests.integration.conftest import Connect, Start
from tests.integration.proxy import HeadProxy, Proxy

CROWD = (*NO_FLOOD_LIMIT, "--max-per-address", "400", "--rooms-per-address", "90",
         "--new-rooms", "90")  # fmt: skip
# By how much the document is larger than the window, and how far it lets itself be scrolled.
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
    """Open all that opens; return what makes the document larger, or the end of it unreachable."""
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


# How the files arrive


def test_the_page_comes_in_few_requests(start: Start, ada: Page) -> None:
    ada.open(start().web_port)
    ada.until_shown("#login")
    script = """return performance.getEntriesByType('resource').filter((each) => each.transferSize)
      .map((each) => new URL(each.name).pathname)"""
    assert 1 + len(ada.run(script)) <= 6
    assert not [each for each in ada.run(script) if each in ("/static/dom.js", "/static/page.css")]
    manifest = ada.driver.execute_cdp_cmd("Page.getAppManifest", {})
    assert manifest["errors"] == []
    assert '"start_url"' in manifest["data"]
    found = ada.driver.execute_cdp_cmd("Page.getInstallabilityErrors", {})
    assert found["installabilityErrors"] == []


def test_a_full_address_gets_the_page_and_is_told_why_it_waits(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start("--max-per-address", "2")
    first, _ = connect(server, "Carl"), connect(server, "Bob")
    ada.open(server.web_port)
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until("is told", lambda: "too many connections from your address" in said_at_login(ada))
    assert "Trying again" in said_at_login(ada)
    first.type("/quit")
    hurry = "window.dispatchEvent(new Event('online'))"  # it would wait for ten seconds
    ada.until("comes in", lambda: ada.run(hurry) or ada.shown("#place"))


def said_at_login(page: Page) -> str:
    return page.text("#login-said")


def test_a_file_that_does_not_arrive_is_said_with_a_way_to_try_again(
    start: Start, ada: Page
) -> None:
    server = start()
    busy = [True]
    proxy = HeadProxy(
        server.web_port,
        lambda head: b"" if busy[0] and head.startswith(b"GET /static/main.") else head,
    )
    try:
        ada.open(proxy.port)
        missing = "A file of this page did not arrive"
        ada.until("says so", lambda: missing in ada.text("#wait-words"))
        assert ada.shown("#wait-again")
        busy[0] = False
        ada.click("#wait-again")
        ada.until_shown("#login")
        assert all("503" in each for each in ada.complaints())
    finally:
        proxy.close()


# The seat


def test_a_remembered_seat_is_taken_up_in_a_new_tab(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    ada.open(server.web_port)
    ada.click("#remember")
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until_shown("#place")
    ada.say("/join kitchen")
    ada.until_text("#place", "kitchen")
    ada.until("keeps it", lambda: "kitchen" in ada.run("return localStorage['chat-seat']"))
    replace_tab(ada, server.web_port)
    ada.until("is back", lambda: ada.text("#place") == "kitchen")
    assert ada.text("#my-name").endswith("Ada")
    first = ada.driver.current_window_handle
    ada.driver.switch_to.new_window("tab")
    ada.open(server.web_port)
    ada.until("is back", lambda: ada.text("#place") == "kitchen")
    ada.say("from the second tab")
    ada.until_said("Ada: from the second tab")
    second = ada.driver.current_window_handle
    ada.driver.switch_to.window(first)
    ada.until("is told", lambda: "another tab" in ada.text("#ended-reason"))
    ada.click("#resume")  # with the token that the other tab got
    ada.until_said("Ada: from the second tab")
    ada.driver.switch_to.window(second)
    ada.until("is told", lambda: "another tab" in ada.text("#ended-reason"))
    ada.driver.close()
    ada.driver.switch_to.window(first)
    ada.say("/quit")
    ada.until_shown("#again")
    assert ada.run("return localStorage['chat-seat'] ?? ''") == ""
    carl.type("/names")
    assert b"Ada left" in carl.expect("Ada left lobby: quit")


def replace_tab(page: Page, port: int) -> None:
    """Close the tab and open another one at the page, which knows nothing but what is stored."""
    old = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    new = page.driver.current_window_handle
    page.driver.switch_to.window(old)
    page.driver.close()
    page.driver.switch_to.window(new)
    page.open(port)


def test_a_name_that_is_not_remembered_is_said_to_be_held(start: Start, ada: Page) -> None:
    server = start()
    ada.enter(server, "Ada")
    replace_tab(ada, server.web_port)
    ada.until_shown("#login")
    assert ada.run("return localStorage.length") == 0
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until("says how long", lambda: "Ada is held for " in said_at_login(ada))
    assert "more seconds" in said_at_login(ada)


def test_a_seat_of_another_tab_that_is_gone_asks_for_a_name(start: Start, ada: Page) -> None:
    server = start("--resume-grace", "0")
    ada.open(server.web_port)
    ada.click("#remember")
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until_shown("#place")
    ada.until("keeps it", lambda: ada.run("return localStorage['chat-seat']"))
    replace_tab(ada, server.web_port)
    ada.until_shown("#login")
    assert ada.run("return document.getElementById('name').value") == "Ada"
    assert ada.run("return localStorage['chat-seat'] ?? ''") == ""


def test_a_browser_without_a_network_still_reaches_the_server(start: Start, ada: Page) -> None:
    server = start()
    proxy = Proxy(server.web_port)
    try:
        ada.enter(proxy.port, "Ada")
        ada.run("Object.defineProperty(navigator, 'onLine', {value: false})")
        ada.run("window.dispatchEvent(new Event('offline'))")
        ada.say("is anybody there?")
        ada.until_said("Ada: is anybody there?")
        proxy.refusing = True
        proxy.cut()
        ada.until("says it", lambda: "there is no network" in ada.text("#trouble-words"))
        ada.until("tries again", lambda: "Trying again in" in ada.text("#trouble-words"))
        proxy.refusing = False
        ada.until_online()
    finally:
        proxy.close()


# Invitations


def test_an_address_invites_to_a_room(start: Start, connect: Connect, ada: Page) -> None:
    server = start()
    carl = connect(server, "Carl")
    carl.type("/join Kitchen")
    carl.expect("Carl came into Kitchen.")
    ada.driver.get(f"http://127.0.0.1:{server.web_port}/#kitchen")
    ada.until_text("#invited", "to the room kitchen.")
    ada.field("name").send_keys("Ada", Keys.ENTER)
    ada.until("is there", lambda: ada.text("#place") == "Kitchen")
    address = "return location.hash"
    ada.until("shows it", lambda: ada.run(address) == "#Kitchen")
    ada.click("#rooms .entry")
    ada.until("is in the lobby", lambda: ada.run(address) == "")
    ada.run("location.hash = '#%3Cimg%20src%3Dx%20onerror%3D%22window.harmed%3D1%22%3E'")
    ada.until_log("Names are made of letters")  # the server says so
    ada.run("location.hash = '#kitchen'")
    ada.until("is there again", lambda: ada.text("#place") == "Kitchen")
    ada.driver.refresh()
    ada.until("is there still", lambda: ada.text("#place") == "Kitchen")
    assert ada.run("return window.harmed") is None
    assert len(ada.texts("#rooms .entry")) == 2


# Many lines


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
    """Say 500 lines in turns, now and then several by one."""
    for number in range(500):
        (one, other)[number % 3 == 0].type(f"{words} {number}")
    one.expect(f"{words} 499")


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
    for _ in range(4):  # further back than is held: the server has it
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
