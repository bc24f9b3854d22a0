"""Recordings inside pages: the player reads them from the page itself, so it needs no server."""

import json
import re

from tests.book.runs import store

SCRIPTS = ("lanes.js", "player.js")
STYLES = ("lanes.css", "player.css")
_PLAYER = re.compile(r'<div class="loop-player" data-run="([\w-]+)">')


def names(html: str) -> list[str]:
    """Return the runs that a page plays."""
    return _PLAYER.findall(html)


def data(name: str) -> str:
    """Return the element that carries a recording; nothing in it can end the element early."""
    text = json.dumps(store.load(name), separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="run-{name}">{text}</script>'


def page(name: str) -> str:
    """Return a small page with one player and its files beside it, as the tests open it."""
    styles = "".join(f'<link rel="stylesheet" href="{each}">' for each in STYLES)
    scripts = "".join(f'<script defer src="{each}"></script>' for each in SCRIPTS)
    place = f'<div class="loop-player" data-run="{name}"></div>'
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{styles}'
    return (
        f'<!doctype html><html lang="en"><title>{name}</title>{head}{scripts}'
        f"<body>{place}{data(name)}"
    )
