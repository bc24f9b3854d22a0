"""What the page costs until its log-in shows: requests, bytes, and time on a slow network."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.integration.browser import Page
from tests.integration.chatroom_process import PATIENCE, Server
from tests.integration.proxy import Proxy

QUIET = 0.5  # seconds without a byte, after which nothing more is expected
PAINTS = """
const entries = performance.getEntriesByType('paint');
return Object.fromEntries(entries.map(({name, startTime}) => [name, startTime]))"""


class Network(NamedTuple):
    """A network as Chromium's developer tools emulate it.

    Attributes:
        name: What the tools call it.
        latency: Milliseconds until the first byte of an answer.
        rate: Bytes in a second, down and up.
    """

    name: str
    latency: float
    rate: float


SLOW_3G = Network("Slow 3G", 2000, 50_000)
FAST_3G = Network("Fast 3G", 562.5, 180_000)


class Arrival(NamedTuple):
    """What it takes until the log-in shows.

    Attributes:
        requests: HTTP requests, with those for icons.
        size: Bytes that the server has sent, heads and all.
        first_paint: Seconds until anything is drawn.
        shown: Seconds until the name can be typed.
    """

    requests: int
    size: int
    first_paint: float
    shown: float


def arrive(page: Page, port: int, network: Network | None = None) -> Arrival:
    """Open the page with an empty cache and measure until its log-in shows.

    Args:
        page: A page in Chromium.
        port: The web door's.
        network: What to emulate; by default the loopback as it is.
    """
    proxy = Proxy(port)  # of a port that the browser has never seen, so it knows no file of it
    try:
        _throttle(page, network)
        started = time.perf_counter()
        page.open(proxy.port)
        page.until_shown("#name")
        shown = time.perf_counter() - started
        page.until("draws", lambda: "first-paint" in page.run(PAINTS))
        paint = float(page.run(PAINTS)["first-paint"]) / 1000
        _await_quiet(proxy)
        return Arrival(proxy.requests, proxy.answered, paint, shown)
    finally:
        _throttle(page, None)
        page.engine.get("about:blank")
        proxy.close()


def lines(page: Page, networks: Iterable[Network | None]) -> Iterator[str]:
    """Run a chat room, arrive there over each network, and yield a line about each."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            arrive(page, server.web_port)  # the browser's own first time is not the page's
            for network in networks:
                name = network.name if network else "loopback"
                yield _line(name, arrive(page, server.web_port, network))
        finally:
            server.stop()


def _line(name: str, found: Arrival) -> str:
    return (
        f"{name + ':':10} {found.requests} requests, {found.size:,} bytes; "
        f"first paint after {found.first_paint:.2f} s, log-in after {found.shown:.2f} s"
    )


def _await_quiet(proxy: Proxy) -> None:
    """Wait for what is fetched after the log-in has been drawn: icons, a manifest."""
    end = time.monotonic() + PATIENCE
    before = -1
    while before != proxy.answered:
        assert time.monotonic() < end, "the page never stops to fetch"
        before = proxy.answered
        time.sleep(QUIET)


def _throttle(page: Page, network: Network | None) -> None:
    run = page.driver.execute_cdp_cmd
    run("Network.enable", {})
    run("Network.clearBrowserCache", {})
    latency, rate = (network.latency, network.rate) if network else (0, -1)
    run(
        "Network.emulateNetworkConditions",
        {
            **{"offline": False, "latency": latency},
            **{"downloadThroughput": rate, "uploadThroughput": rate},
        },
    )
