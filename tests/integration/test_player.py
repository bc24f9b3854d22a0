"""The book's player in a browser, opened as a file; skipped, aloud, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.pages import DOCS, ROOT
from tests.book.runs import embedding, listing, store
from tests.integration.browser import Keys, Page, browsers, visit
from tests.integration.test_watch_page import CONTRAST

NAME = "05-came-back"
RUN = store.load(NAME)
SAID = ".player-said"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("player")
    for file in (*embedding.SCRIPTS, *embedding.STYLES):
        places = (DOCS / "_static" / file, ROOT / "examples" / "watch" / "static" / file)
        shutil.copy(next(place for place in places if place.is_file()), folder)
    for name in (NAME, "01-thirty-lines"):
        (folder / f"{name}.html").write_text(embedding.page(name))
    return folder


@pytest.fixture
def page(request: pytest.FixtureRequest, folder: Path) -> Iterator[Page]:
    (browser,) = browsers(request.config, 1)
    for page in visit(browser):
        page.driver.get((folder / f"{NAME}.html").as_uri())
        page.run("document.querySelector('.player').focus()")
        yield page


def texts(run: store.Recording) -> list[str]:
    return [step[1] for step in run["steps"]]


def rows(page: Page, view: int = 0) -> list[str]:
    """The steps to be seen, without those that are to come."""
    script = (
        "const view = document.querySelectorAll('.player-view')[arguments[0]];"
        "return [...view.querySelectorAll('.lanes tbody tr')].filter((row) => !row.hidden)"
        ".map((row) => row.querySelector('td:not(:empty)').textContent)"
    )
    return [str(each) for each in page.run(script, view)]


def test_keys_go_forward_and_back(page: Page) -> None:
    right = texts(RUN["right"])
    assert rows(page) == right[:1]
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert rows(page) == right[:3]
    assert right[2] in page.text(SAID)
    page.press(Keys.ARROW_LEFT)
    assert rows(page) == right[:2]
    page.press(Keys.END)
    assert rows(page) == right
    page.press(Keys.ARROW_RIGHT)
    assert page.text(".player-where") == f"step {len(right)} of {len(right)}"
    page.press(Keys.HOME)
    assert rows(page) == right[:1]
    page.press(" ")
    page.until("plays", lambda: len(rows(page)) == 2)
    page.press(" ")
    assert page.text(".player-bar button:nth-of-type(3)") == "▶ Play"


def test_state_and_line_go_back_too(page: Page) -> None:
    state = "return document.querySelector('.player-beside').textContent"
    seen = []
    for _ in range(20):
        seen.append(page.run(state))
        page.press(Keys.ARROW_RIGHT)
    for expected in reversed(seen):
        page.press(Keys.ARROW_LEFT)
        assert page.run(state) == expected
    assert len({*seen}) > 5
    page.press(*[Keys.ARROW_RIGHT] * 16)
    file, line, _ = RUN["right"]["lines"][RUN["right"]["steps"][16][5][-1]]
    lit = page.text(".player-source mark").strip()
    assert lit == f"{line}  {RUN['right']['source'][file][str(line)]}".strip()
    assert page.texts(".player-stages .on") == ["deliver"]


def test_the_switch_plays_the_broken_run_beside(page: Page) -> None:
    parting = listing.parting(RUN)
    page.click(".player-switch input")
    assert page.texts(".player-view h4") == ["As it is", "Without this line"]
    assert "registration" in page.text(".player-change del")
    page.click(".player-change button")
    assert rows(page, 0)[-1] == texts(RUN["right"])[parting]
    assert rows(page, 1)[-1] == texts(RUN["broken"])[parting] == "fd 7 Request.handle_connect()"
    assert "handle_connect" in page.text(SAID)
    assert "is not delivered" in page.text(SAID)
    page.run("document.querySelector('.player').focus()")
    page.press(Keys.END)
    assert rows(page, 0) == texts(RUN["right"])
    assert rows(page, 1) == texts(RUN["broken"])
    page.click(".player-switch input")
    assert page.texts(".player-view h4") == ["As it is"]


def test_a_screen_reader_is_told(page: Page) -> None:
    live = "const e = document.querySelector(arguments[0]); return [e.role, e.ariaLive]"
    assert page.run(live, SAID) == ["status", "polite"]
    unnamed = (
        "return [...document.querySelectorAll('button, input, table, [role=group], [tabindex]')]"
        ".filter((e) => !(e.ariaLabel || e.title || e.textContent.trim() || e.labels?.length))"
        ".map((e) => e.outerHTML)"
    )
    assert page.run(unnamed) == []
    assert page.texts(".lanes thead th") == ["step", "The kernel", "The loop", "The handlers"]
    assert page.run("return document.querySelectorAll('[aria-current]').length") == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read(page: Page, scheme: str) -> None:
    feature = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": feature})
    page.use_phone(390, 800)
    try:
        page.click(".player-switch input")
        page.click("[aria-label='Last step']")
        assert page.run("return document.documentElement.scrollWidth") <= 390
        lefts = (
            "return [...document.querySelectorAll('.player-view')]"
            ".map((e) => Math.round(e.getBoundingClientRect().left))"
        )
        assert len({*page.run(lefts)}) == 1  # one column
        assert page.run("return document.querySelector('.player button').offsetHeight") >= 40
        page.run(GROUND[scheme])
        assert page.run(CONTRAST) >= 4.5
    finally:
        page.use_desktop()
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# The site's theme has a ground for each scheme; here the page's own is set.
GROUND = {
    "light": "document.documentElement.style.background = '#ffffff'",
    "dark": "const e = document.documentElement; e.style.background = '#131416';"
    "document.body.style.color = '#cfd0d0'",
}


def test_a_loop_without_stages(page: Page, folder: Path) -> None:
    page.driver.get((folder / "01-thirty-lines.html").as_uri())
    assert page.texts(".player-stages") == []
    page.click("[aria-label='Last step']")
    assert rows(page)[-1] == texts(store.load("01-thirty-lines")["right"])[-1]
