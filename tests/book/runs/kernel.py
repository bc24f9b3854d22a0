"""The kernel's lane: the system calls of the simulated process, and what the network brings.

The methods of the simulated sockets and of the simulated epoll set are replaced by ones that note
their answers.  The modules are loaded for one run only (``broken.py``), so nothing is put back.
"""

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from tests.book.runs import words
from tests.book.runs.recorder import KERNEL, Recorder

_POLL = {1: "READ", 4: "WRITE", 2: "URGENT", 8: "error", 16: "HANGUP", 0x2000: "HANGUP"}


def observe(recorder: Recorder, sizes: bool = True) -> None:
    """Note the calls in this recording; without ``sizes``, what TLS sends is not counted."""
    from miniloop.testing.basesocket import BaseSocket
    from miniloop.testing.epoll import SimulatedEpoll
    from miniloop.testing.sockets import SimulatedSocket
    from miniloop.testing.wire import Wire

    say = _Sayer(recorder, sizes)
    for name in ("recv", "send", "accept", "connect_ex", "shutdown"):
        _replace(SimulatedSocket, name, say.call)
    for name in ("register", "modify", "unregister"):
        _replace(SimulatedEpoll, name, say.control)
    _replace(SimulatedEpoll, "poll", say.poll)
    _replace(BaseSocket, "close", say.close)
    Wire.note = say.arrival  # type: ignore[method-assign, assignment]


def _replace(owner: Any, name: str, around: Callable[..., Any]) -> None:
    method = getattr(owner, name)

    @wraps(method)
    def observed(self: Any, *args: Any, **options: Any) -> Any:
        return around(name, method, self, *args, **options)

    setattr(owner, name, observed)


class _Sayer:
    """Says what a call was, and what it answered."""

    def __init__(self, recorder: Recorder, sizes: bool) -> None:
        self._recorder = recorder
        self._sizes = sizes

    def _note(self, text: str) -> None:
        self._recorder.note(KERNEL, text, sys._getframe(2))

    def call(self, name: str, method: Any, sock: Any, *args: Any, **options: Any) -> Any:
        """One call on a socket: its arguments in short, and the answer or the errno."""
        shown = f"{name.removesuffix('_ex')}(fd {sock.fileno()}{self._given(name, args)})"
        try:
            answer = method(sock, *args, **options)
        except OSError as error:
            self._note(f"{shown} = {errno.errorcode.get(error.errno or 0, 'an error')}")
            raise
        self._note(f"{shown} = {self._answer(name, answer)}")
        return answer

    def _given(self, name: str, args: tuple[Any, ...]) -> str:
        if name == "send":
            return f", {words.data(args[0])}" if self._sizes else ", some records"
        return ""

    def _answer(self, name: str, answer: Any) -> str:
        if name == "accept":
            return f"fd {answer[0].fileno()}"
        if name == "connect_ex":
            return errno.errorcode.get(answer, "0")
        if isinstance(answer, bytes):
            if not self._sizes and answer:
                return "some records"
            return words.data(answer) if answer else 'b"", the end'
        return "0" if answer is None else f"{answer:,}" if self._sizes else "all of them"

    def control(self, name: str, method: Any, epoll: Any, fd: int, *bits: int) -> Any:
        """epoll_ctl()."""
        word = {"register": "ADD", "modify": "MOD", "unregister": "DEL"}[name]
        wanted = "".join(f", {_events(each)}" for each in bits)
        try:
            answer = method(epoll, fd, *bits)
        except OSError as error:
            self._note(f"epoll_ctl({word}, fd {fd}{wanted}) = {errno.errorcode[error.errno or 0]}")
            raise
        self._note(f"epoll_ctl({word}, fd {fd}{wanted}) = 0")
        return answer

    def poll(self, name: str, method: Any, epoll: Any, timeout: float | None, *rest: Any) -> Any:
        """epoll_wait(): once when it begins to sleep, and once when it returns."""
        ready = epoll.ready()
        if not ready and timeout != 0:
            self._note(f"epoll_wait({words.seconds(timeout)}) sleeps")
        events = method(epoll, timeout, *rest)
        found = ", ".join(f"fd {fd} {_events(bits)}" for fd, bits in events)
        self._note(f"epoll_wait({words.seconds(timeout)}) = {found or 'nothing'}")
        return events

    def close(self, name: str, method: Any, sock: Any) -> None:
        """close(), for a socket that is open."""
        fd = sock.fileno()
        method(sock)
        if fd >= 0:
            self._note(f"close(fd {fd}) = 0")

    def arrival(self, subject: Any, event: str) -> None:
        """What the network brings, to this process or to a peer."""
        names = self._recorder.snapshots.names
        theirs = names.get(getattr(subject, "local", None))
        ours = names.get(getattr(subject, "remote", None))
        text = self._arrival(theirs, ours, event)
        if text:
            self._note(text)

    def _arrival(self, theirs: str | None, ours: str | None, event: str) -> str:
        if event.startswith("-> "):
            what = _short(event) if self._sizes else "records"
            if theirs:
                return f"arrives from {theirs}: {what}"
            return f"{ours} receives {what}" if ours else ""
        if event == "receives FIN":
            if ours:
                return f"{ours} has finished: the end arrives"
            return f"{theirs} receives the end" if theirs else ""
        if event == "connects":
            return f"{theirs} connects" if theirs else ""
        if event.startswith("fails: "):
            return f"the connection with {ours or theirs} fails: {event[7:]}"
        return ""


def _short(event: str) -> str:
    """Return what has arrived; of a long piece, its size."""
    count, _, piece = event.removeprefix("-> ").partition(" bytes ")
    return f"{int(count):,} bytes" if int(count) > words.LONGEST else piece


def _events(bits: int) -> str:
    return "|".join(dict.fromkeys(name for bit, name in _POLL.items() if bits & bit)) or "nothing"
