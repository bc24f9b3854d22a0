"""Hooks come and go: which are called, in which order, and what is left of them."""

import gc
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

import miniloop.trace
from miniloop import EventLoop, Trace
from miniloop.readiness import READ
from miniloop.trace import install, installed, remove
from miniloop.trace.hooks import HOOKS
from tests.doubles import FakeChannel
from tests.trace.diary import Bytes, Diary, begin, plain


def test_every_hook_is_told_in_order() -> None:
    diary = Diary()
    loop, selector = begin(diary)
    own = next(iter(loop.registry.registrations))
    with loop:
        channel = FakeChannel(fd=7)
        channel.join(loop)
        channel.on["read"] = lambda: loop.flush_soon(channel)
        loop.run_once(0)
        assert diary.told == [
            f"opened {own}", "opened 7",
            "pass 1 2 0 0 0", "stage refresh", f"ask {own} 0 1", "ask 7 0 1", "stage wait",
            "wait 0", "waited 0", "passed",
        ]  # fmt: skip
        diary.told.clear()
        loop.call_later(1, plain)
        selector.script((7, READ))
        loop.run_once()
        loop.call_soon(plain)
        loop.call_soon(plain).cancel()
        loop.run_once()
        loop.run_once()
        channel.close()
    assert diary.told == [
        "pass 1 0 0 1 0", "stage refresh", "stage wait", "wait 1.0", "waited 1", "stage deliver",
        "deliver 7 1", "handle_read 7", "end of handle_read 7", "delivered 7", "passed",
        "soon plain", "soon plain",
        "pass 1 0 1 1 2", "stage refresh", "flush 7", "end of flush 7", "stage wait", "wait 0",
        "waited 0", "stage callbacks", "call plain", "called", "passed",
        "pass 1 0 0 1 0", "stage refresh", "stage wait", "wait 1.0", "waited 0", "stage timers",
        "call plain", "called", "passed",
        "closed 7", f"closed {own}", "end",
    ]  # fmt: skip


def test_a_trace_may_come_and_go() -> None:
    diary = Diary()
    loop, _ = begin(None)
    with loop:
        FakeChannel(fd=7).join(loop)
        loop.run_once(0)
        install(loop, diary)
        assert installed(loop) == [diary]
        assert diary.told[-1] == "opened 7"
        loop.run_once(0)
        remove(loop, diary)
        told = [*diary.told]
        assert told[-1] == "passed"
        loop.run_once(0)
    assert diary.told == told


def test_several_hooks_are_called_in_the_order_of_their_installing() -> None:
    loop, _ = begin(None)
    order: list[str] = []

    class Named(Trace):
        def __init__(self, name: str) -> None:
            self.name = name

        def after_pass(self) -> None:
            order.append(self.name)

    first, second, third = Named("first"), Named("second"), Named("third")
    with loop:
        for hooks in (first, second, third):
            install(loop, hooks)
        assert installed(loop) == [first, second, third]
        loop.run_once(0)
        assert order == ["first", "second", "third"]
        order.clear()
        remove(loop, second)
        remove(loop, second)
        loop.run_once(0)
        assert order == ["first", "third"]


def test_removing_from_a_loop_without_a_trace_is_harmless() -> None:
    loop, _ = begin(None)
    with loop:
        remove(loop, Trace())
        assert installed(loop) == []


def test_a_closed_loop_takes_no_hooks() -> None:
    loop, _ = begin(None)
    loop.close()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        install(loop, Trace())


def test_a_trace_does_not_keep_a_closed_loop_alive() -> None:
    loop, _ = begin(Diary())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None


def test_hooks_installed_on_one_loop_hear_nothing_of_another() -> None:
    loop, _ = begin(diary := Diary())
    other, _ = begin(None)
    with loop, other:
        told = [*diary.told]
        FakeChannel(fd=7).join(other)
        other.run_once(0)
        assert diary.told == told


def test_a_handler_may_end_the_trace() -> None:
    diary = Diary()
    loop, selector = begin(diary)

    def end() -> None:
        remove(loop, diary)

    with loop:
        channel = FakeChannel(fd=7)
        channel.on["read"] = end
        channel.join(loop)
        loop.run_once(0)
        loop.call_soon(plain)
        selector.script((7, READ))
        loop.run_once(0)
    assert diary.told[-1] == "passed"
    assert channel.calls == ["read", "close"]


@pytest.mark.parametrize("hook", ["opened", "closed", "before_pass", "stage"])
def test_a_hook_may_remove_itself(hook: str) -> None:
    loop, _ = begin(None)
    hooks = Trace()
    calls: list[str] = []

    def called(about: object) -> None:
        if getattr(about, "fd", 7) == 7:
            calls.append(hook)
            remove(loop, hooks)

    setattr(hooks, hook, called)
    with loop:
        install(loop, hooks)
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.run_once(0)
        loop.run_once(0)
        channel.close()
    assert calls == [hook]
    assert not replaced(loop)


def test_untraced_loop_has_nothing_in_the_way() -> None:
    """What runs is the very code of loop.py and registry.py, before a trace and after it."""
    loop, _ = begin(None)
    hooks = Trace()
    with loop:
        assert not replaced(loop)
        install(loop, hooks)
        assert replaced(loop)
        remove(loop, hooks)
        assert not replaced(loop)
        install(loop, hooks)
    assert not replaced(loop)


def replaced(loop: EventLoop) -> set[str]:
    """Return the methods of a loop and its registry that something else stands in for."""
    objects: tuple[object, ...] = (loop, loop.registry)
    return {
        name for each in objects for name in vars(each) if callable(getattr(type(each), name, None))
    }


def test_diary_has_every_hook() -> None:
    """So the tests above miss none."""
    own = {*vars(Diary), *vars(Bytes)}
    assert set(HOOKS) <= own


def test_an_untraced_pass_makes_no_call_for_traces() -> None:
    """The calls of one delivered READ: the loop, the selector, the handler, and no tracing."""
    assert not calls_for_traces(None)
    assert calls_for_traces(Trace())


def calls_for_traces(trace: Trace | None) -> list[str]:
    """Return the functions of the package's trace modules that a pass calls."""
    calls: list[str] = []
    loop, selector = begin(trace)
    with loop:
        channel = Silent(fd=7)
        channel.join(loop)
        loop.run_once(0)
        selector.script((7, READ))

        def note(frame: FrameType, event: str, arg: object) -> None:
            if event == "call" and Path(frame.f_code.co_filename).parent == TRACE:
                calls.append(frame.f_code.co_name)

        before: Callable[..., object] | None = sys.getprofile()
        sys.setprofile(note)
        try:
            loop.run_once(0)
        finally:
            sys.setprofile(before)
    return calls


TRACE = Path(miniloop.trace.__file__).parent


class Silent(FakeChannel):
    def handle_read(self) -> None:
        """Do nothing, not even note it."""
