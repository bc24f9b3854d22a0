"""A person at the chat room's page: what a person does there, and what the page shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from selenium.webdriver.common.keys import Keys

from tests.integration.chatroom_process import PATIENCE, Server

from . import sight
from .engine import Element, Engine

# What was said, each as "sender: text", from the first row of the log to the last.
SAID = """
return [...document.querySelectorAll('#log .speech:not(.waiting)')].map((row) => {
  let first = row;
  while (!first.classList.contains('first')) first = first.previousElementSibling;
  return `${first.querySelector('.name').textContent}: ${row.querySelector('.text').textContent}`;
});
"""
SHOWN = """
const options = {visibilityProperty: true};
return document.querySelector(arguments[0])?.checkVisibility(options) ?? false;
"""
# Browsers write a line for a connection that was cut, and one if the page cannot ask why.
EXCUSED = ("WebSocket connection to 'ws://127.0.0.1:", "server at ws://127.0.0.1:", "/origin?")


class Page:
    """One browser with the chat room in it.

    Args:
        engine: The browser.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.driver = engine.driver

    def open(self, port: int) -> None:
        """Go to the page at `port`."""
        self.engine.get(f"http://127.0.0.1:{port}/")

    def enter(self, server: Server | int, name: str) -> None:
        """Come in as `name`."""
        self.open(server if isinstance(server, int) else server.web_port)
        self.until_shown("#name")
        self.field("name").send_keys(name, Keys.ENTER)
        self.until("comes in", lambda: self.shown("#place") and self.text("#place"))

    def say(self, *lines: str) -> None:
        """Type lines, each sent with Enter."""
        for line in lines:
            self.field("line").send_keys(line, Keys.ENTER)

    def paste(self, text: str) -> None:
        """Put `text` into the field at once (a driver types no emoji), and send it."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        self.run(script, self.field("line"), text)
        self.field("line").send_keys(Keys.ENTER)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.engine.press(*keys)

    def chord(self, modifier: str, key: str) -> None:
        """Press `key` with `modifier` held."""
        self.engine.chord(modifier, key)

    def field(self, name: str) -> Element:
        """The element with the id `name`."""
        return self.engine.find(f"[id='{name}']")

    def click(self, selector: str) -> None:
        """Click the element, when it is there."""
        self.until(f"has {selector}", lambda: self.shown(selector))
        self.engine.find(selector).click()

    def text(self, selector: str) -> str:
        """The element's text; empty if there is none."""
        return str(
            self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
        )

    def texts(self, selector: str) -> list[str]:
        """The texts of all such elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return list(self.run(script, selector))

    def shown(self, selector: str) -> bool:
        """Whether there is such an element, and can be seen."""
        return bool(self.run(SHOWN, selector))

    def document_overflow(self) -> tuple[int, int]:
        """By how many pixels the document is wider and higher than the window: (0, 0) is well."""
        width, height = self.run(sight.DOCUMENT_OVERFLOW)
        return int(width), int(height)

    def visible_words(self, selector: str = "") -> list[str]:
        """The words on the screen, in the page or in one element.

        A word that is scrolled away, cut off, transparent or under something else does not count.
        A word in a field does, and so does a placeholder.
        """
        return list(self.run(sight.VISIBLE_WORDS, selector))

    def in_viewport(self, element: str | Element) -> bool:
        """Whether the element is wholly on the screen, with nothing over it.

        Args:
            element: An element, or the selector of one.
        """
        return bool(self.run(sight.IN_VIEWPORT, element))

    def said(self) -> list[str]:
        """What was said, as "sender: text"."""
        return list(self.run(SAID))

    def run(self, script: str, *arguments: object) -> Any:
        """Run `script` in the page."""
        return self.engine.run(script, *arguments)

    def until(self, what: str, condition: Callable[[], Any]) -> Any:
        """Wait until `condition` holds; `what` says in a failure what the page never did."""
        end = time.monotonic() + PATIENCE
        while True:
            cause: Exception | None = None
            try:
                if met := condition():
                    return met
            except self.engine.errors as error:  # between two pages there is none
                cause = error
            if time.monotonic() > end:
                raise AssertionError(
                    f"the page never {what}; it shows:\n{self.text('#log')}"
                ) from cause
            time.sleep(0.02)

    def until_text(self, selector: str, text: str) -> None:
        """Wait until the element has `text` in it."""
        self.until(f"has {text!r} in {selector}", lambda: text in self.text(selector))

    def until_shown(self, selector: str) -> None:
        """Wait until there is such an element to be seen."""
        self.until(f"shows {selector}", lambda: self.shown(selector))

    def until_said(self, *wanted: str) -> None:
        """Wait until all of `wanted` ("sender: text") have been said."""
        self.until(f"shows {wanted}", lambda: set(wanted) <= set(self.said()))

    def until_log(self, text: str) -> None:
        """Wait until the log has `text` somewhere."""
        self.until(f"shows {text!r}", lambda: text in self.text("#log"))

    def until_online(self) -> None:
        """Wait until it is connected and has nothing left to send."""
        self.until("is connected", lambda: self.text("#connection") == "Connected")
        self.until("has sent everything", lambda: not self.texts("#log .waiting"))

    def complaints(self) -> list[str]:
        """What the browser has complained about: errors, violations of the content policy."""
        return [
            each for each in self.engine.complaints() if not any(text in each for text in EXCUSED)
        ]

    def use_phone(self, width: int, height: int, scale: float = 1) -> None:
        """Make the window a phone's; narrower than a desktop window can be."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def use_desktop(self) -> None:
        """Make the window a desktop's again."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
