"""The page after a cut connection, a restart of the server, a lost seat: nothing is lost."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.browser import Keys, Page, WebDriverException, browsers, visit
from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Peer, Server
from tests.integration.conftest import Connect, Start
from tests.integration.proxy import HeadProxy, Proxy


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    yield from visit(browsers(pytestconfig, 1)[0])


@pytest.fixture
def server(start: Start) -> Server:
    return start(*NO_FLOOD_LIMIT)


@pytest.fixture
def proxy_to() -> Iterator[Callable[[int], Proxy]]:
    with contextlib.ExitStack() as stack:

        def make(port: int) -> Proxy:
            proxy = Proxy(port)
            stack.callback(proxy.close)
            return proxy

        yield make


@pytest.fixture
def proxy(server: Server, proxy_to: Callable[[int], Proxy]) -> Proxy:
    return proxy_to(server.web_port)


def from_person(page: Page, name: str) -> list[str]:
    return [each.removeprefix(f"{name}: ") for each in page.said() if each.startswith(f"{name}: ")]


def network_is_back(page: Page) -> None:
    """Send the page the browser's event for a restored network."""
    page.run("window.dispatchEvent(new Event('online'))")


def test_cut_while_messages_flow_both_ways(
    server: Server, proxy: Proxy, connect: Connect, ada: Page
) -> None:
    carl = connect(server, "Carl")
    ada.enter(proxy.port, "Ada")
    heard = b""
    for number in range(120):
        carl.type(f"line {number}")
        heard += carl.expect(f"Carl: line {number}\r\n")
        if number % 30 == 16:
            proxy.cut()
        if number % 10 == 5:
            ada.say(f"mine {number}")
            carl.type(f"/msg Ada secret {number}")  # these have no id: only the count helps
    ada.until_online()
    ada.until_said("Carl: line 119", "Ada: mine 115")
    carl.type("the end")
    heard += carl.expect("Carl: the end\r\n")
    assert from_person(ada, "Carl")[:120] == [f"line {number}" for number in range(120)]
    mine = [f"mine {number}" for number in range(5, 120, 10)]
    assert from_person(ada, "Ada") == mine
    ada.click("#privates .entry")
    ada.until_said("Carl: secret 115")
    assert from_person(ada, "Carl") == [f"secret {number}" for number in range(5, 120, 10)]
    told = [
        line.partition(b"Ada: ")[2].decode() for line in heard.split(b"\r\n") if b"Ada: " in line
    ]
    assert told == mine


def test_a_lost_answer_makes_no_second_message(
    server: Server, proxy: Proxy, connect: Connect, ada: Page
) -> None:
    carl = connect(server, "Carl")
    ada.enter(proxy.port, "Ada")
    proxy.holding = True
    ada.say("only once", "/me nods", "/msg Carl psst")
    carl.expect("Ada: only once\r\n")
    carl.expect("* Ada nods\r\n")
    carl.expect("Ada to Carl alone: psst\r\n")
    ada.until("waits for the answer", lambda: len(ada.texts("#log .waiting")) == 2)
    proxy.refusing = True
    proxy.cut()
    ada.until("tells the trouble", lambda: ada.shown("#trouble"))
    ada.until("says so", lambda: "lost" in ada.text("#connection-said"))
    ada.say("said in a tunnel")
    ada.until(
        "keeps it", lambda: any("said in a tunnel" in each for each in ada.texts("#log .waiting"))
    )
    proxy.holding = proxy.refusing = False
    with contextlib.suppress(WebDriverException):  # it may have reconnected in this moment
        ada.click("#retry")
    ada.until_online()
    ada.until_said("Ada: only once", "Ada: said in a tunnel")
    assert from_person(ada, "Ada") == ["only once", "said in a tunnel"]
    assert len(ada.texts("#log .action")) == 1
    heard = carl.expect("Ada: said in a tunnel\r\n")
    assert b"only once" not in heard
    assert b"psst" not in heard


def test_a_reload_keeps_the_seat_and_what_waits(
    server: Server, proxy: Proxy, connect: Connect, ada: Page
) -> None:
    carl = connect(server, "Carl")
    ada.enter(proxy.port, "Ada")
    ada.say("/join kitchen")
    ada.until("is in the kitchen", lambda: ada.text("#place") == "kitchen")
    proxy.holding = True
    ada.say("before the reload")
    ada.until("waits", lambda: ada.texts("#log .waiting"))
    proxy.holding = False
    ada.driver.refresh()
    ada.until_said("Ada: before the reload")
    assert ada.text("#place") == "kitchen"
    assert len(ada.texts("#rooms .entry")) == 2
    ada.until_online()
    proxy.refusing = True
    proxy.cut()
    ada.say("never sent before")
    ada.until("waits", lambda: ada.texts("#log .waiting"))
    with contextlib.suppress(WebDriverException):  # the page is not available just now
        ada.driver.refresh()
    proxy.refusing = False
    ada.open(proxy.port)
    ada.until_said("Ada: never sent before")
    ada.until_online()
    assert from_person(ada, "Ada") == ["before the reload", "never sent before"]
    carl.type("/msg Ada hello again")
    ada.until("still hears", lambda: ada.shown("#privates .count"))
    assert b"Ada left" not in carl.received


