"""The page's main flows in three engines: Chromium, WebKit (Safari's) and Firefox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.browser import ENGINES, Keys, Page, started, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Server
from tests.integration.conftest import Connect, Start, check_clean_end

AT_END = """
const log = document.getElementById('log');
return log.scrollHeight > log.clientHeight + 200
  && log.scrollHeight - log.scrollTop - log.clientHeight < 2"""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=ENGINES)
def browser(request: pytest.FixtureRequest) -> Iterator[Page]:
    with started(request.param) as page:
        yield page


@pytest.fixture(scope="module")
def server(browser: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for an engine's tests; each test has rooms and names of its own."""
    server = Server(tmp_path_factory.mktemp("engines"), *NO_FLOOD_LIMIT)
    yield server
    check_clean_end(server)


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    yield from visit(browser)


@pytest.fixture
def fresh(page: Page, server: Server) -> Page:
    """Return a page whose tab has no data of the previous test."""
    page.engine.get(f"http://127.0.0.1:{server.web_port}/static/icon.svg")
    page.run("localStorage.clear(); sessionStorage.clear()")
    page.complaints()  # a page of an image alone has no icon: browsers request one
    return page


def test_two_people_talk(server: Server, connect: Connect, fresh: Page) -> None:
    carl = connect(server, "Carl")
    fresh.enter(server, "Ada")
    fresh.say("hello, Carl")
    carl.expect("Ada: hello, Carl\r\n")
    carl.type("hello, Ada <b>&amp;</b> 👍🏽")
    fresh.until_said("Ada: hello, Carl", "Carl: hello, Ada <b>&amp;</b> 👍🏽")
    fresh.until("lists both", lambda: fresh.texts("#people-list .name") == ["Ada", "Carl"])
    assert {"hello,", "Carl", "<b>&amp;</b>"} <= {*fresh.visible_words("#log")}
    assert fresh.in_viewport("#line")
    assert fresh.in_viewport("#send")
    fresh.click("#log-out")
    carl.expect("Ada left")


def test_a_name_that_is_taken_is_refused(server: Server, connect: Connect, fresh: Page) -> None:
    connect(server, "Dora")
    fresh.open(server.web_port)
    fresh.until("has the focus in the field", lambda: fresh.run(FOCUS) == "name")
    fresh.press("Dora", Keys.ENTER)
    fresh.until_text("#login-said", "taken")
    assert "taken" in " ".join(fresh.visible_words("#login"))
    fresh.press(*[Keys.BACKSPACE] * 4, "Eva", Keys.ENTER)
    fresh.until("comes in", lambda: fresh.shown("#place"))


def test_what_the_browser_complains_about_is_heard(server: Server, browser: Page) -> None:
    browser.open(server.web_port)
    browser.complaints()
    browser.run("setTimeout(() => noSuchFunction())")
    browser.run("const image = document.createElement('img'); image.src = 'http://127.0.0.2/a.png';"
                "document.body.append(image)")  # fmt: skip
    heard: list[str] = []

    def hears(*words: str) -> bool:
        heard.extend(browser.complaints())
        return all(any(word in each for each in heard) for word in words)

    browser.until("complains of both", lambda: hears("noSuchFunction", "127.0.0.2"))
    browser.engine.get("about:blank")


FOCUS = "return document.activeElement.id"


def test_a_room_is_joined_and_left(server: Server, fresh: Page) -> None:
    fresh.enter(server, "Fred")
    fresh.say("/join kitchen")
    fresh.until("is in the kitchen", lambda: fresh.text("#place") == "kitchen")
    fresh.say("who cooks?")
    fresh.until_said("Fred: who cooks?")
    fresh.click("#rooms .entry")
    fresh.until("is in the lobby", lambda: fresh.text("#place") != "kitchen")
    assert "who cooks?" not in fresh.text("#log")


