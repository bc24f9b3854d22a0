"""The picture of the terminal client: ``python3 -m tests.integration.terminal_picture``.

A real screen in tmux, with a real server and its people, as SVG. Times of day are made the same.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from examples.chatroom.client.drawing import width_of
from tests.integration.chatroom_process import Peer, Server
from tests.integration.tmux import CLIENT, Tmux

PICTURE = Path(__file__).parents[2] / "docs" / "howto" / "img" / "terminal-client.svg"
TITLE = "The terminal client: the talk, a status line, and a prompt in which a line is being typed"
COLUMNS, ROWS = 72, 16
CELL, ROW, MARGIN = 8.4, 19, 12  # pixels
PAPER, INK = "#1c1c1c", "#d8d8d8"
_CLOCK = re.compile(r"(?<!\d)\d\d:\d\d ")
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_LEVELS = (0, 95, 135, 175, 215, 255)  # of each channel in xterm's cube of 216 colours


def act(tmux: Tmux, server: Server) -> str:
    """Let some people talk; return the screen of one of them, with its styles."""
    people = {name: Peer(server, name) for name in ("Grace", "José", "美香")}
    try:
        tmux.open("Ada", f"{CLIENT} --port {server.port} --name Ada", COLUMNS, ROWS)
        tmux.expect("Ada", "-- Ada came in.", "Ada>")
        tmux.type("Ada", "/join garden", "Enter")
        tmux.expect("Ada", "#garden  1 person")
        tmux.type("Ada", "M-1")
        _say(tmux, people["Grace"], "/topic Tea at four")
        _say(tmux, people["Grace"], "Good afternoon. Has anybody seen the kettle?")
        _say(tmux, people["美香"], "こんにちは ☕")
        _say(tmux, people["José"], "/me points at the window sill, where it has been all the time")
        _say(tmux, people["Grace"], "Ada, shall we?")
        people["José"].type("/join garden", "No kettle here.")
        tmux.expect("Ada", "2 garden (1)")
        tmux.write("Ada", "Coming, I only have to finish this li")
        tmux.expect("Ada", "finish this li")
        return tmux.run("capture-pane", "-p", "-e", "-N", "-t", "Ada")
    finally:
        for person in people.values():
            person.socket.close()


def _say(tmux: Tmux, person: Peer, line: str) -> None:
    person.type(line)
    tmux.expect("Ada", line.removeprefix("/topic ").removeprefix("/me ")[:20])


def draw(screen: str) -> str:
    """Return the screen as SVG."""
    width, height = COLUMNS * CELL + 2 * MARGIN, ROWS * ROW + 2 * MARGIN
    pieces = "\n".join(_pieces(_CLOCK.sub("16:00 ", screen)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">\n'
        f"<title>{TITLE}</title>\n"
        "<style>text { font: 14px/1 'DejaVu Sans Mono', Menlo, Consolas, monospace; "
        f"white-space: pre; fill: {INK} }}</style>\n"
        f'<rect width="{width:.0f}" height="{height}" rx="6" fill="{PAPER}"/>\n{pieces}\n</svg>\n'
    )


def _pieces(screen: str) -> Iterator[str]:
    """Each run of one style, at its place."""
    codes: list[int] = []
    row = column = 0
    for number, part in enumerate(_STYLE.split(screen)):
        if number % 2:
            new = [int(each or 0) for each in part.split(";")]
            codes = new if 0 in new[:1] else [*codes, *new]
            continue
        for text in re.split("(\n)", part):
            if text == "\n":
                row, column = row + 1, 0
            elif text:
                yield from _piece(text, codes, MARGIN + CELL * column, MARGIN + ROW * row)
                column += width_of(text)


def _piece(text: str, codes: list[int], x: float, y: float) -> Iterator[str]:
    plain = [code for at, code in enumerate(codes) if codes[max(0, at - 2) : at] != [38, 5]]
    reverse = 7 in plain
    if reverse:
        size = f'width="{CELL * width_of(text):.1f}" height="{ROW}"'
        yield f'<rect x="{x:.1f}" y="{y}" {size} fill="{INK}"/>'
    colour = PAPER if reverse else _colour(codes)
    styles = [f"fill: {colour}"] * bool(colour)
    styles += ["font-weight: bold"] * (1 in plain) + ["font-style: italic"] * (3 in plain)
    style = f' style="{"; ".join(styles)}"' if styles else ""
    if text.strip():
        yield f'<text x="{x:.1f}" y="{y + 14}"{style}>{escape(text)}</text>'


def _colour(codes: list[int]) -> str:
    found = ""
    for at, code in enumerate(codes):
        if code == 38 and codes[at + 1 : at + 2] == [5]:
            found = _of_palette(codes[at + 2])
        elif code == 39:
            found = ""
    return found


def _of_palette(number: int) -> str:
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    cube = number - 16
    return "#" + "".join(f"{_LEVELS[cube // base % 6]:02x}" for base in (36, 6, 1))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server, tmux = Server(Path(folder)), Tmux(Path(folder))
        try:
            PICTURE.write_text(draw(act(tmux, server)), encoding="utf-8")
        finally:
            tmux.run("kill-server")
            server.stop()


if __name__ == "__main__":
    main()
