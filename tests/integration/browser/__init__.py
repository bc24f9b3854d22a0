"""A person at a page in a real browser: Chromium, WebKit (Safari's engine) or Firefox.

What is missing is said by the tests that it skips.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip(
    "selenium.webdriver", reason="selenium is not installed: python3 -m tests installs it"
)
from selenium.common.exceptions import WebDriverException as WebDriverException
from selenium.webdriver.common.keys import Keys as Keys

from .chromium import run_chromium
from .engine import Engine
from .firefox import run_firefox
from .page import Page as Page
from .webkit import run_webkit

ENGINES: dict[str, Callable[[], contextlib.AbstractContextManager[Engine]]] = {
    "chromium": run_chromium,
    "webkit": run_webkit,
    "firefox": run_firefox,
}
_BROWSERS = pytest.StashKey[list[Page]]()


@contextlib.contextmanager
def started(engine: str) -> Iterator[Page]:
    """Run one of `ENGINES` with an empty profile; skip the test where it is not installed."""
    with ENGINES[engine]() as running:
        yield Page(running)


def chromium() -> contextlib.AbstractContextManager[Page]:
    """Run Chromium with an empty profile."""
    return started("chromium")


def browsers(config: pytest.Config, count: int) -> list[Page]:
    """Return `count` Chromiums, shared by all tests: most take less time than starting one."""
    running = config.stash.setdefault(_BROWSERS, [])
    while len(running) < count:
        stack = contextlib.ExitStack()
        running.append(stack.enter_context(chromium()))
        config.add_cleanup(stack.close)
    return running[:count]


def visit(page: Page) -> Iterator[Page]:
    """Lend `page` to a test; the browser must have had nothing to complain about."""
    page.complaints()
    yield page
    complaints = page.complaints()
    page.engine.get("about:blank")
    assert complaints == [], complaints
