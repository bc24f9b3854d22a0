"""The client on a terminal of its own: prompt_toolkit's loop runs, and miniloop is its guest.

Rule of this file: starting and ending in the right order.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl

from miniloop import AsyncioGuest, EventLoop

from ..people.text import clean
from .chat import Chat
from .codes import FAILED, INTERRUPTED, OK
from .finding import NotFound, Way, check, find
from .screen import complain, show
from .talk import Talk
from .terminal import Terminal
from .text_talk import TextTalk
from .web_talk import WebTalk
from .websocket import WebAddress


def run(
    host: str, port: int, tls: ssl.SSLContext | None, name: str, web: WebAddress | None = None
) -> int:
    """Find the server, run the conversation, and return the exit code.

    Args:
        host: The server's name or address.
        port: The line door's port.
        tls: The context with the trusted certificates; None connects without TLS.
        name: The name to log in with; if empty, the user is asked.
        web: The address of the web door, if it is known.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C before the screen was open.
    """
    try:
        way = check(web) if web is not None else find(host, port, tls)
    except NotFound as problem:
        complain(str(problem))
        return FAILED
    terminal = Terminal()
    code = asyncio.run(_converse(terminal, way, (host, port, tls), name))
    if terminal.last_words and code == FAILED:
        complain(terminal.last_words)
    elif terminal.last_words:
        show(terminal.last_words)
    return code


async def _converse(
    terminal: Terminal, way: Way, line: tuple[str, int, ssl.SSLContext | None], name: str
) -> int:
    host = asyncio.get_running_loop()
    with EventLoop() as loop, _Faults(terminal.chat):
        async with AsyncioGuest(loop, host):
            talk = _talk(loop, terminal, way, line, name)
            terminal.use(talk)
            if way.note:
                terminal.chat.tell(f"{way.note} So lines are shown as telnet shows them.")
            for number in (signal.SIGTERM, signal.SIGHUP):
                host.add_signal_handler(number, lambda: terminal.leave(interrupted=True))
            talk.start()
            try:
                code = await terminal.app.run_async()
            except (EOFError, OSError):  # the terminal is closed
                terminal.leave(interrupted=True)
                return INTERRUPTED
    return OK if code is None else code


def _talk(
    loop: EventLoop,
    terminal: Terminal,
    way: Way,
    line: tuple[str, int, ssl.SSLContext | None],
    name: str,
) -> Talk:
    if way.web is None:
        host, port, tls = line
        return TextTalk(loop, host, port, tls, terminal.chat, terminal, name, way.pace)
    talk = WebTalk(loop, way.web, terminal.chat, terminal, name, way.pace)
    terminal.chat.ask_page = talk.ask_page
    return talk


class _Faults(logging.Handler):
    """Shows log records in the talk, because standard error would overwrite the screen."""

    def __init__(self, chat: Chat) -> None:
        super().__init__(logging.WARNING)
        self._chat = chat
        self.setFormatter(logging.Formatter("Fault: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        for row in self.format(record).splitlines():
            self._chat.tell(clean(row))

    def __enter__(self) -> None:
        logging.getLogger().addHandler(self)

    def __exit__(self, *exception: object) -> None:
        logging.getLogger().removeHandler(self)
