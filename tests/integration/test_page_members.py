"""Actions of members on the page: search, join, leave, complete, be notified."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT
from tests.integration.conftest import Connect, Start

MANY_ROOMS = ("--max-rooms", "99", "--rooms-per-address", "99", "--new-rooms", "99")

# Whether the message with the words is in the visible part of the log, and marked.
IN_SIGHT = """
const row = [...document.querySelectorAll('#log .target')].find(
  (each) => each.querySelector('.text').textContent === arguments[0]);
if (!row) return false;
const [seen, log] = [row, document.getElementById('log')].map((e) => e.getBoundingClientRect());
return seen.top >= log.top && seen.bottom <= log.bottom;
"""
SCROLLERS = """
return [...document.querySelectorAll('#join, #join *')]
  .filter((each) => each.scrollHeight > each.clientHeight + 1 &&
                    ['auto', 'scroll'].includes(getComputedStyle(each).overflowY))
  .map((each) => each.id);
"""
WIDE = """
const {scrollWidth, clientWidth} = document.getElementById('join');
return scrollWidth > clientWidth;
"""
# A browser without a screen shows no notifications: this one records them.
STUB = """
globalThis.notified = [];
globalThis.Notification = class {
  static permission = 'default';
  static async requestPermission() { return (this.permission = arguments_); }
  constructor(title, {body, tag}) { notified.push([title, body, tag]); globalThis.last = this; }
  close() {}
};
"""
HIDE = """
Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});
document.dispatchEvent(new Event('visibilitychange'));
"""


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 1)[0])


def until_in(page: Page, room: str) -> None:
    page.until(f"is in {room}", lambda: page.text("#place") == room)


def until_found(page: Page, count: int) -> None:
    page.until(f"shows {count}", lambda: len(page.texts("#found .entry")) == count)


def test_a_search_counts_all_goes_on_and_leads_to_the_place(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT)
    bob = connect(server, "Bob")
    bob.type(*(f"Tea number {each}, {'with much milk ' * 20}and café" for each in range(120)))
    bob.type(*(f"nothing {each}" for each in range(60)), "the end")
    bob.expect("the end")
    ada.enter(server, "Ada")
    ada.say("/search cafe tea")
    ada.until_text("#search-said", "120 messages with “cafe tea” in lobby")
    assert len(ada.texts("#found .entry")) == 50
    marks = ada.texts("#found li:first-child mark")
    assert marks == ["Tea"]  # the text is cut around the first match
    assert "…" in ada.text("#found li:first-child .text")
    for shown in (100, 120):
        ada.click("#found-more")
        until_found(ada, shown)
    assert not ada.shown("#found-more")
    assert ada.text("#search-said").startswith("120 messages")
    ada.say("/join attic")
    ada.until("is in the attic", lambda: ada.text("#place") == "attic")
    ada.run("document.querySelector('#found li:last-child button').click()")
    words = f"Tea number 0, {'with much milk ' * 20}and café"
    ada.until("shows the place", lambda: ada.run(IN_SIGHT, words))
    assert ada.text("#place") == "lobby"
    assert f"Bob: {words.replace('number 0', 'number 3')}" in ada.said()  # the messages around it
    ada.click("#my-name")
    ada.field("ask-value").send_keys(Keys.CONTROL, "a", Keys.NULL, "Bob", Keys.ENTER)
    ada.until_text("#toast-words", "The name Bob is taken")  # visible beside an old page, too


def test_a_telnet_is_told_how_many_a_search_finds(start: Start, connect: Connect) -> None:
    server = start(*NO_FLOOD_LIMIT)
    bob = connect(server, "Bob")
    bob.type(*(f"tea {each}" for each in range(70)), "/search tea")
    bob.expect("-- 70 found for: tea; the newest 50\r\n")


def test_keys_and_names_with_spaces_are_answered_aloud(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start()
    bob = connect(server, "Bob")
    ada.enter(server, "Ada")
    ada.say("/join bad name here")
    ada.until_log("Neither the name of a room nor a key has spaces")
    ada.say("/join attic sesame")
    ada.until_log("attic is a new room, closed with your key")
    assert ada.text("#place") == "attic"
    bob.type("/rooms", "/join attic")
    bob.expect("-- attic (1, closed)")
    bob.expect("attic is closed")


def test_a_refusal_is_seen_while_one_reads_back(start: Start, connect: Connect, ada: Page) -> None:
    server = start(*NO_FLOOD_LIMIT)
    bob = connect(server, "Bob")
    bob.type(*(f"line {each}" for each in range(120)), "the end")
    bob.expect("the end")
    ada.enter(server, "Ada")
    ada.until_said("Bob: the end")
    ada.run("document.getElementById('log').scrollTop = 500")
    ada.until_shown("#jump")
    ada.click("#my-name")
    ada.field("ask-value").send_keys(Keys.CONTROL, "a", Keys.NULL, "Bob", Keys.ENTER)
    ada.until_text("#toast-words", "The name Bob is taken")
    assert ada.shown("#toast")
    ada.click("#toast-close")
    ada.until("puts the note away", lambda: not ada.shown("#toast"))
    ada.click("#jump")
    ada.until_log("The name Bob is taken")
    ada.say("/search 75")  # which is loaded already, out of sight
    ada.click("#found button")
    ada.until("shows the place", lambda: ada.run(IN_SIGHT, "line 75"))
    ada.click("#my-name")
    ada.field("ask-value").send_keys(Keys.CONTROL, "a", Keys.NULL, "Bob", Keys.ENTER)
    ada.until_shown("#toast")


def test_the_enter_that_commits_a_composition_sends_nothing(start: Start, ada: Page) -> None:
    server = start()
    ada.enter(server, "Ada")
    ada.field("line").send_keys("nihon")
    press = """
    const event = new KeyboardEvent('keydown', {key: 'Enter', keyCode: arguments[0],
                                                bubbles: true, cancelable: true});
    document.getElementById('line').dispatchEvent(event);
    return [event.defaultPrevented, document.getElementById('line').value];
    """
    assert ada.run(press, 229) == [False, "nihon"]
    assert ada.run(press, 13) == [True, ""]
    ada.until_said("Ada: nihon")


def test_sixty_rooms_are_sorted_folded_and_filtered_in_one_scroller(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start(*NO_FLOOD_LIMIT, *MANY_ROOMS)
    bob, carl = connect(server, "Bob"), connect(server, "Carl")
    for number in range(55):
        bob.type(f"/join empty-{number}", "said")
    bob.type("/join tea")
    carl.type("/join tea", "/topic Green and black")
    carl.expect("set the topic")
    ada.enter(server, "Ada")
    ada.click("#open-join")
    ada.until("lists", lambda: len(ada.texts("#directory .label")) == 2)
    assert ada.texts("#directory .label") == ["tea", "lobby"]
    assert ada.text("#empty-count") == "55 empty rooms"
    assert not ada.shown("#empty-list")
    ada.click("#empty-rooms summary")
    assert ada.run(SCROLLERS) == ["join"]
    ada.use_phone(390, 800)
    assert ada.run(WIDE) is False
    assert ada.run(SCROLLERS) == ["join"]
    ada.use_desktop()
    ada.field("join-room").send_keys("y-7")
    assert ada.texts("#directory .label") == ["empty-7"]
    ada.field("join-room").send_keys(Keys.CONTROL, "a", Keys.NULL, "black")
    assert ada.texts("#directory .label") == ["tea"]
    ada.click("#directory button")
    ada.until("is in tea", lambda: ada.text("#place") == "tea")


def test_leaving_goes_to_the_next_room_and_can_be_undone(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start()
    bob = connect(server, "Bob")
    ada.enter(server, "Ada")
    for room in ("attic", "kitchen", "shed"):
        ada.say(f"/join {room} sesame")
        until_in(ada, room)
    ada.click("[data-key='room:kitchen']")
    ada.click("#leave")
    ada.until("goes to the next", lambda: ada.text("#place") == "shed")
    ada.until_text("#toast-words", "You left kitchen.")
    ada.click("#toast-act")
    ada.until("is back", lambda: ada.text("#place") == "kitchen")
    bob.type("/msg Ada psst")
    ada.click("[data-key='with:Bob']")
    ada.until_said("Bob: psst")
    ada.click("#leave")
    ada.until_text("#toast-words", "The conversation with Bob is closed.")
    ada.until("closes it", lambda: not ada.shown("[data-key='with:Bob']"))
    ada.click("#toast-act")
    ada.until_said("Bob: psst")


def test_the_whole_topic_is_shown_with_its_links(start: Start, ada: Page) -> None:
    server = start()
    ada.enter(server, "Ada")
    topic = f"{'all about tea, ' * 11}see https://tea.example/"
    ada.say(f"/topic {topic}")
    ada.until_text("#topic", "tea.example")
    ada.click("#topic")
    assert ada.text("#ask-full") == topic
    assert ada.run("return document.querySelector('#ask-full a').href") == "https://tea.example/"
    assert ada.run("return document.getElementById('ask-value').value") == topic


def test_a_private_line_sent_from_a_room_is_seen(start: Start, connect: Connect, ada: Page) -> None:
    server = start()
    bob = connect(server, "Bob")
    ada.enter(server, "Ada")
    ada.say("/msg Bob psst", "see `a < b` here")
    bob.expect("Ada to Bob alone: psst")
    bob.expect("see `a < b` here")
    ada.until_log("You, to Bob alone: psst")
    ada.until("shows code", lambda: ada.texts("#log code") == ["a < b"])
    assert ada.text("#place") == "lobby"


def test_an_at_sign_offers_names(start: Start, connect: Connect, ada: Page) -> None:
    server = start()
    connect(server, "Bob"), connect(server, "Bea")
    ada.enter(server, "Ada")
    ada.until("sees three", lambda: ada.text("#people-count") == "3")
    ada.field("line").send_keys("hi @")
    ada.until("offers", lambda: ada.texts("#hint .suggestion") == ["@Bob ", "@Bea "])
    ada.field("line").send_keys("be", Keys.TAB, "and @b")
    ada.click("#hint .suggestion")
    assert ada.run("return document.getElementById('line').value") == "hi @Bea and @Bob "
    assert ada.texts("#hint .suggestion") == []


@pytest.mark.parametrize("permission", ["granted", "denied"])
def test_a_hidden_page_notifies_of_what_is_for_its_reader(
    start: Start, connect: Connect, ada: Page, permission: str
) -> None:
    server = start()
    bob = connect(server, "Bob")
    ada.enter(server, "Ada")
    ada.run(STUB.replace("arguments_", repr(permission)))
    bob.type("Ada: while it is off", "/msg Ada psst")
    ada.until_shown("[data-key='with:Bob']")
    ada.click("#open-alerts")
    ada.click("#alerts-on")
    if permission == "denied":
        ada.until_text("#alerts-said", "The browser does not allow it")
        assert ada.run("return document.getElementById('alerts-on').checked") is False
        return
    ada.press(Keys.ESCAPE)
    bob.type("Ada: while it is seen")
    ada.until_said("Bob: Ada: while it is seen")
    ada.run(HIDE, True)
    bob.type("nothing for her", "hello Ada", "/msg Ada psst")
    ada.until("notifies", lambda: len(ada.run("return notified")) == 2)
    assert ada.run("return notified") == [
        ["Bob in lobby", "hello Ada", "room:lobby"],
        ["Bob, in private", "psst", "with:Bob"],
    ]
    ada.run(HIDE, False)
    ada.run("last.onclick()")
    ada.until("opens it", lambda: ada.text("#place") == "Bob")
    assert ada.run("return JSON.parse(localStorage['chat-alerts'])") == {"on": True, "sound": False}
    ada.run("localStorage.removeItem('chat-alerts')")
