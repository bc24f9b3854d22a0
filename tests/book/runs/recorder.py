"""Note what happens in a run: in the loop and in the handlers, from their own real code.

Python's trace function reports each call.  A call from the program's file into the package is what
the program did; a call from the package into the program's file is a handler; and a few functions
of the package are the stages.  (The trace hooks of ``miniloop.trace`` put their own copies of
``_deliver()`` and ``_flush()`` in the places of the loop's, so lines and changes of those would not
show.  ``tests/docs/test_runs.py`` compares what both report.)
"""

import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tests.book.breaking import Breakage
from tests.book.runs import moments, words
from tests.book.runs.lines import Lines, is_shown, place
from tests.book.runs.snapshot import Snapshots

KERNEL, LOOP, HANDLERS = "kernel", "loop", "handlers"
ACTIONS = {
    "abort", "accept", "append", "call_later", "call_soon", "call_soon_threadsafe", "cancel",
    "close", "close_when_done", "close_write", "connect", "interest_changed", "on_close",
    "pause_reading", "push", "recv", "resume_reading", "send", "set_idle_timeout",
    "set_terminator", "start_tls", "stop",
}  # fmt: skip
"""Methods of the package that are shown when the program calls them."""
MOST_STEPS = 150
"""Of a right run; a broken one may have a few more than the right one."""


@dataclass
class Step:
    """One thing that happened.

    Attributes:
        lane: where.
        text: what.
        stage: the stage of the pass; "" outside of one.
        number: the pass.
        time: seconds since the beginning, simulated.
        at: the lit lines, outermost first.
        state: the state after it.
    """

    lane: str
    text: str
    stage: str
    number: int
    time: float
    at: list[int]
    state: int


class TooMuch(BaseException):
    """The recording is full; a BaseException, so that no handler of errors takes it."""


class Recorder:
    """The recording of one run.

    Args:
        breakage: what was changed in the source, if anything.
        program: the file of the scenario.
        most_steps: after so many it ends.

    Attributes:
        steps: what happened so far.
        lines: the lines lit in it.
        snapshots: the states in it.
        stage, passes: where the loop is.
    """

    def __init__(
        self, breakage: Breakage | None, program: str, most_steps: int = MOST_STEPS
    ) -> None:
        self._most_steps = most_steps
        self.steps: list[Step] = []
        self.lines = Lines(breakage)
        self.snapshots = Snapshots()
        self.stage, self.passes = "", 0
        self._program = program
        self._on = self._skipping = False
        self._begun = 0.0
        self._main = threading.get_ident()

    def start(self) -> None:
        """Record from now on."""
        self.snapshots.meet_channels()
        self._begun = self.snapshots.now()
        self._on = True
        sys.settrace(self._trace)
        threading.settrace(self._trace)

    def stop(self) -> None:
        """Record no more; again is harmless."""
        self._on = False
        sys.settrace(None)
        threading.settrace(None)

    def skip(self, on: bool) -> None:
        """Leave out what happens until this is called with False; passes are counted."""
        self._skipping = on

    def label(self, thing: Any) -> str | None:
        """Return a name for a channel or a socket."""
        return self.snapshots.label(thing)

    def note(
        self, lane: str, text: str, frame: FrameType | None, at: list[int] | None = None
    ) -> None:
        """Add a step."""
        if not self._on or self._skipping:
            return
        if len(self.steps) >= self._most_steps:
            self.stop()
            raise TooMuch
        lit = self.lines.stack(frame) if at is None else at
        if not lit and self.steps and self.stage:
            lit = self.steps[-1].at
        time = round(self.snapshots.now() - self._begun, 6)
        if threading.get_ident() != self._main:
            text = f"a thread: {text}"
        state = self.snapshots.take()
        self.steps.append(Step(lane, text, self.stage, self.passes, time, lit, state))

    # -- the trace function ----------------------------------------------------------------------

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not self._on:
            return None
        file = place(frame)
        if is_shown(file):
            self._maybe_action(frame)
            return moments.entered(self, file, frame)
        if file == self._program:
            self._maybe_handler(frame)
        return None

    def _maybe_action(self, frame: FrameType) -> None:
        """The program calls the package."""
        caller, name = frame.f_back, frame.f_code.co_name
        if name in ACTIONS and caller is not None and place(caller) == self._program:
            if caller.f_code.co_name.startswith("play"):
                return
            given = words.arguments(frame, self.label)
            self.note(HANDLERS, f"{name}({given})", caller)

    def _maybe_handler(self, frame: FrameType) -> None:
        """The package calls the program; so does Python, for a thread."""
        caller, name = frame.f_back, frame.f_code.co_name
        if caller is None or (name.startswith(("<", "_")) and name != "__init__"):
            return
        thread = threading.get_ident() != self._main and place(caller).endswith("threading.py")
        if not (is_shown(place(caller)) or thread):
            return
        owner = frame.f_locals.get("self")
        given = words.arguments(frame, self.label)
        if name == "__init__":
            text = f"{type(owner).__name__}({given}) is made"
        elif owner is not None:
            text = f"{self.label(owner) or type(owner).__name__}.{name}({given})"
        else:
            text = f"{name}({given})"
        self.note(HANDLERS, text, caller)
