"""The arrival of the page's files, and what the page shows while they, or a place, are missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.conftest import Connect, Start
from tests.integration.proxy import HeadProxy


@pytest.fixture
def ada(pytestconfig: pytest.Config) -> Iterator[Page]:
    page = browsers(pytestconfig, 1)[0]
    yield from visit(page)


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
