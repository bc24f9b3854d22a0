"""The helpers of browser.py call an element visible if a person sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.browser import Page, browsers

SCENE = """
document.body.innerHTML = `
  <style>
    body { margin: 0 }
    div { position: absolute; left: 0; width: 300px; height: 20px; font: 12px/20px monospace }
  </style>
  <div id=plain style="top: 0">two words</div>
  <div id=scroller style="top: 20px; height: 40px; overflow: auto">
    <p style="margin: 0">above</p><p id=cut style="margin: 0; line-height: 100px">middle</p>
    <p id=below style="margin: 0">below</p>
  </div>
  <div id=covered style="top: 60px">under</div>
  <div style="top: 60px; background: white">over</div>
  <div id=clear style="top: 80px; opacity: 0">transparent</div>
  <div style="top: 100px; visibility: hidden">invisible</div>
  <div id=edge style="top: 120px; left: -250px; text-align: right">left right</div>
  <div style="top: 140px"><input placeholder="a hint"><input value="typed"
    ><input type=password value=secret></div>
  <div id=far style="top: ${arguments[0]}px">far</div>`"""


@pytest.fixture
def page(pytestconfig: pytest.Config) -> Iterator[Page]:
    page = browsers(pytestconfig, 1)[0]
    page.driver.get("about:blank")
    yield page
    page.driver.get("about:blank")


def test_words_are_visible_where_a_click_meets_them(page: Page) -> None:
    page.run(SCENE, 5000)
    words = ["two", "words", "above", "over", "right", "a", "hint", "typed"]
    assert page.visible_words() == words
    assert page.visible_words("#scroller") == ["above"]
    page.run("document.getElementById('scroller').scrollTop = 1000")
    assert page.visible_words("#scroller") == ["below"]
    page.run("document.scrollingElement.scrollTop = 5000")
    assert page.visible_words() == ["far"]


def test_an_element_is_in_the_viewport_as_a_whole_or_not(page: Page) -> None:
    page.run(SCENE, 5000)
    assert page.in_viewport("#plain")
    for selector in ("#cut", "#below", "#covered", "#clear", "#edge", "#far", "#none"):
        assert not page.in_viewport(selector), selector
    assert page.in_viewport(page.field("plain"))


def test_a_document_overflows_by_what_can_be_scrolled(page: Page) -> None:
    page.run(SCENE, 200)
    assert page.document_overflow() == (0, 0)
    inner = page.run("return innerHeight")
    page.run(SCENE, inner - 19)
    assert page.document_overflow() == (0, 1)
    assert page.run("return innerWidth > document.documentElement.clientWidth")  # a scrollbar
    page.run("document.getElementById('far').style.width = '4000px'")
    assert page.document_overflow()[0] > 2000
