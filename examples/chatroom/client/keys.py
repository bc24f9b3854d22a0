"""The action of each key, besides those that prompt_toolkit has for editing.

Rule of this file: from a key to one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

if TYPE_CHECKING:
    from .terminal import Terminal

MOST_DIGITS = 9


def bindings(terminal: Terminal) -> KeyBindings:
    """Return the key bindings of `terminal`."""
    keys = KeyBindings()
    _typing(keys, terminal)
    _leaving(keys, terminal)
    _moving(keys, terminal)
    return keys


def _typing(keys: KeyBindings, terminal: Terminal) -> None:
    @keys.add("enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        text = terminal.buffer.text
        terminal.buffer.reset(append_to_history=bool(text.strip()))
        terminal.buffer.load_history_if_not_yet_loaded()  # now, for an arrow key that follows
        terminal.enter(text)

    @keys.add("escape", "enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        terminal.buffer.insert_text("\n")

    @keys.add("tab", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        complete(terminal.buffer)

    @keys.add("s-tab", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        terminal.buffer.complete_previous()


def complete(buffer: Buffer) -> None:
    """Complete the word before the cursor as far as it is unique; a second time, offer the rest.

    Synchronous, not in the background as in prompt_toolkit: further input is handled after it.
    """
    if buffer.complete_state:
        buffer.complete_next()
        return
    event = CompleteEvent(completion_requested=True)
    found = list(buffer.completer.get_completions(buffer.document, event))
    if len(found) == 1:
        buffer.apply_completion(found[0])
    elif suffix := get_common_complete_suffix(buffer.document, found):
        buffer.insert_text(suffix)
    elif found:
        buffer.start_completion(select_first=False)


def _leaving(keys: KeyBindings, terminal: Terminal) -> None:
    empty = Condition(lambda: not terminal.buffer.text)

    @keys.add("c-c", filter=~is_searching)
    @keys.add("<sigint>")
    def _(event: KeyPressEvent) -> None:
        if terminal.buffer.text and event.key_sequence[0].key != "<sigint>":
            terminal.buffer.reset()
        else:
            terminal.leave(interrupted=True)

    @keys.add("c-d", filter=empty & ~is_searching)
    def _(event: KeyPressEvent) -> None:
        terminal.leave()

    @keys.add("c-z")
    def _(event: KeyPressEvent) -> None:
        get_app().suspend_to_background()


def _moving(keys: KeyBindings, terminal: Terminal) -> None:
    @keys.add("pageup")
    def _(event: KeyPressEvent) -> None:
        terminal.scroll(terminal.view.page())

    @keys.add("pagedown")
    def _(event: KeyPressEvent) -> None:
        terminal.scroll(-terminal.view.page())

    @keys.add("escape", "left")
    def _(event: KeyPressEvent) -> None:
        terminal.chat.step(-1)

    @keys.add("escape", "right")
    def _(event: KeyPressEvent) -> None:
        terminal.chat.step(1)

    for digit in range(1, MOST_DIGITS + 1):
        _digit(keys, terminal, digit)


def _digit(keys: KeyBindings, terminal: Terminal, digit: int) -> None:
    @keys.add("escape", str(digit))
    def _(event: KeyPressEvent) -> None:
        names = list(terminal.chat.rooms)
        if digit <= len(names):
            terminal.chat.go(names[digit - 1])
