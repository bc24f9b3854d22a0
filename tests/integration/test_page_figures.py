"""The page's figures: the cost of loading it, and no finding of axe-core in either theme."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.browser.axe import findings, use_any_theme
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Peer, Server
from tests.integration.conftest import Connect, Start
from tests.page_figures.measuring import Network, arrive, lines

MOST_REQUESTS = 6
MOST_BYTES = 60_000
GROUND = "return getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def page(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 1)[0])


@pytest.fixture
def judged(page: Page) -> Iterator[Page]:
    yield page
    use_any_theme(page)
    page.use_desktop()


def judge(page: Page, where: str) -> None:
    """Check the visible page, in both themes."""
    grounds = set()
    for theme in ("light", "dark"):
        found = findings(page, theme)
        assert found == [], f"{where}, {theme}:\n" + "\n".join(found)
        grounds.add(page.run(GROUND))
    assert len(grounds) == 2


def test_the_login_shows_after_few_requests(start: Start, page: Page) -> None:
    server = start()
    found = arrive(page, server.web_port)
    assert 0 < found.requests <= MOST_REQUESTS
    assert 10_000 < found.size <= MOST_BYTES
    slow = arrive(page, server.web_port, Network("not so slow", latency=50, rate=400_000))
    assert (slow.requests, slow.size) == (found.requests, found.size)
    assert slow.shown > slow.first_paint > 0


def test_axe_finds_nothing_at_the_login(start: Start, connect: Connect, judged: Page) -> None:
    server = start()
    connect(server, "Carl")
    judged.open(server.web_port)
    judged.until_shown("#name")
    judge(judged, "log-in")
    judged.press("Carl", Keys.ENTER)
    judged.until_text("#login-said", "taken")
    judge(judged, "refusal")


def test_axe_finds_nothing_in_the_room(start: Start, connect: Connect, judged: Page) -> None:
    server = start(*NO_FLOOD_LIMIT)
    fill(judged, server, connect(server, "Carl"))
    judge(judged, "room")
    for where, opens in SCENES.items():
        opens(judged)
        judge(judged, where)


def fill(page: Page, server: Server, carl: Peer) -> None:
    """Fill the room with one of everything: the page's rows are those that people see."""
    page.enter(server, "Ada")
    page.say("/topic Tea at four, see https://example.org/", "hello", "/me waves", "/help")
    carl.expect("* Ada waves")
    carl.type("Ada: look at https://example.org/ please", "/me nods", "/msg Ada psst")
    page.until_said("Carl: Ada: look at https://example.org/ please")
    page.until("has a private line", lambda: page.texts("#privates .count"))
    page.until("is filled", lambda: len(page.texts("#log .row")) > 6)


def open_search(page: Page) -> None:
    page.click("#open-search")
    page.until_shown("#search-panel")
    page.press("hello", Keys.ENTER)
    page.until("finds it", lambda: page.texts("#found button"))


def open_private(page: Page) -> None:
    page.press(Keys.ESCAPE)
    page.click("#privates .entry")
    page.until_said("Carl: psst")


def open_dialog(opener: str, dialog: str) -> Callable[[Page], None]:
    def opens(page: Page) -> None:
        page.press(Keys.ESCAPE)
        page.click(opener)
        page.until_shown(dialog)

    return opens


def use_phone(page: Page) -> None:
    page.press(Keys.ESCAPE)
    page.use_phone(390, 700)
    page.click("#open-rooms")
    page.until("shows the rooms", lambda: page.in_viewport("#rooms"))


def read_back(page: Page) -> None:
    page.press(Keys.ESCAPE)
    page.click("#rooms .entry")
    page.until_said("Ada: hello")


def leave(page: Page) -> None:
    page.press(Keys.ESCAPE)
    page.use_desktop()
    page.say("/quit")
    page.until_shown("#ended")


SCENES: dict[str, Callable[[Page], None]] = {
    "search": open_search,
    "private": open_private,
    "help": open_dialog("#open-help", "#help"),
    "join": open_dialog("#open-join", "#join"),
    "name": open_dialog("#my-name", "#ask"),
    "back in the room": read_back,
    "phone": use_phone,
    "end": leave,
}


def test_axe_finds_nothing_while_the_server_is_away(start: Start, judged: Page) -> None:
    server = start()
    judged.enter(server, "Ada")
    server.stop()
    judged.until_shown("#trouble")
    judged.say("this waits")
    judged.until("has it wait", lambda: judged.texts("#log .waiting"))
    judge(judged, "away")


def test_axe_would_find_a_fault(start: Start, judged: Page) -> None:
    judged.open(start().web_port)
    judged.until_shown("#name")
    judged.run("document.querySelector('label[for=name]').remove()")
    judged.run("document.querySelector('.quiet').style.color = 'light-dark(#ddd, #333)'")
    for theme in ("light", "dark"):
        found = " ".join(findings(judged, theme))
        assert "color-contrast" in found
        assert "label (critical): #name" in found


def test_the_command_prints_them(page: Page) -> None:
    [line] = lines(page, [None])
    assert re.match(r"loopback: +\d+ requests, [\d,]+ bytes; first paint after ", line)
