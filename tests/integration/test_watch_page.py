"""The page of ``python3 -m examples.watch`` in a browser; skipped, aloud, where there is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial

import pytest

from tests.integration.browser import Page, chromium
from tests.integration.test_watch import Watch

STAGES = ["refresh", "wait", "deliver", "timers", "callbacks"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with chromium() as page:
        yield page


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch("--bots", "4", "--seed", "1")
    try:
        yield watch
        watch.stop()
    finally:
        watch.process.kill()
        watch.process.communicate()


@pytest.fixture
def page(browser: Page, watch: Watch) -> Iterator[Page]:
    browser.driver.get(watch.url)
    browser.until("is connected", lambda: browser.text("#connection") == "Connected")
    browser.until("shows the bots", lambda: len(browser.texts("#rows tr")) == 5)
    yield browser
    assert browser.complaints() == []
    browser.driver.get("about:blank")


def pressed(page: Page) -> list[str]:
    """The ids of the modes that are switched on."""
    script = "return [...document.querySelectorAll('[aria-pressed=true]')].map((each) => each.id)"
    return [str(each) for each in page.run(script)]


def lit(page: Page) -> list[str]:
    script = (
        "return [...document.querySelectorAll('#stages .on')].map((each) => each.dataset.stage)"
    )
    return [str(each) for each in page.run(script)]


def moved(page: Page, passes: str, now: str) -> bool:
    """Whether it is somewhere else than it was."""
    there = page.text("#passes"), page.text("#now")
    return there != (passes, now) and there[1] != "between two passes"


def test_everything_is_shown(page: Page) -> None:
    assert page.text("#channels") == "5"
    assert "LineDoor" in page.text("#rows")
    page.until("lights the wait", lambda: "wait" in lit(page))
    page.until("shows the timers", lambda: "LineDoor" in page.text("#timers"))
    page.until("logs", lambda: "handle_read" in page.text("#log"))
    # A dash until it has seen two pictures.
    page.until("counts passes", lambda: page.text("#rate").strip("\u20130. ") != "")
    assert page.texts("#stages h3") == STAGES


def test_the_lanes_show_asking_and_what_the_kernel_is_told(page: Page, watch: Watch) -> None:
    """Of somebody who connects; the room's own measuring is switched off."""
    lane = (
        "return [...document.querySelectorAll('#log td.' + arguments[0])]"
        ".map((cell) => cell.textContent).filter(Boolean)"
    )

    def shown(name: str, text: str) -> bool:
        return any(text in each for each in page.run(lane, name))

    with socket.create_connection(("127.0.0.1", watch.port), timeout=20):
        page.until("registers", lambda: shown("loop", "LineDoor is registered"))
        page.until("asks", lambda: shown("loop", "LineDoor: READ"))
        page.until("tells the kernel", lambda: shown("kernel", "epoll_ctl(ADD, fd "))
    page.until("waits", lambda: shown("kernel", "epoll_wait("))
    assert "LoopLatency" not in page.text("#log")
    assert page.texts("#log thead th") == ["step", "The kernel", "The loop", "The handlers"]
    assert len(page.texts("#legend li")) == 8


def test_keys_step_through_a_pass(page: Page) -> None:
    page.press(" ")
    page.until("holds", lambda: pressed(page) == ["pause"] and page.text("#now"))
    page.press("p")
    page.until("holds where a pass begins", lambda: lit(page) == ["refresh"])
    seen = []
    for _ in range(12):
        before = page.text("#passes"), page.text("#now")
        page.press("s")
        page.until("steps", partial(moved, page, *before))
        assert len(lit(page)) == 1
        seen += lit(page)
    assert "wait" in seen
    assert len({*seen}) >= 3
    passes = page.text("#passes")
    page.press("p")
    page.until("begins a pass", lambda: page.text("#passes") != passes and lit(page) == ["refresh"])
    page.press(" ")
    page.until("goes on", lambda: pressed(page) == ["run"])
    page.until("runs", lambda: page.text("#now") == "")


def test_slow_motion(page: Page) -> None:
    page.press("m")
    page.until("goes slowly", lambda: pressed(page) == ["slow"])
    page.until("lights refresh alone", lambda: lit(page) == ["refresh"])
    page.until("lights wait alone", lambda: lit(page) == ["wait"])
    slider = page.field("delay")
    page.run("arguments[0].focus(); arguments[0].value = 0.1;"
             "arguments[0].dispatchEvent(new Event('input'));"
             "arguments[0].dispatchEvent(new Event('change'))", slider)  # fmt: skip
    assert page.text("#delay-shown") == "0.1 s"
    page.run("arguments[0].blur()", slider)
    page.until("hears of it", lambda: page.run("return arguments[0].value", slider) == "0.1")
    page.click("#run")
    page.until("runs", lambda: pressed(page) == ["run"])


def test_a_handler_lights_its_row(page: Page) -> None:
    page.click("#pause")
    for _ in range(60):
        if page.run("return document.querySelector('#rows .on') !== null"):
            break
        before = page.text("#passes"), page.text("#now")
        page.click("#step")
        page.until("steps", partial(moved, page, *before))
    number = page.text("#rows .on td:nth-child(2)")
    assert f"on fd {number}, " in page.text("#now")
    page.click("#run")


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits_a_phone(page: Page, width: int) -> None:
    page.use_phone(width, 700)
    try:
        assert page.run("return document.documentElement.scrollWidth") <= width
        assert page.run("return document.querySelector('#run').offsetHeight") >= 40
    finally:
        page.use_desktop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_colours(page: Page, scheme: str) -> None:
    feature = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
    assert page.run(CONTRAST) >= 4.5


# The least contrast (WCAG 2) between text and ground, over what stands in the page.
CONTRAST = """
const context = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
  .getContext('2d', {willReadFrequently: true});
function rgb(colour) {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}
function light(colour) {
  const [r, g, b] = rgb(colour).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ground(element) {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (rgb(colour)[3] === 255) return light(colour);
  }
  return 1;
}
document.querySelectorAll('*').forEach((each) => each.style.setProperty('transition', 'none'));
const kinds = 'h1, h2, h3, p, dt, dd, td, th, button, label, li, code';
return Math.min(...[...document.querySelectorAll(kinds)]
  .filter((each) => each.textContent.trim() && each.checkVisibility())
  .map((each) => [light(getComputedStyle(each).color), ground(each)].sort((a, b) => b - a))
  .map(([bright, dim]) => (bright + 0.05) / (dim + 0.05)));
"""


def test_a_server_that_ends_is_noticed(browser: Page) -> None:
    watch = Watch("--bots", "1")
    browser.driver.get(watch.url)
    browser.until("is connected", lambda: browser.text("#connection") == "Connected")
    watch.stop()
    browser.until("notices", lambda: "lost" in browser.text("#connection"))
    browser.driver.get("about:blank")
    browser.complaints()
