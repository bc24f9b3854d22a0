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
# What its console says goes to standard output: the driver has no other way to tell.
FLAGS = ("--automation", "--enable-write-console-messages-to-stdout=true")


class WebKit(SeleniumEngine):
    """WebKit; its complaints are read from what the browser has written.

    Args:
        driver: Selenium's driver.
        output: The file that has the browser's standard output.
    """

    def __init__(self, driver: object, output: Path) -> None:
        super().__init__(driver)
        self._output = output
        self._read = 0

    def complaints(self) -> list[str]:
        text = self._output.read_text("utf-8", "replace")
        new, self._read = text[self._read :], len(text)
        return [line for line in new.splitlines() if line.startswith("CONSOLE") and "ERROR" in line]


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
        for flag in FLAGS:
            options.add_argument(flag)
        output = Path(folder, "output")
        service = webdriver.WebKitGTKService(
            driver_program, log_output=str(output), env=_environment(folder, screen)
        )
        with warnings.catch_warnings():  # selenium calls itself in an old way
            warnings.simplefilter("ignore", DeprecationWarning)
            driver = webdriver.WebKitGTK(options=options, service=service)
        try:
            engine = WebKit(driver, output)
            engine.resize(WIDTH, HEIGHT)
            yield engine
        finally:
            driver.quit()


def _environment(folder: str, screen: str) -> dict[str, str]:
    """Return an environment in which all that the browser keeps is in `folder`."""
    homes = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    own = {each: str(Path(folder, each)) for each in homes}
    return {**os.environ, **own, "DISPLAY": screen, "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1"}
