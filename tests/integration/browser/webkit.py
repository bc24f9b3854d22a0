"""WebKit, Safari's engine: WebKitGTK's small browser, by selenium and WebKitWebDriver.

It has no headless mode, so it runs on a display in memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.integration.display import display

from .engine import HEIGHT, WIDTH
from .selenium_engine import SeleniumEngine

BROWSERS = sorted(Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser"))
# The driver does not tell what the console says. The page is asked to note its errors.
NOTING = """
if (!window.complaints) {
  window.complaints = [];
  const note = (words) => window.complaints.push(`${location.href}: ${words}`);
  addEventListener('error', (event) => note(event.message ?? event.target.outerHTML), true);
  addEventListener('unhandledrejection', (event) => note(event.reason));
  document.addEventListener('securitypolicyviolation', (event) =>
    note(`${event.effectiveDirective} forbids ${event.blockedURI}`));
}"""
NOTED = "return window.complaints?.splice(0) ?? []"


class WebKit(SeleniumEngine):
    """WebKit; its complaints are those from after a page was loaded."""

    def get(self, url: str) -> None:
        super().get(url)
        self.run(NOTING)

    def refresh(self) -> None:
        super().refresh()
        self.run(NOTING)

    def complaints(self) -> list[str]:
        return [str(each) for each in self.run(NOTED)]


@contextlib.contextmanager
def run_webkit() -> Iterator[WebKit]:
    """Run WebKit with an empty profile; skip the test where it is not installed."""
    driver_program = shutil.which("WebKitWebDriver")
    if not driver_program or not BROWSERS:
        pytest.skip("needs Debian's webkit2gtk-driver")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        display(1600, 1200) as screen,
    ):
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(BROWSERS[-1])
        options.add_argument("--automation")
        service = webdriver.WebKitGTKService(driver_program, env=_environment(folder, screen))
        with warnings.catch_warnings():  # selenium calls itself in an old way
            warnings.simplefilter("ignore", DeprecationWarning)
            driver = webdriver.WebKitGTK(options=options, service=service)
        try:
            engine = WebKit(driver)
            engine.resize(WIDTH, HEIGHT)
            yield engine
        finally:
            driver.quit()


def _environment(folder: str, screen: str) -> dict[str, str]:
    """Return an environment in which all that the browser keeps is in `folder`."""
    homes = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    own = {each: str(Path(folder, each)) for each in homes}
    return {**os.environ, **own, "DISPLAY": screen, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1"}
