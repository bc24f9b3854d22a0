"""Chromium, headless, by selenium and chromedriver."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator

import pytest
from selenium import webdriver

from .engine import HEIGHT, WIDTH
from .selenium_engine import SeleniumEngine

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--lang=en-GB", f"--window-size={WIDTH},{HEIGHT}"),
)


class Chromium(SeleniumEngine):
    """Chromium, which logs what its pages do wrong."""

    def complaints(self) -> list[str]:
        return [str(each["message"]) for each in self.driver.get_log("browser")]


@contextlib.contextmanager
def run_chromium() -> Iterator[Chromium]:
    """Run Chromium with an empty profile; skip the test where it is not installed."""
    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver_program:
        pytest.skip("needs Debian's chromium and chromium-driver")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=driver_program)
        driver = webdriver.Chrome(options=options, service=service)
        try:
            yield Chromium(driver)
        finally:
            driver.quit()