def test_a_restart_of_the_server_is_survived(
    start: Start,
    connect: Connect,
    ada: Page,
    tmp_path: Path,
    proxy_to: Callable[[int], Proxy],
) -> None:
    folder = tmp_path / "kept"
    first = start(*NO_FLOOD_LIMIT, folder=folder)
    network = proxy_to(first.web_port)
    carl = connect(first, "Carl")
    ada.enter(network.port, "Ada")
    ada.say("/join kitchen")
    ada.until("is in the kitchen", lambda: ada.text("#place") == "kitchen")
    ada.say("/lock sugar")
    ada.until_log("closed the room")
    ada.click("#rooms .entry")
    tell(carl, "old", 30)
    ada.until_said("Carl: old 29")
    network.holding = True  # it is stored, but the page does not receive the receipt
    ada.say("just before")
    carl.expect("Ada: just before")
    first.stop()
    network.holding = False
    ada.until("sees it go", lambda: ada.shown("#trouble"))
    ada.say("in between")
    second = start(*NO_FLOOD_LIMIT, "--web-port", str(first.web_port), folder=folder)
    carl = connect(second, "Carl")
    tell(carl, "new", 130)
    network_is_back(ada)
    ada.until_said("Ada: in between", "Carl: new 129")
    ada.until("closes the gap", lambda: len(from_person(ada, "Carl")) == 160)
    expected = [f"old {number}" for number in range(30)] + [
        f"new {number}" for number in range(130)
    ]
    assert from_person(ada, "Carl") == expected
    assert from_person(ada, "Ada") == ["just before", "in between"]
    rooms = [text.strip() for text in ada.texts("#rooms .label")]
    assert sorted(rooms) == ["kitchen", "lobby"]
    ada.until_online()


def tell(peer: Peer, word: str, count: int) -> None:
    peer.type(*(f"{word} {number}" for number in range(count)))
    peer.expect(f"Carl: {word} {count - 1}\r\n")


def test_a_server_that_forgot_everything_is_no_trouble(
    start: Start, connect: Connect, ada: Page
) -> None:
    first = start("--no-history", *NO_FLOOD_LIMIT)
    carl = connect(first, "Carl")
    ada.enter(first, "Ada")
    tell(carl, "old", 20)
    ada.until_said("Carl: old 19")
    first.stop()
    ada.until("sees it go", lambda: ada.shown("#trouble"))
    second = start("--no-history", *NO_FLOOD_LIMIT, "--web-port", str(first.web_port))
    carl = connect(second, "Carl")
    tell(carl, "new", 10)
    network_is_back(ada)
    ada.until_said("Carl: new 9")
    tell(carl, "newer", 10)
    ada.until_said("Carl: newer 9")
    words = [each.partition(" ")[0] for each in from_person(ada, "Carl")]
    assert words == ["old"] * 20 + ["new"] * 10 + ["newer"] * 10


def test_a_name_taken_meanwhile_is_asked_for_again(
    start: Start, connect: Connect, ada: Page, proxy_to: Callable[[int], Proxy]
) -> None:
    first = start()
    network = proxy_to(first.web_port)
    ada.enter(network.port, "Ada")
    network.refusing = True  # or the page might reconnect before the other one
    first.stop()
    ada.until("sees it go", lambda: ada.shown("#trouble"))
    second = start("--web-port", str(first.web_port))
    other = connect(second, "Ada")
    network.refusing = False
    network_is_back(ada)
    ada.until("asks again", lambda: "taken" in ada.text("#login-said"))
    ada.press("Ada2\n")
    other.expect("Ada2 came into lobby")
    ada.until("comes in", lambda: ada.shown("#place"))


def test_another_tab_takes_the_seat_and_gives_it_back(server: Server, ada: Page) -> None:
    ada.enter(server, "Ada")
    here = ada.driver.current_window_handle
    ada.run("window.open(location.href)")
    ada.until("opens a tab", lambda: len(ada.driver.window_handles) == 2)
    ada.until("says why", lambda: "another tab" in ada.text("#ended-reason"))
    ada.driver.execute_cdp_cmd("Page.bringToFront", {})
    assert ada.run("return document.activeElement.id") == "resume"
    ada.press(Keys.ESCAPE)
    assert ada.shown("#ended")
    ada.click("#resume")
    ada.until_online()
    assert not ada.shown("#ended")
    ada.say("back here")
    ada.until_said("Ada: back here")
    there = next(each for each in ada.driver.window_handles if each != here)
    ada.driver.switch_to.window(there)
    ada.until("says why", lambda: "another tab" in ada.text("#ended-reason"))
    ada.driver.close()
    ada.driver.switch_to.window(here)


def test_goodbye_is_for_good_and_leaves_nothing_behind(
    server: Server, connect: Connect, ada: Page
) -> None:
    carl = connect(server, "Carl")
    ada.enter(server, "Ada")
    carl.type("/msg Ada a secret")
    ada.until("hears it", lambda: ada.shown("#privates .count"))
    ada.say("/quit")
    ada.until(
        "says goodbye", lambda: ada.shown("#ended") and "Goodbye" in ada.text("#ended-reason")
    )
    carl.expect("Ada left lobby: quit")
    ada.click("#again")
    ada.until("asks for a name", lambda: ada.shown("#name"))
    assert ada.run("return sessionStorage.length") == 0


def test_a_page_of_a_refused_origin_is_told_why(server: Server, ada: Page) -> None:
    """As behind a proxy that rewrites Host: the page loads, but its WebSocket is refused."""
    host = b"\r\nHost: 127.0.0.1:%d\r\n" % server.web_port
    refusing = HeadProxy(server.web_port, lambda head: re.sub(rb"\r\nHost: [^\r]*\r\n", host, head))
    try:
        ada.open(refusing.port)
        ada.field("name").send_keys("Ada", Keys.ENTER)
        option = f"--origin http://127.0.0.1:{refusing.port}"
        ada.until("is told", lambda: option in ada.text("#login-said"))
    finally:
        refusing.close()
    assert option in server.stop()[2]
