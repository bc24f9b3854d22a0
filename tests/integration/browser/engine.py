"""What tests use of a browser, whatever its engine: the seam below `Page`."""

from __future__ import annotations

from typing import Any, Protocol

WIDTH, HEIGHT = 1280, 800
"""The window in which each engine begins, in CSS pixels, with whatever bars it has."""


class Element(Protocol):
    """One element of the page."""

    def send_keys(self, *keys: str) -> None:
        """Type into it."""

    def click(self) -> None:
        """Click its middle, after scrolling it into view."""


class Engine(Protocol):
    """One running browser."""

    driver: Any
    """The engine's own driver, for what only that engine can do."""
    errors: tuple[type[Exception], ...]
    """What the driver raises when there is no page, or no such element, just now."""

    def get(self, url: str) -> None:
        """Go to `url` and wait until it is loaded."""

    def refresh(self) -> None:
        """Load the page again, as with the button."""

    def find(self, selector: str) -> Element:
        """Return the first element that matches a CSS selector."""

    def run(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page and return what it returns."""

    def press(self, *keys: str) -> None:
        """Press and release keys, wherever the focus is."""

    def chord(self, modifier: str, key: str) -> None:
        """Press `key` with `modifier` held."""

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, with its bars; engines stop at a width of some 450."""

    def screenshot(self) -> bytes:
        """Return what is in the window, as PNG."""

    def complaints(self) -> list[str]:
        """Return and forget the errors that the browser has written about its pages."""
