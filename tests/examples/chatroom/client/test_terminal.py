"""The effect of keys, without a terminal: prompt_toolkit reads a pipe, and draws nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import ColorDepth, DummyOutput

from examples.chatroom.client.codes import FAILED, INTERRUPTED, OK
from examples.chatroom.client.talk import State
from examples.chatroom.client.terminal import Terminal

UP, DOWN, TAB, ENTER, HOME = "\x1b[A", "\x1b[B", "\t", "\r", "\x01"
CTRL_C, CTRL_D, CTRL_R, KILL = "\x03", "\x04", "\x12", "\x15"
PAGE_UP, PAGE_DOWN = "\x1b[5~", "\x1b[6~"
TURNS = 20  # of asyncio's loop: more than loading the history and finding completions take
ROOMS = ("lobby", "dev")


class Bell(DummyOutput):
    def __init__(self) -> None:
        self.rung = 0

    def bell(self) -> None:
        self.rung += 1


class FakeTalk:
    """A server that answers /quit at once, or never."""

    def __init__(self, terminal: Terminal, *, state: State, polite: bool) -> None:
        self.state = state
        self.waiting = 0
        self.lines: list[tuple[str, str]] = []
        self.names: list[str] = []
        self._terminal = terminal
        self._polite = polite

    def start(self) -> None:
        pass

    def enter(self, name: str) -> None:
        self.names.append(name)

    def typed(self, line: str) -> None:
        self.lines.append((self._terminal.chat.active.name, line))

    def leave(self) -> None:
        self.state = State.LEAVING
        if self._polite:
            self._terminal.ended(well=True, words="Goodbye.")


async def drive(terminal: Terminal, pipe: PipeInput, steps: Sequence[str]) -> int:
    """Type the steps, each after the effect of the one before; return the exit code."""
    running = asyncio.ensure_future(terminal.app.run_async())
    drawn = -1
    for step in filter(None, steps):  # a step without keys draws nothing
        while terminal.app.render_counter == drawn or not terminal.app.is_running:
            await asyncio.sleep(0)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        drawn = terminal.app.render_counter
        pipe.send_text(step)
    return await running


class Run:
    """The screen after these keys, and then Ctrl-D; a list is typed step by step."""

    def __init__(
        self, *keys: str, end: str = CTRL_D, state: State = State.ONLINE, polite: bool = True
    ) -> None:
        with create_pipe_input() as pipe:
            self.output = Bell()
            self.terminal = Terminal(pipe, self.output)
            self.talk = FakeTalk(self.terminal, state=state, polite=polite)
            self.terminal.use(self.talk)
            chat = self.terminal.chat
            chat.me = "ann"
            for room in ROOMS:
                people = [{"name": "ann"}, {"name": "bob"}, {"name": "bonnie"}]
                chat.handle({"kind": "room", "room": room, "people": people})
            chat.go("lobby")
            self.code = asyncio.run(drive(self.terminal, pipe, (*keys, end)))

    def lines(self) -> list[str]:
        return [line for _, line in self.talk.lines]


def test_lines_are_sent_as_they_were_edited() -> None:
    run = Run("helo" + "\x1b[D" + "l" + ENTER + "  " + ENTER + "x" + KILL + "漢字" + ENTER)
    assert run.lines() == ["hello", "漢字"]
    assert (run.code, run.terminal.last_words) == (OK, "Goodbye.")


def test_history_is_had_with_the_arrows_and_by_searching() -> None:
    typed = ("first" + ENTER, "second" + ENTER, UP + UP + ENTER)
    run = Run(*typed, CTRL_R + "sec" + ENTER + ENTER)
    assert run.lines() == ["first", "second", "first", "second"]


@pytest.mark.parametrize("secret", ["/oper ann password", " /lock key", "/join dev key"])
def test_what_may_hold_a_secret_is_in_no_history(secret: str) -> None:
    run = Run("first" + ENTER, secret + ENTER, UP + ENTER)
    assert run.lines() == ["first", secret, "first"]


def test_a_paste_stays_in_the_prompt_and_is_sent_line_by_line() -> None:
    pasted = "\x1b[200~one\r\ntwo\n\n\tthree\n\x1b[201~"
    assert Run(pasted, end=CTRL_C + CTRL_D).lines() == []
    assert Run(pasted + " and" + ENTER).lines() == ["one", "two", "\tthree", " and"]


def test_a_line_can_have_lines() -> None:
    assert Run("one\x1b\rtwo" + ENTER).lines() == ["one", "two"]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (["/wh" + TAB], "/who "),
        (["bob" + TAB + "hi"], "bob: hi"),
        (["bo" + TAB + "n" + TAB], "bonnie: "),
        (["/join d" + TAB], "/join dev "),
        (["bo" + TAB, TAB, TAB], "bonnie: "),
        (["bo" + TAB, TAB, TAB, "\x1b[Z"], "bob: "),
    ],
)
def test_tab_completes(typed: list[str], line: str) -> None:
    assert Run(*typed, ENTER).lines() == [line]


def test_ctrl_c_takes_back_the_line_and_then_leaves() -> None:
    run = Run("half" + CTRL_C + "whole" + ENTER, end=CTRL_C)
    assert (run.lines(), run.code) == (["whole"], INTERRUPTED)


def test_a_second_ctrl_c_does_not_wait_for_the_server() -> None:
    assert Run("", end=CTRL_C + CTRL_C, polite=False).code == INTERRUPTED


def test_ctrl_d_in_a_line_ends_nothing() -> None:
    assert Run("ab" + HOME + CTRL_D + ENTER).lines() == ["b"]


def test_rooms_are_changed_with_alt() -> None:
    keys = ["x", "\x1b2", "y", "\x1b[1;3D", "z", "\x1b[1;3C", "q", "\x1b9", "r"]
    run = Run(*(key if key.startswith("\x1b") else key + ENTER for key in keys))
    assert run.talk.lines == [
        ("lobby", "x"), ("dev", "y"), ("lobby", "z"), ("dev", "q"), ("dev", "r")
    ]  # fmt: skip


def test_a_name_is_asked_for_and_only_the_first_line_is_one() -> None:
    run = Run("\x1b[200~ann \nline\x1b[201~" + ENTER, state=State.NAMELESS, end=CTRL_C + CTRL_D)
    assert run.talk.names == ["ann"]
    assert run.lines() == []
    assert Run(ENTER + "/quit" + ENTER, state=State.NAMELESS).lines() == ["/quit"]


def test_paging_goes_back_and_asks_for_older_lines() -> None:
    asked: list[tuple[str, int]] = []
    with create_pipe_input() as pipe:
        terminal = Terminal(pipe, DummyOutput())
        terminal.use(FakeTalk(terminal, state=State.ONLINE, polite=True))
        terminal.chat.ask_page = lambda *page: asked.append(page)
        recent = [
            {"kind": "said", "sender": "bob", "text": str(n), "id": n} for n in range(50, 250)
        ]
        room = {"kind": "room", "room": "lobby", "recent": recent, "more": True}
        terminal.chat.handle(room)
        asyncio.run(drive(terminal, pipe, [PAGE_UP + PAGE_UP + PAGE_DOWN, CTRL_D]))
        assert terminal.view.below() > 0
        assert asked == []
        asyncio.run(drive(terminal, pipe, [PAGE_UP * 5, CTRL_D]))
    assert asked == [("lobby", 50)]


def test_a_mention_rings_the_bell() -> None:
    run = Run("")
    line = {"kind": "said", "room": "lobby", "sender": "bob", "text": "ann!", "id": 1}
    run.terminal.chat.handle(line)
    assert run.output.rung == 1


def test_an_end_that_was_not_asked_for_is_a_failure() -> None:
    with create_pipe_input() as pipe:
        terminal = Terminal(pipe, DummyOutput())

        async def be_shown_out() -> int:
            task = asyncio.ensure_future(terminal.app.run_async())
            while not terminal.app.is_running:
                await asyncio.sleep(0)
            terminal.ended(well=False, words="You were kicked.")
            return await task

        assert asyncio.run(be_shown_out()) == FAILED
    assert terminal.last_words == "You were kicked."


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPT_TOOLKIT_COLOR_DEPTH", raising=False)
    output = DummyOutput()
    monkeypatch.setattr(output, "get_default_color_depth", lambda: ColorDepth.DEPTH_24_BIT)
    with create_pipe_input() as pipe:
        for value, depth in (("1", ColorDepth.DEPTH_1_BIT), ("", ColorDepth.DEPTH_24_BIT)):
            monkeypatch.setenv("NO_COLOR", value)
            assert Terminal(pipe, output).app.color_depth is depth
