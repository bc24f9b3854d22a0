"""The page's seat across tabs and losses of the network, and the invitation in an address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT
from tests.integration.conftest import Connect, Start
from tests.integration.proxy import Proxy


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    page = browsers(pytestconfig, 1)[0]
    yield from visit(page)


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
    ada.click("#resume")  # with the token that the other tab received
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
    """Close the tab and open another one at the page, which has only the stored data."""
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
    ada.until("says how long", lambda: "Ada is held for " in ada.text("#login-said"))
    assert "more seconds" in ada.text("#login-said")


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


def test_what_is_typed_behind_a_join_is_for_that_room(
    start: Start, connect: Connect, ada: Page
) -> None:
    server = start()
    proxy = Proxy(server.web_port)
    carl = connect(server, "Carl")
    carl.type("/join cellar s3cret")
    carl.expect("cellar is a new room")
    try:
        ada.enter(proxy.port, "Ada")
        proxy.refusing = True  # so that no answer arrives before everything is typed
        proxy.cut()
        ada.until_shown("#trouble")
        for line in ("/join cellar", "a secret", "/join den", "in the den", "/join cellar s3cret"):
            ada.say(line)
        ada.say("in the cellar")
        proxy.refusing = False
        ada.run("window.dispatchEvent(new Event('online'))")
        carl.expect("Ada: in the cellar")
        ada.until("is there", lambda: ada.text("#place") == "cellar")
        ada.click("#rooms .entry")
        ada.until_log("You are not in cellar; not sent: a secret")
        assert not [each for each in ada.texts("#log .speech") if "in the" in each]
    finally:
        proxy.close()


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
    ada.until_log("names the room <img src=x")
    ada.run("location.hash = '#nowhere'")
    ada.until_log("names the room nowhere, which is not there")
    ada.run("location.hash = '#kitchen'")
    ada.until("is there again", lambda: ada.text("#place") == "Kitchen")
    ada.driver.refresh()
    ada.until("is there still", lambda: ada.text("#place") == "Kitchen")
    assert ada.run("return window.harmed") is None
    assert len(ada.texts("#rooms .entry")) == 2
