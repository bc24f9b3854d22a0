"""The page in use: two browsers and a telnet in the same rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.chatroom.doors.line.rows import rows_of
from examples.chatroom.people.text import clean
from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Peer
from tests.integration.conftest import Connect, Start

HOSTILE = (
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "\"><svg onload=window.harmed=1> ' onmouseover='window.harmed=1",
    "javascript:window.harmed=1 data:text/html,<b>hi</b>",
    "\u202eevil\u2066 override\u200f\u061c",
    "\x1b[31mred\x1b]0;title\x07 \x9b2J",
    "w" * 900,
    "Z\u0351\u036b\u0343\u0332\u0317\u033fa" * 40,
    "👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇪🇺 👍🏽",
    "&lt;b&gt; &amp; %3Cscript%3E ${window.harmed=1} {{7*7}}",
    "__proto__ constructor toString",
)
AT_END = """
const log = document.getElementById('log');
return log.clientHeight < 640 && log.scrollHeight - log.scrollTop - log.clientHeight < 2"""

NEXT_TO_THE_LINE = """
const line = document.querySelector('#log .rule.new');
return line.nextElementSibling.querySelector('.text').textContent;
"""


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 1)[0])


@pytest.fixture
def bob(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 2)[1])


def test_two_browsers_and_a_telnet_talk_in_one_room(
    start: Start, connect: Connect, ada: Page, bob: Page
) -> None:
    server = start()
    carl = connect(server, "Carl")
    ada.enter(server, "Ada")
    bob.enter(server, "Bob")
    ada.say("hello, both of you", "/me waves")
    carl.expect("Ada: hello, both of you")
    carl.expect("* Ada waves")
    carl.type("hello from a terminal")
    bob.until_said("Ada: hello, both of you", "Carl: hello from a terminal")
    bob.say("/topic Tea at four")
    carl.expect("Bob set the topic: Tea at four")
    for page in (ada, bob):
        page.until_text("#topic", "Tea at four")
        assert page.texts("#people-list .name") == ["Ada", "Bob", "Carl"]
        assert [text.strip() for text in page.texts("#log .action .text")] == ["waves"]
    hue = "return document.querySelector('#people-list [data-name=Carl] .name').style.cssText"
    assert ada.run(hue) == bob.run(hue)
    carl.type("/quit")
    bob.until_log("Carl left")
    bob.until("has two people", lambda: bob.texts("#people-list .name") == ["Ada", "Bob"])


def test_hostile_texts_from_every_door_are_only_text(
    start: Start, connect: Connect, ada: Page, bob: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "constructor")
    ada.enter(server, "toString")
    bob.enter(server, "hasOwnProperty")
    for text in HOSTILE:
        ada.paste(text)
        rows = rows_of(f"[00:00] toString: {clean(text)}")  # a client joins the rows again
        carl.expect(" ".join(row.strip() for row in rows).removeprefix("[00:00] ") + "\r\n")
        carl.type(text)
    expected = [clean(text) for text in HOSTILE]
    for page in (ada, bob):
        page.until_said(f"constructor: {expected[-1]}", f"toString: {expected[-1]}")
        for name in ("constructor", "toString"):
            assert [f"{name}: {text}" for text in expected] == [
                each for each in page.said() if each.startswith(f"{name}: ")
            ]
        assert page.run("return window.harmed") is None
        assert (
            page.run("return document.querySelectorAll('#log :is(script, img, svg, b)').length")
            == 0
        )
        wide = """
        const bodies = [...document.querySelectorAll('#log .body')];
        return bodies.filter((each) => each.scrollWidth > each.clientWidth)"""
        assert page.run(wide) == []


def test_names_that_cannot_be_had_are_refused_aloud(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start()
    connect(server, "Carl")
    ada.open(server.web_port)
    for name, answer in (("__proto__", "letter or digit"), ("Carl", "taken"), ("<b>", "letters")):
        ada.field("name").send_keys(Keys.CONTROL, "a", Keys.NULL, name, Keys.ENTER)
        ada.until_text("#login-said", answer)
    assert ada.run("return document.getElementById('login-said').ariaLive") == "assertive"
    ada.field("name").send_keys(Keys.CONTROL, "a", Keys.NULL, "Ada", Keys.ENTER)
    ada.until("comes in", lambda: ada.shown("#place"))


def test_private_talk_and_unread_marks(
    start: Start, connect: Connect, ada: Page, bob: Page
) -> None:
    server = start()
    carl = connect(server, "Carl")
    ada.enter(server, "Ada")
    bob.enter(server, "Bob")
    ada.click("#people-list [data-name=Bob]")
    ada.say("just between us")
    bob.until("has a mark", lambda: "1" in bob.text("#privates .count"))
    bob.until("tells it in the title", lambda: bob.driver.title.startswith("(1) "))
    bob.click("#privates .entry")
    bob.until_said("Ada: just between us")
    assert bob.shown("#log .rule.new")
    carl.type("nobody else", "Bob: are you there?")
    bob.until("counts both", lambda: bob.text("#rooms .count.mention").startswith("2"))
    bob.say("it stays here")
    ada.until_said("Ada: just between us", "Bob: it stays here")
    ada.driver.refresh()
    ada.until_said("Ada: just between us", "Bob: it stays here")
    assert ada.text("#place") == "Bob"
    ada.click("#rooms .entry")
    ada.until_said("Carl: nobody else")
    assert "just between us" not in ada.text("#log")
    see_what_came_while_away(ada, carl)
    carl.type("/me is still here")
    carl.expect("* Carl is still here")
    assert b"between us" not in carl.received


def see_what_came_while_away(page: Page, carl: Peer) -> None:
    here = page.driver.current_window_handle
    page.run("window.open('about:blank')")
    page.until("is hidden", lambda: page.run("return document.hidden"))
    carl.type("while you were away")
    page.until("counts it", lambda: page.driver.title.startswith("(1) "))
    there = next(each for each in page.driver.window_handles if each != here)
    page.driver.switch_to.window(there)
    page.driver.close()
    page.driver.switch_to.window(here)
    page.until("has it read", lambda: not page.driver.title.startswith("("))
    assert page.run(NEXT_TO_THE_LINE) == "while you were away"


def test_rooms_are_joined_found_closed_and_left(start: Start, ada: Page, bob: Page) -> None:
    server = start()
    ada.enter(server, "Ada")
    bob.enter(server, "Bob")
    ada.say("/join kitchen")
    ada.until("is in the kitchen", lambda: ada.text("#place") == "kitchen")
    ada.say("/lock sugar", "/topic Cake")
    ada.until("shows the lock", lambda: "Cake" in ada.text("#topic"))
    bob.click("#open-join")
    bob.until("lists it", lambda: "needs a key" in bob.text("#directory li:nth-child(2)"))
    bob.click("#directory li:nth-child(2) button")
    bob.press("salt", Keys.ENTER)
    bob.until("is refused", lambda: "/join ROOM KEY" in bob.text("#join-said"))
    bob.field("join-key").send_keys(Keys.CONTROL, "a", Keys.NULL, "sugar", Keys.ENTER)
    bob.until("is in the kitchen", lambda: bob.text("#place") == "kitchen")
    assert not bob.shown("#join")
    bob.click("#leave")
    bob.until("is in the lobby", lambda: bob.text("#place") == "lobby")
    assert [text.strip() for text in bob.texts("#rooms .label")] == ["lobby"]


def test_history_is_scrolled_back_to_its_beginning(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    carl.type(*(f"line {number}" for number in range(400)))
    carl.expect("line 399\r\n")
    ada.enter(server, "Ada")
    ada.until_said("Carl: line 399")
    assert "Carl: line 200" not in ada.said()
    top = ada.said()[0]
    seen_at = """
    const texts = [...document.querySelectorAll('#log .text')];
    const row = texts.find((each) => each.textContent === arguments[0]);
    return Math.round(row.getBoundingClientRect().top)"""
    ada.run("document.getElementById('log').scrollTop = 300")
    before = ada.run(seen_at, top.removeprefix("Carl: "))
    ada.until("gets older ones", lambda: ada.said()[0] != top)
    assert abs(ada.run(seen_at, top.removeprefix("Carl: ")) - before) <= 2
    carl.type("something new")
    ada.until("offers a way back", lambda: "1 new message" in ada.text("#jump"))
    scroll = "const log = document.getElementById('log'); log.scrollTop = 0; return log.textContent"
    ada.until("reaches the beginning", lambda: "This is the beginning." in ada.run(scroll))
    lines = [f"Carl: line {number}" for number in range(400)]
    assert ada.said() == [*lines, "Carl: something new"]
    ada.click("#jump")
    ada.until("is at the end", lambda: not ada.shown("#jump"))


def test_a_long_room_keeps_a_bounded_page(start: Start, connect: Connect, ada: Page) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    ada.enter(server, "Ada")
    carl.type(*(f"line {number}" for number in range(1500)))
    ada.until_said("Carl: line 1499")
    assert 900 <= len(ada.said()) <= 1100
    ada.run("document.getElementById('log').scrollTop = 0")
    ada.until("fetches the dropped ones", lambda: "Carl: line 390" in ada.said())
    numbers = [int(each.rpartition(" ")[2]) for each in ada.said()]
    assert numbers == list(range(numbers[0], 1500))


def test_search_leads_to_the_message(start: Start, connect: Connect, ada: Page) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    carl.type("the treasure is under the <b>oak</b>", *(f"line {number}" for number in range(300)))
    carl.expect("line 299\r\n")
    ada.enter(server, "Ada")
    ada.say("/search treasure")
    ada.until("finds it", lambda: ada.text("#search-said").startswith("1 message"))
    ada.click("#found button")
    ada.until_said("Carl: the treasure is under the <b>oak</b>")
    ada.click("#jump")
    ada.until_said("Carl: line 299")
    assert "treasure" not in ada.text("#log")


def test_everything_is_done_by_keyboard(start: Start, connect: Connect, ada: Page) -> None:
    server = start()
    carl = connect(server, "Carl")
    ada.open(server.web_port)
    ada.press("Ada", Keys.ENTER)
    ada.until("comes in", lambda: ada.shown("#place"))
    ada.until("has a list", lambda: "Carl" in ada.text("#people-list"))
    ada.press("Ca", Keys.TAB, Keys.TAB)  # the first completes, the second moves the focus
    assert ada.run("return document.activeElement.id") == "send"
    ada.chord(Keys.SHIFT, Keys.TAB)
    ada.press("hello", Keys.ENTER)
    carl.expect("Ada: Carl: hello\r\n")
    ada.press(Keys.UP, " again", Keys.ENTER)
    carl.expect("Ada: Carl: hello again\r\n")
    ada.press("/jo", Keys.TAB, "kitchen", Keys.ENTER)
    ada.until("is in the kitchen", lambda: ada.text("#place") == "kitchen")
    ada.chord(Keys.ALT, Keys.UP)
    ada.until("is in the lobby", lambda: ada.text("#place") == "lobby")
    walk_to(ada, "[data-name=Carl]")
    ada.press(Keys.ENTER, "psst", Keys.ENTER)
    carl.expect("Ada to Carl alone: psst\r\n")
    walk_to(ada, "#open-help")
    ada.press(Keys.ENTER)
    ada.until("helps", lambda: ada.shown("#help"))
    ada.press(Keys.ESCAPE)
    ada.until("closes the help", lambda: not ada.shown("#help"))
    ada.press(Keys.ESCAPE, "//quit", Keys.ENTER)
    carl.expect("Ada to Carl alone: /quit\r\n")


def walk_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, which must be visible on every step."""
    focus = """
    const here = document.activeElement;
    const style = getComputedStyle(here);
    const around = getComputedStyle(here.parentElement);
    const seen = style.outlineStyle !== 'none' || around.boxShadow !== 'none';
    return [here.matches(arguments[0]), seen || here === document.body]"""
    for _ in range(40):
        page.press(Keys.TAB)
        there, seen = page.run(focus, selector)
        assert seen, page.run("return document.activeElement.outerHTML")
        if there:
            return
    raise AssertionError(f"Tab never reaches {selector}")


