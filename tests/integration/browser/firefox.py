"""Firefox, headless, by its own remote control: Marionette.

Debian has no geckodriver, which selenium needs; marionette-driver speaks to the browser itself.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.chatroom_process import PATIENCE

from .engine import HEIGHT, WIDTH, Element

# Marionette takes a free port and writes it into the profile. No request leaves this machine:
# what is not for the loopback goes to a proxy that is not there.
PREFERENCES = """
user_pref("marionette.port", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("intl.accept_languages", "en-GB");
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
"""
COMPLAINTS = """
const found = Services.console.getMessageArray()
  .filter((each) => each instanceof Ci.nsIScriptError)
  .filter((each) => !/^(chrome|resource|moz-extension):|^$/.test(each.sourceName))
  .filter((each) => !(each.flags & Ci.nsIScriptError.warningFlag))
  .map((each) => each.errorMessage);
Services.console.reset();
return found;
"""


class Firefox:
    """Firefox, driven by `driver`, a Marionette; see `engine.Engine`."""

    def __init__(self, driver: Any) -> None:
        from marionette_driver.errors import MarionetteException

        self.driver = driver
        self.errors: tuple[type[Exception], ...] = (MarionetteException,)

    def get(self, url: str) -> None:
        self.driver.navigate(url)

    def refresh(self) -> None:
        self.driver.refresh()

    def find(self, selector: str) -> Element:
        found: Element = self.driver.find_element("css selector", selector)
        return found

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, script_args=arguments, sandbox=None)

    def press(self, *keys: str) -> None:
        self._keyboard().send_keys("".join(keys)).perform()

    def chord(self, modifier: str, key: str) -> None:
        self._keyboard().key_down(modifier).send_keys(key).key_up(modifier).perform()

    def _keyboard(self) -> Any:
        return self.driver.actions.sequence("key", "keyboard")

    def resize(self, width: int, height: int) -> None:
        self.driver.set_window_rect(width=width, height=height)

    def screenshot(self) -> bytes:
        return bytes(self.driver.screenshot(format="binary", full=False))

    def complaints(self) -> list[str]:
        with self.driver.using_context("chrome"):
            return [str(each) for each in self.driver.execute_script(COMPLAINTS)]


@contextlib.contextmanager
def run_firefox() -> Iterator[Firefox]:
    """Run Firefox with an empty profile; skip the test where it is not installed."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if not program:
        pytest.skip("needs Debian's firefox-esr")
    pytest.importorskip("marionette_driver", reason="marionette-driver (PyPI) is not installed")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        _process(program, Path(profile)) as process,
    ):
        driver = _connect(_port(process, Path(profile)))
        try:
            engine = Firefox(driver)
            engine.resize(WIDTH, HEIGHT)
            yield engine
        finally:
            driver.delete_session()


@contextlib.contextmanager
def _process(program: str, profile: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Firefox; at the end it is told to go, and gone."""
    Path(profile, "user.js").write_text(PREFERENCES)
    # System access is what reading the browser's own console takes.
    switches = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
    process = subprocess.Popen(
        [program, *switches, "--profile", str(profile)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes], profile: Path) -> int:
    """Wait until Firefox has written on which port it can be told what to do."""
    file = profile / "MarionetteActivePort"
    end = time.monotonic() + PATIENCE
    while not file.is_file() or not (text := file.read_text().strip()):
        assert process.poll() is None, "Firefox has ended at once"
        assert time.monotonic() < end, "Firefox never opened its port"
        time.sleep(0.02)
    return int(text)


def _connect(port: int) -> Any:
    with warnings.catch_warnings():  # those of modules that it imports and we do not use
        warnings.simplefilter("ignore", DeprecationWarning)
        from marionette_driver.marionette import Marionette
    driver = Marionette(host="127.0.0.1", port=port)
    driver.start_session()
    return driver
