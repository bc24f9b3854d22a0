"""The moments of a pass that are shown: a few functions of the package, and what they say.

Each is named by its file and its function.  ``tests/docs/test_runs.py`` fails when one of them is
not there any more.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from tests.book.runs import words

if TYPE_CHECKING:
    from tests.book.runs.recorder import Recorder

LOOP, HANDLERS = "loop", "handlers"
Local = Callable[[FrameType, str, Any], Any]


def entered(recorder: Recorder, file: str, frame: FrameType) -> Local | None:
    """Note that a function was entered; return what is called for its lines, if anything is."""
    moment = MOMENTS.get((file, frame.f_code.co_qualname))
    return None if moment is None else moment(recorder, frame)


def _pass(recorder: Recorder, frame: FrameType) -> Local:
    """A pass begins, and ends with the function."""
    recorder.passes += 1
    return _at_return(recorder, lambda value: _between_passes(recorder))


def _between_passes(recorder: Recorder) -> None:
    recorder.stage = ""


def _refresh(recorder: Recorder, frame: FrameType) -> None:
    loop = frame.f_locals["self"]
    recorder.stage = "refresh"
    flush = [recorder.label(each) for each in loop._unflushed]
    ask = [f"fd {each.fd}" for each in loop.registry.due() if each.alive]
    parts = [f"flush {', '.join(map(str, flush))}"] if flush else []
    parts += [f"ask {', '.join(ask)}"] if ask else []
    text = "; ".join(parts) or "nothing is queued, no channel is dirty"
    recorder.note(LOOP, f"refresh: {text}", frame.f_back)


def _wait(recorder: Recorder, frame: FrameType) -> None:
    loop = frame.f_locals["self"]
    recorder.stage = "wait"
    timeout = loop._timeout(frame.f_locals["timeout"])
    why = ""
    if timeout == 0 and loop._callbacks:
        why = ", because a callback is scheduled"
    elif timeout == 0 and loop._unflushed:
        why = ", because output was queued meanwhile"
    elif timeout == 0 and loop.registry.dirty:
        why = ", because a channel is dirty"
    elif timeout == 0:
        why = ", because a timer is due"
    elif timeout is not None:
        why = ", until the next timer"
    recorder.note(LOOP, f"wait: {words.seconds(timeout)}{why}", frame.f_back)


def _deliver(recorder: Recorder, frame: FrameType) -> None:
    recorder.stage = "deliver"
    events = frame.f_locals["events"]
    found = ", ".join(f"fd {key.fd} {words.bits(ready)}" for key, ready in events)
    recorder.note(LOOP, f"deliver: {found}", frame.f_back)


def _run_timers(recorder: Recorder, frame: FrameType) -> None:
    loop = frame.f_locals["self"]
    now = loop.time()
    due = len(loop._timers.due) + sum(
        not timer.cancelled() for when, _, timer in loop._timers.heap if when <= now
    )
    if due:
        recorder.stage = "timers"
        recorder.note(LOOP, f"timers: {due} due", frame.f_back)


def _run_callbacks(recorder: Recorder, frame: FrameType) -> None:
    recorder.stage = "callbacks"
    names = [recorder.snapshots.call(each) for each in frame.f_locals["self"]._callbacks]
    recorder.note(LOOP, f"callbacks: {', '.join(names)}", frame.f_back)


def _flush(recorder: Recorder, frame: FrameType) -> None:
    channel = frame.f_locals["self"]
    queued = recorder.snapshots.queued(channel)
    recorder.note(LOOP, f"flush {recorder.label(channel)}: {queued:,} bytes queued", frame.f_back)


def _ask(recorder: Recorder, frame: FrameType) -> Local:
    """The answer is known on the line behind the question."""
    registration, asked = frame.f_locals["registration"], frame.f_lineno
    before, done = registration.interest, False

    def local(frame: FrameType, event: str, arg: Any) -> Local:
        nonlocal asked, done
        if not done and event == "line" and "interest" in frame.f_locals:
            done = True
            answer = frame.f_locals["interest"]
            change = "as before" if answer == before else f"before: {words.bits(before)}"
            text = f"ask {_whose(recorder, registration)}: {words.bits(answer)} ({change})"
            recorder.note(LOOP, text, None, _lit(recorder, frame, asked))
        asked = frame.f_lineno
        return local

    return local


def _lit(recorder: Recorder, frame: FrameType, line: int) -> list[int]:
    """Return the lit lines where the innermost one is ``line``."""
    stack = recorder.lines.stack(frame.f_back)
    file, _, function = recorder.lines.place_of(frame)
    return [*stack, recorder.lines.number(file, line, function)]


def _add(recorder: Recorder, frame: FrameType) -> Local:
    registration = frame.f_locals["registration"]
    recorder.snapshots.known(registration)
    text = f"{_whose(recorder, registration)} is registered, and dirty"

    def note(value: Any) -> None:
        recorder.note(LOOP, text, frame.f_back)

    return _at_return(recorder, note)


def _unregister(recorder: Recorder, frame: FrameType) -> Local | None:
    registration = frame.f_locals["registration"]
    if not registration.alive:
        return None
    text = f"{_whose(recorder, registration)} leaves the loop: its registration is dead"
    return _at_return(recorder, lambda value: recorder.note(LOOP, text, frame.f_back))


def _wants(recorder: Recorder, frame: FrameType) -> Local:
    registration, event = frame.f_locals["self"], frame.f_locals["event"]

    def note(value: Any) -> None:
        if value is False:
            why = "its interest is gone" if registration.alive else "its registration is dead"
            text = f"fd {registration.fd}: {words.bits(event)} is not delivered, {why}"
            recorder.note(LOOP, text, frame.f_back)

    return _at_return(recorder, note)


def _close_on_error(recorder: Recorder, frame: FrameType) -> None:
    import sys

    error = sys.exc_info()[1]
    text = f"{type(error).__name__}: {error}" if error is not None else "an exception"
    channel = recorder.label(frame.f_locals["channel"])
    recorder.note(LOOP, f"{text} - close_on_error({channel})", frame.f_back)


def _wake(recorder: Recorder, frame: FrameType) -> None:
    recorder.note(LOOP, "wake(): end the wait", frame.f_back)


def _evict(recorder: Recorder, frame: FrameType) -> None:
    old = recorder.label(frame.f_locals["old"].channel)
    recorder.note(LOOP, f"{old} is still registered on this number: it is evicted", frame.f_back)


def _back_off(recorder: Recorder, frame: FrameType) -> None:
    recorder.note(LOOP, "back off: try again when a timer fires", frame.f_back)


def _accept_again(recorder: Recorder, frame: FrameType) -> None:
    recorder.note(LOOP, "the pause is over: accept again", frame.f_back)


def _end_in_order(recorder: Recorder, frame: FrameType) -> None:
    recorder.note(LOOP, "stop: end in order", frame.f_back)


def _has_work(recorder: Recorder, frame: FrameType) -> Local:
    def note(value: Any) -> None:
        if value is False:
            recorder.note(LOOP, "nothing is left to wait for: run() returns", frame.f_back)

    return _at_return(recorder, note)


def _round(recorder: Recorder, frame: FrameType) -> None:
    """A pass of a loop without stages."""
    recorder.passes += 1


def _first_handler(recorder: Recorder, frame: FrameType) -> None:
    """In the first step of the growing loop, loop and handlers are in one file."""
    channel = frame.f_locals["self"]
    sock = recorder.label(channel.sock)
    recorder.note(HANDLERS, f"{sock} {type(channel).__name__}.handle_read()", frame.f_back)


def _map_ask(recorder: Recorder, frame: FrameType) -> None:
    """The watch of compat asks; the due are known once they are taken."""
    registry = frame.f_locals["self"]
    due = sorted({**registry.polled, **dict.fromkeys(registry.served), **registry._dirty},
                 key=lambda entry: entry.fd)  # fmt: skip
    names = ", ".join(f"fd {entry.fd}" for entry in due) or "no object"
    recorder.note(LOOP, f"ask {names if len(due) < 5 else f'all {len(due)} objects'}", frame.f_back)


def _invalidate(recorder: Recorder, frame: FrameType) -> None:
    obj = recorder.label(frame.f_locals["obj"])
    recorder.note(LOOP, f"{obj} may answer differently now: ask it in the next pass", frame.f_back)


def _whose(recorder: Recorder, registration: Any) -> str:
    return recorder.label(registration.channel) or f"fd {registration.fd}"


def _at_return(recorder: Recorder, note: Callable[[Any], None]) -> Local:
    def local(frame: FrameType, event: str, arg: Any) -> Local:
        if event == "return":
            note(arg)
        return local

    return local


_LOOP_FILE = "miniloop/loop.py"
_COMPAT = "miniloop/compat/registry.py"
_FIRST = "examples/inside/growing/step01_wait.py"
MOMENTS: dict[tuple[str, str], Callable[[Recorder, FrameType], Local | None]] = {
    (_FIRST, "Loop.run_once"): _round,
    (_FIRST, "Listener.handle_read"): _first_handler,
    (_FIRST, "Echo.handle_read"): _first_handler,
    (_LOOP_FILE, "EventLoop._pass"): _pass,
    (_LOOP_FILE, "EventLoop._refresh"): _refresh,
    (_LOOP_FILE, "EventLoop._wait"): _wait,
    (_LOOP_FILE, "EventLoop._deliver"): _deliver,
    (_LOOP_FILE, "EventLoop._run_timers"): _run_timers,
    (_LOOP_FILE, "EventLoop._run_callbacks"): _run_callbacks,
    (_LOOP_FILE, "EventLoop._has_work"): _has_work,
    ("miniloop/queued.py", "QueuedDispatcher.flush"): _flush,
    ("miniloop/registry.py", "Registry._ask"): _ask,
    ("miniloop/registry.py", "Registry.add"): _add,
    ("miniloop/registry.py", "Registry.unregister"): _unregister,
    ("miniloop/registry.py", "Registry._evict"): _evict,
    ("miniloop/registry.py", "close_on_error"): _close_on_error,
    ("miniloop/readiness.py", "Registration.wants"): _wants,
    ("miniloop/system/waker.py", "Waker.wake"): _wake,
    ("miniloop/net/accepting.py", "Accepting.back_off"): _back_off,
    ("miniloop/net/accepting.py", "Accepting._accept_again"): _accept_again,
    ("miniloop/compat/asyncore.py", "poll2"): _round,
    (_COMPAT, "MapRegistry.ask"): _map_ask,
    (_COMPAT, "MapRegistry.invalidate"): _invalidate,
    ("miniloop/system/stopping.py", "end_in_order"): _end_in_order,
}