@pytest.mark.parametrize("width", [320, 390])
def test_the_page_fits_a_phone(start: Start, connect: Connect, ada: Page, width: int) -> None:
    server = start(*NO_FLOOD_LIMIT)
    carl = connect(server, "Carl")
    ada.use_phone(width, 640)
    try:
        ada.enter(server, "Ada")
        carl.type(
            *(f"line {number}" for number in range(40)),
            "x" * 500,
            "https://example.org/" + "long/" * 80,
        )
        ada.until_log("https://example.org/")
        ada.use_desktop()
        ada.until("is wide", lambda: ada.run("return innerWidth") > 1000)
        ada.use_phone(width, 400)  # rotated, and then the keyboard closes
        ada.until("stays at the end", lambda: ada.run(AT_END))
        ada.use_phone(width, 640)
        ada.until("is higher", lambda: ada.run("return innerHeight") == 640)
        ada.until("stays at the end", lambda: ada.run(AT_END))
        assert not ada.shown("#jump")
        for opener, panel in (
            ("", ""),
            ("#open-rooms", "rooms"),
            ("#open-people", "people"),
            ("#open-search", "search"),
        ):
            if opener:
                ada.click(opener)
                ada.until_shown(f"#{panel}-panel")
            assert ada.run("return document.scrollingElement.scrollWidth") == width
            assert ada.run("return innerWidth") == width
            ada.press(Keys.ESCAPE)
        bottom = "return document.getElementById('composer').getBoundingClientRect().bottom"
        assert ada.run(bottom) <= 640
        small = """
        const buttons = [...document.querySelectorAll('.room button')];
        const shown = buttons.filter((each) => each.checkVisibility());
        const sizes = shown.map((each) => each.getBoundingClientRect());
        return sizes.filter((each) => each.width < 24 || each.height < 20).length"""
        assert ada.run(small) == 0
    finally:
        ada.use_desktop()


def test_the_folder_has_no_other_host_in_it() -> None:
    static = Path(__file__).parents[2] / "examples/chatroom/doors/web/static"
    for path in static.iterdir():
        text = path.read_text(errors="replace").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path
        assert "https://" not in text.replace("https://bank.example@evil.example", ""), path
