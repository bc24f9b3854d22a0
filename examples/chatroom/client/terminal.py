"""The screen: the talk above, a status line, and a prompt that output never overwrites.

Rule of this file: assemble prompt_toolkit's parts; what a key does is in `keys`.
"""

from __future__ import annotations

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.layout import (
    BufferControl,
    CompletionsMenu,
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from .chat import Chat
from .codes import FAILED, INTERRUPTED, OK
from .completion import ChatCompleter
from .keys import bindings
from .status_line import cut, status_line, topic_line
from .talk import State, Talk
from .view import View, ViewControl

MOST_INPUT_ROWS = 6  # of the prompt, when what is typed has many lines
LONGEST_PROMPT = 16  # columns of the user's name
SECRETIVE = ("/oper ", "/lock ", "/join ")
"""Commands whose lines may hold a password or a key: the history does not keep them."""

STYLE = Style.from_dict(
    {
        "status": "reverse",
        "topic": "italic",
        "time": "#888888",
        "notice": "italic",
        "name": "bold",
        "private": "italic",
        "mention": "bold reverse",
        "prompt": "bold",
    }
)


class Lines(InMemoryHistory):
    """The input history, in memory while the client runs; never in a file, and no passwords."""

    def append_string(self, string: str) -> None:
        """Remember `string`, unless it may hold a secret."""
        if not string.lstrip().startswith(SECRETIVE):
            super().append_string(string)


class Terminal:
    """The screen and the keyboard.

    Args:
        terminal_input: The source of keys; the process's own terminal if None.
        output: The screen to draw on; the process's own terminal if None.

    Attributes:
        chat: The state that is shown.
        view: The part of it that is visible.
        buffer: The text being typed.
        app: prompt_toolkit's application; it returns the exit code.
        last_words: Why the client ended, printed after the terminal is restored.
    """

    def __init__(self, terminal_input: Input | None = None, output: Output | None = None) -> None:
        self.chat = Chat(ring=self._ring)
        self.view = View(lambda: self.chat.active, lambda: self.chat.me)
        self.last_words = ""
        self._talk: Talk | None = None
        self._interrupted = False
        completer = ChatCompleter(lambda: [*self.chat.active.people], self._room_names)
        self.buffer = Buffer(completer=completer, history=Lines(), multiline=True)
        self.app: Application[int] = Application(
            self._layout(),
            style=STYLE,
            key_bindings=bindings(self),
            full_screen=True,
            enable_page_navigation_bindings=False,
            min_redraw_interval=0.02,
            input=terminal_input,
            output=output,
            color_depth=ColorDepth.from_env(),
        )

    # Called by the talk

    def use(self, talk: Talk) -> None:
        """Send the user's lines through `talk` from now on."""
        self._talk = talk

    def changed(self) -> None:
        """Schedule a redraw."""
        self.app.invalidate()

    def ended(self, *, well: bool, words: str) -> None:
        """End with the matching exit code."""
        self.last_words = words
        code = INTERRUPTED if self._interrupted else OK if well else FAILED
        if self.app.is_running and not self.app.is_done:
            self.app.exit(result=code)

    # Called for the user

    def enter(self, text: str) -> None:
        """Submit the typed or pasted text line by line; for a name, only the first line."""
        if self._talk is None:
            return
        self.view.follow()
        first, *rest = [line for line in text.split("\n") if line.strip()] or [""]
        if self._talk.state is State.NAMELESS and not first.startswith("/quit"):
            if first:
                self._talk.enter(first.strip())
            self.buffer.insert_text("\n".join(rest))
            return
        for line in filter(None, (first, *rest)):
            self._talk.typed(line)

    def leave(self, *, interrupted: bool = False) -> None:
        """Send /quit; on the second call, end without waiting for the answer."""
        self._interrupted = self._interrupted or interrupted
        if self._talk is None or self._talk.state is State.LEAVING:
            self.ended(well=True, words="")
        else:
            self._talk.leave()

    def scroll(self, by: int) -> None:
        """Scroll back by this many lines; at the oldest line, request older ones."""
        if not self.view.scroll(by) and by > 0:
            self.chat.load_older()

    # Internal

    def _ring(self) -> None:
        self.app.output.bell()
        self.app.output.flush()

    def _room_names(self) -> list[str]:
        return list(dict.fromkeys([*self.chat.rooms, *self.chat.directory]))

    def _layout(self) -> Layout:
        search = SearchToolbar()
        prompt = BufferControl(
            self.buffer,
            input_processors=[BeforeInput(self._prompt, "class:prompt")],
            search_buffer_control=search.control,
            preview_search=True,
        )
        topic = Window(FormattedTextControl(self._topic), height=1, style="class:topic")
        rows = HSplit(
            [
                ConditionalContainer(topic, Condition(lambda: bool(self.chat.active.topic))),
                Window(ViewControl(self.view), wrap_lines=False),
                Window(FormattedTextControl(self._status), height=1, style="class:status"),
                Window(
                    prompt,
                    height=Dimension(min=1, max=MOST_INPUT_ROWS),
                    wrap_lines=True,
                    dont_extend_height=True,
                ),
                search,
            ]
        )
        menu = Float(CompletionsMenu(max_height=8, scroll_offset=1), xcursor=True, ycursor=True)
        return Layout(FloatContainer(rows, [menu]), focused_element=prompt)

    def _columns(self) -> int:
        return self.app.output.get_size().columns

    def _status(self) -> str:
        talk = self._talk
        state, waiting = (talk.state, talk.waiting) if talk else (State.CONNECTING, 0)
        return status_line(self.chat, state, waiting, self.view.below(), self._columns())

    def _topic(self) -> str:
        return topic_line(self.chat, self._columns())

    def _prompt(self) -> str:
        if self._talk is not None and self._talk.state is State.NAMELESS:
            return "Your name: "
        return f"{cut(self.chat.me, LONGEST_PROMPT)}> "