def test_what_is_typed_before_there_is_a_room_is_kept(server: Server, fresh: Page) -> None:
    fresh.open(server.web_port)
    fresh.until_shown("#name")
    fresh.run(TYPE_AT_ONCE)
    fresh.field("name").send_keys("Jo", Keys.ENTER)
    fresh.until("is in the lobby", lambda: fresh.text("#place") == "lobby")
    fresh.say("sentence")
    fresh.until_said("Jo: half a sentence")


# The view of the rooms exists before the first room.
TYPE_AT_ONCE = """
new MutationObserver((_, observer) => {
  if (document.body.dataset.view !== 'chat') return;
  observer.disconnect();
  document.getElementById('line').value = 'half a ';
}).observe(document.body, {attributes: true})"""


def test_a_private_line_is_between_two(server: Server, connect: Connect, fresh: Page) -> None:
    carl, dora = connect(server, "Carl"), connect(server, "Dora")
    fresh.enter(server, "Gina")
    fresh.click("#people-list [data-name=Carl]")
    fresh.say("just between us")
    carl.expect("Gina to Carl alone: just between us\r\n")
    carl.type("/msg Gina all right")
    fresh.until_said("Gina: just between us", "Carl: all right")
    carl.type("to everybody")
    assert b"between us" not in dora.expect("Carl: to everybody\r\n")


def test_a_search_leads_to_the_message(server: Server, connect: Connect, fresh: Page) -> None:
    carl = connect(server, "Carl")
    carl.type("/join garden", "the treasure is here", *(f"line {number}" for number in range(150)))
    carl.expect("line 149\r\n")
    fresh.enter(server, "Hal")
    fresh.say("/join garden")
    fresh.until_said("Carl: line 149")
    fresh.say("/search treasure")
    fresh.until("finds it", lambda: fresh.text("#search-said").startswith("1 message"))
    fresh.click("#found button")
    fresh.until("shows it", lambda: "treasure" in fresh.visible_words("#log"))


def test_the_log_stays_at_its_end(server: Server, connect: Connect, fresh: Page) -> None:
    carl = connect(server, "Carl")
    carl.type("/join hallway")
    fresh.enter(server, "Ina")
    fresh.say("/join hallway")
    carl.expect("Ina came into hallway")
    carl.type(*(f"line {number} " + "word " * (number % 40) for number in range(120)), "the last")
    fresh.until_said("Carl: the last")
    fresh.until("is at its end", lambda: fresh.run(AT_END))
    fresh.engine.resize(500, 700)
    try:
        fresh.until("is narrow", lambda: fresh.run("return innerWidth") < 700)
        fresh.until("stays at its end", lambda: fresh.run(AT_END))
        # The list of rooms, which had a column of its own, now covers the log.
        last = "#log .row:last-child .text"
        fresh.until("shows the last", lambda: fresh.visible_words(last) == ["the", "last"])
    finally:
        fresh.engine.resize(1280, 800)


def test_a_reload_and_a_restart_lose_nothing(
    start: Start, connect: Connect, page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    first = start(*NO_FLOOD_LIMIT, folder=folder)
    page.enter(first, "Ada")
    page.say("/join kitchen")
    page.until("is in the kitchen", lambda: page.text("#place") == "kitchen")
    page.say("before")
    page.until_said("Ada: before")
    page.engine.refresh()
    page.until_said("Ada: before")
    assert page.text("#place") == "kitchen"
    first.stop()
    page.until("sees it go", lambda: page.shown("#trouble"))
    page.say("in between")
    second = start(*NO_FLOOD_LIMIT, "--web-port", str(first.web_port), folder=folder)
    carl = connect(second, "Carl")
    page.run("window.dispatchEvent(new Event('online'))")
    page.until_online()
    page.until_said("Ada: before", "Ada: in between")
    carl.type("/join kitchen", "after")
    page.until_said("Carl: after")
    said = ["Ada: before", "Ada: in between", "Carl: after"]
    assert [each for each in page.said() if each in said] == said
