"""What axe-core finds in a page: faults for those who see badly, or use a keyboard or a reader."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest

from .page import Page

_RUN = """
const done = arguments[arguments.length - 1];
const words = (rule) => rule.nodes.map((node) =>
  `${rule.id} (${rule.impact}): ${node.target.join(' ')}: ${node.failureSummary ?? ''}`);
axe.run({resultTypes: ['violations']}).then(
  (found) => done(found.violations.flatMap(words)),
  (error) => done([`axe-core failed: ${error}`]));
"""
# A colour on its way from one theme to the other is no colour of either.
_STILL = """
const style = new CSSStyleSheet();
style.replaceSync('*, ::before, ::after { transition: none !important }');
document.adoptedStyleSheets = [style];
"""


@cache
def axe() -> str:
    """Return axe-core's script; skip the test where the package that carries it is missing."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-playwright-python is not installed: python3 -m tests installs it")
    return Path(found.origin).with_name("axe.min.js").read_text("utf-8")


def findings(page: Page, theme: str) -> list[str]:
    """Return axe-core's findings in what a page of Chromium shows now, a line each.

    Args:
        page: The page.
        theme: ``light`` or ``dark``, which the system is said to prefer.
    """
    features = [{"name": "prefers-color-scheme", "value": theme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    if not page.run("return typeof axe === 'object'"):
        page.run(_STILL)
        page.run(axe())
    return [str(each) for each in page.driver.execute_async_script(_RUN)]


def use_any_theme(page: Page) -> None:
    """Stop emulating a theme."""
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
