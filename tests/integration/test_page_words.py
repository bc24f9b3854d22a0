"""The page's parts for texts and names, each by itself, in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.browser import Page, browsers, visit
from tests.integration.chatroom_process import Server
from tests.integration.page_modules import use


@pytest.fixture(scope="module")
def page(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    server = Server(Path(tmp_path_factory.mktemp("parts")))
    try:
        for page in visit(browsers(pytestconfig, 1)[0]):
            page.open(server.web_port)
            yield page
    finally:
        server.stop()


def test_the_words_found_are_marked_and_a_long_text_is_cut_around_them(page: Page) -> None:
    script = """
    const shown = (...given) => excerptOf(...given)
      .map(({text, marked}) => (marked ? `[${text}]` : text)).join('');
    const long = 'word '.repeat(99) + 'here is Tea ' + 'word '.repeat(99);
    const cut = shown(long, 'tea', 60);
    return [
            shown('Tea, TEA and steam', 'tea', 99), shown('Cafe\u0301 crème', 'CREME café', 99),
            shown('日本の茶です', '茶', 99), shown('<b>&', 'nothing', 99),
            shown('steam', 'tea', 99),
            shown('tea teapot', 'teapot tea', 99), cut, shown('😀'.repeat(99), 'x', 9)];
    """
    *whole, cut, faces = use(page, "excerptOf from marks", script)
    assert whole == [
        "[Tea], [TEA] and steam",
        "[Cafe\u0301] [crème]",
        "日本の[茶]です",
        "<b>&",
        "s[tea]m",
        "[tea] [teapot]",
    ]
    assert cut.startswith("…word ")
    assert "here is [Tea] word" in cut
    assert cut.endswith("…")
    assert len(cut) <= 64
    assert faces == "😀" * 4 + "…"


def test_code_is_a_piece_of_its_own_in_which_nothing_else_is_looked_for(page: Page) -> None:
    script = """
    const {words} = await import('/static/bodies.js');
    const texts = ['run `ls https://x.y Ada` Ada', '``', '`open', '`<b>` and `c`', 'a ` b ` c'];
    for (const text of texts) {
      if (piecesOf(text, 'Ada').map((each) => each.text).join('') !== text) throw Error(text);
    }
    const elements = texts.flatMap((text) => words(text, 'Ada'));
    return [texts.map((text) => piecesOf(text, 'Ada').map((each) => each.type)),
            elements.filter((each) => each.tagName === 'CODE').map((each) => each.textContent),
            elements.filter((each) => each.children?.length).length];
    """
    types, code, children = use(page, "piecesOf from pieces", script)
    assert types == [
        ["text", "code", "text", "mention"],
        ["text"],
        ["text"],
        ["code", "text", "code"],
        ["text", "code", "text"],
    ]
    assert code == ["ls https://x.y Ada", "<b>", "c", " b "]
    assert children == 0


def test_only_whole_names_are_mentions(page: Page) -> None:
    script = """
    const cases = [['Ada!', 'ada'], ['adamant', 'Ada'], ['@Ada, hi Ada', 'Ada'], ['xAda', 'Ada'],
                   ['(a.b)', 'a.b'], ['aXb', 'a.b'], ['', ''], ['Adaé', 'Ada'],
                   ['\U0001d4b3Ada', 'Ada']];
    return cases.map(([text, name]) => mentionsIn(text, name));
    """
    found = use(page, "mentionsIn from names", script)
    assert found == [[[0, 3]], [], [[1, 4], [9, 12]], [], [[1, 4]], [], [], [], []]


def test_links_are_only_what_a_strict_parser_takes(page: Page) -> None:
    script = """
    const texts = ['see https://example.org/a?b=(c).', 'javascript:alert(1)', 'http://', 'https://[',
                   'https://bank.example@evil.example/', 'HTTP://EXAMPLE.org', 'ftp://x',
                   'http://a.b"onclick=x', 'data:text/html,https://x.y', 'Ada https://Ada.example'];
    return texts.map((text) => {
      const pieces = piecesOf(text, 'Ada');
      if (pieces.map((each) => each.text).join('') !== text) throw Error(text);
      return pieces.filter((each) => each.type === 'link').map((each) => each.href);
    });
    """
    assert use(page, "piecesOf from pieces", script) == [
        ["https://example.org/a?b=(c"],
        [],
        [],
        [],
        [],
        ["http://example.org/"],
        [],
        ["http://a.b/"],
        ["https://x.y/"],
        ["https://ada.example/"],
    ]


def test_names_and_commands_are_completed(page: Page) -> None:
    script = """
    const names = ['Ada', 'adam', 'Bob'];
    const of = (text) => completionsOf(text, text.length, names);
    const commands = [commandsFor(false), commandsFor(true)];
    const kicks = commands.map((each) => completionsOf('/ki', 3, names, each).options);
    return [of('ad'), of('hi bo'), of('/jo'), of('hi /jo'), of(''), of('x '), of('@bo'), of('to @'),
            kicks];
    """
    assert use(page, "completionsOf, commandsFor from complete", script) == [
        {"start": 0, "options": ["Ada: ", "adam: "]},
        {"start": 3, "options": ["Bob "]},
        {"start": 0, "options": ["/join "]},
        {"start": 3, "options": []},
        {"start": 0, "options": []},
        {"start": 2, "options": []},
        {"start": 0, "options": ["@Bob "]},
        {"start": 3, "options": ["@Ada ", "@adam ", "@Bob "]},
        [[], ["/kick "]],
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_name_can_be_read(page: Page, theme: str) -> None:
    script = """
    const root = document.documentElement;
    const before = root.dataset.theme;
    root.dataset.theme = THEME;
    const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const brightness = (colour) => {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const pixel = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
      const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      const [r, g, b] = pixel.map((part) => linear(part / 255));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const grounds = ['paper', 'panel', 'raised', 'hover', 'chosen'].map((name) => {
      const probe = document.createElement('p');
      document.body.append(probe);
      probe.style.setProperty('background', `var(--${name})`);
      const found = brightness(getComputedStyle(probe).backgroundColor);
      probe.remove();
      return found;
    });
    const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    let least = 99;
    const probe = document.createElement('bdi');
    probe.className = 'name';
    document.body.append(probe);
    for (let hue = 0; hue < 360; hue += 5) {
      probe.style.setProperty('--hue', String(hue));
      const name = brightness(getComputedStyle(probe).color);
      least = Math.min(least, ...grounds.map((ground) => ratio(name, ground)));
    }
    probe.remove();
    root.dataset.theme = before;
    const [ada, loud, bob] = ['Ada', 'ADA', 'Bob'].map(hueOf);
    return [least, ada === loud, ada !== bob, new Set(grounds).size];
    """
    least, same, different, grounds = use(
        page, "hueOf from names", script.replace("THEME", repr(theme))
    )
    assert least >= 4.5  # WCAG AA
    assert same
    assert different
    assert grounds == 5
