"""SIGINT and SIGTERM; raised by the process itself, so nothing is waited for."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.system.signals import SignalHandlers
from miniloop.timers import Handle
from tests.doubles import Sees

BOTH = [signal.SIGINT, signal.SIGTERM]
USER: signal.Signals = getattr(signal, "SIGUSR1", signal.SIGABRT)
"""A signal that means nothing to the loop."""
WATCHED = [*BOTH, USER]


@pytest.fixture(autouse=True)
def _handlers_stay() -> Iterator[None]:
    before = [signal.getsignal(number) for number in WATCHED]
    yield
    assert [signal.getsignal(number) for number in WATCHED] == before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.fixture
def wakeup() -> Iterator[tuple[socket.socket, int]]:
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    sender.setblocking(False)
    with receiver, sender:
        yield receiver, sender.fileno()


@pytest.mark.parametrize("number", BOTH)
def test_first_signal_stops_and_wakes(
    number: signal.Signals, wakeup: tuple[socket.socket, int]
) -> None:
    sees, before = Sees(), signal.getsignal(number)
    with SignalHandlers(wakeup[1], Handle.run).stopping(sees.note("stop")):
        signal.raise_signal(number)
        assert sees == ["stop"]
        assert wakeup[0].recv(10) == bytes([number])
        assert signal.getsignal(number) is before


def test_second_interrupt_has_its_usual_effect(wakeup: tuple[socket.socket, int]) -> None:
    sees = Sees()
    with SignalHandlers(wakeup[1], Handle.run).stopping(sees.note("stop")):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert sees == ["stop"]


def test_handlers_of_the_program_are_left_alone(wakeup: tuple[socket.socket, int]) -> None:
    sees = Sees()
    before = signal.signal(signal.SIGTERM, lambda number, frame: sees.append("own"))
    try:
        with SignalHandlers(wakeup[1], Handle.run).stopping(sees.note("stop")):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert sees == ["own"]


def test_other_threads_have_no_handlers() -> None:
    before, inside = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with SignalHandlers(-1, Handle.run).stopping(int):
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert inside == [before]


@pytest.mark.parametrize("number", BOTH)
def test_signal_ends_a_loop_in_order(loop: EventLoop, number: signal.Signals) -> None:
    sees = Sees()
    loop.on_stop(sees.note("goodbye"))
    loop.call_soon(signal.raise_signal, number)
    loop.run(forever=True)
    assert sees == ["goodbye"]


# -- the program's own handlers ------------------------------------------------------------------


@pytest.mark.parametrize("forever", [False, True])
def test_callback_runs_on_the_loop(loop: EventLoop, forever: bool) -> None:
    sees, inside = Sees(), []

    def arrived(*args: object) -> None:
        inside.append((args, threading.get_ident()))
        loop.stop()

    loop.add_signal_handler(USER, arrived, 1, "two")
    loop.on_stop(sees.note("stopped"))
    loop.call_soon(signal.raise_signal, USER)
    loop.run(forever=forever)
    assert inside == [((1, "two"), threading.get_ident())]
    assert sees == ["stopped"]


def test_single_passes_deliver_too(loop: EventLoop) -> None:
    sees = Sees()
    loop.add_signal_handler(USER, sees.note("signal"))
    signal.raise_signal(USER)
    assert sees == []
    loop.run_once()  # without a time limit: the signal alone ends the wait
    assert sees == ["signal"]


def test_signal_just_before_the_wait_ends_it(wakeup: tuple[socket.socket, int]) -> None:
    """The C-level handler writes at once; Python's may come too late to be seen by the wait."""
    handlers = SignalHandlers(wakeup[1], lambda handle: None)
    handlers.add(USER, Handle(int, ()))
    signal.raise_signal(USER)
    assert wakeup[0].recv(10) == bytes([USER])
    handlers.close()


def test_signal_that_comes_while_it_is_added(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sees, real = Sees(), signal.signal

    def and_at_once(number: int, handler: Any) -> Any:
        before = real(number, handler)
        signal.raise_signal(number)
        return before

    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", and_at_once)
        loop.add_signal_handler(USER, sees.note("signal"))
    loop.run_once(0)
    assert sees == ["signal"]


def test_signal_that_comes_while_it_is_removed(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old handler has it, or ours; it is not swallowed between the two."""
    sees, real = Sees(), signal.signal
    real_before = real(USER, lambda number, frame: sees.append("signal"))

    def just_before(number: int, handler: Any) -> Any:
        signal.raise_signal(number)
        loop.run_once(0)
        return real(number, handler)

    loop.add_signal_handler(USER, sees.note("signal"))
    with monkeypatch.context() as patch:
        patch.setattr(signal, "signal", just_before)
        loop.remove_signal_handler(USER)
    real(USER, real_before)
    assert sees == ["signal"]


def test_another_handler_replaces_the_first(loop: EventLoop) -> None:
    sees = Sees()
    loop.add_signal_handler(USER, sees.note("first"))
    signal.raise_signal(USER)
    loop.add_signal_handler(USER, sees.note("second"))
    signal.raise_signal(USER)
    loop.run_once(0)
    assert sees == ["second"]


def test_removing_puts_back_what_was_there(loop: EventLoop) -> None:
    sees = Sees()
    before = signal.signal(USER, lambda number, frame: sees.append("old"))
    loop.add_signal_handler(USER, sees.note("new"))
    signal.raise_signal(USER)
    assert loop.remove_signal_handler(USER)
    assert not loop.remove_signal_handler(USER)
    signal.raise_signal(USER)
    loop.run_once(0)
    signal.signal(USER, before)
    assert sees == ["old"]


def test_handler_that_the_program_set_since_is_left_alone(loop: EventLoop) -> None:
    before = signal.getsignal(USER)
    loop.add_signal_handler(USER, int)
    signal.signal(USER, signal.SIG_IGN)
    assert loop.remove_signal_handler(USER)
    assert signal.signal(USER, before) is signal.SIG_IGN


def test_own_interrupt_handler_instead_of_stopping(loop: EventLoop) -> None:
    sees = Sees()

    def first() -> None:
        sees.append("own")
        loop.remove_signal_handler(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # stops in order now, as if there had been no handler

    loop.add_signal_handler(signal.SIGINT, first)
    loop.on_stop(sees.note("goodbye"))
    loop.call_soon(signal.raise_signal, signal.SIGINT)
    loop.run(forever=True)
    assert sees == ["own", "goodbye"]


def test_handler_added_while_running_survives_the_run(loop: EventLoop) -> None:
    sees = Sees()
    loop.call_soon(loop.add_signal_handler, signal.SIGTERM, sees.note("own"))
    loop.call_soon(loop.stop)
    loop.run()
    signal.raise_signal(signal.SIGTERM)
    loop.run_once()
    assert sees == ["own"]


def test_handlers_do_not_keep_the_loop_running(loop: EventLoop) -> None:
    loop.add_signal_handler(USER, int)
    loop.run()


def test_wakeup_descriptor_of_another_loop_is_left_alone(wakeup: tuple[socket.socket, int]) -> None:
    signal.set_wakeup_fd(wakeup[1])
    with EventLoop() as loop:
        sees = Sees()
        loop.add_signal_handler(USER, sees.note("signal"))
        signal.raise_signal(USER)
        loop.run_once()
        assert sees == ["signal"]
    assert wakeup[0].recv(10) == bytes([USER])
    assert signal.set_wakeup_fd(-1) == wakeup[1]


def test_run_puts_back_the_wakeup_descriptor_of_another_loop(
    wakeup: tuple[socket.socket, int],
) -> None:
    signal.set_wakeup_fd(wakeup[1])
    with EventLoop() as loop:
        loop.call_soon(loop.stop)
        loop.run()
    assert signal.set_wakeup_fd(-1) == wakeup[1]


@pytest.mark.parametrize(
    ("number", "callback", "error", "words"),
    [
        (0, int, ValueError, "no signal 0"),
        (12345, int, ValueError, "no signal 12345"),
        (9, int, RuntimeError, "cannot be caught"),  # SIGKILL
        (signal.SIGTERM, "int", TypeError, "is not callable: give a function"),
    ],
)
def test_nonsense_is_refused(
    loop: EventLoop, number: int, callback: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        loop.add_signal_handler(number, callback)
    assert not loop.remove_signal_handler(number)


def test_closed_loop_takes_none() -> None:
    loop = EventLoop()
    loop.add_signal_handler(USER, int)
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.add_signal_handler(USER, int)
    assert not loop.remove_signal_handler(USER)


def test_other_threads_are_refused(loop: EventLoop) -> None:
    refused: list[str] = []

    def attempt(step: Callable[..., object], *args: object) -> None:
        try:
            step(*args)
        except RuntimeError as error:
            refused.append(str(error))

    loop.add_signal_handler(USER, int)
    for step, *args in [
        (loop.add_signal_handler, USER, int),
        (loop.remove_signal_handler, USER),
        (loop.close,),
    ]:
        thread = threading.Thread(target=attempt, args=(step, *args))
        thread.start()
        thread.join()
    assert len(refused) == 3
    assert all("main thread only" in words for words in refused)
    loop.run_once(0)  # it is not half closed


def test_a_forked_child_wakes_neither_loop_of_the_parent(wakeup: tuple[socket.socket, int]) -> None:
    sees = Sees()
    signal.set_wakeup_fd(wakeup[1])  # another loop's
    handlers = SignalHandlers(wakeup[1], Handle.run)
    handlers.add(USER, Handle(sees.append, ("own",)))
    with handlers.stopping(sees.note("stop")):
        handlers.after_fork()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.set_wakeup_fd(-1) == -1
    assert signal.set_wakeup_fd(-1) == -1
    assert not handlers.remove(USER)
    assert sees == []


def test_callback_runs_where_the_loop_runs(loop: EventLoop) -> None:
    """Python's handlers run on the main thread, which waits in join() here."""
    ran: list[int] = []

    def arrived() -> None:
        ran.append(threading.get_ident())
        loop.stop()

    loop.add_signal_handler(USER, arrived)
    thread = threading.Thread(target=loop.run, kwargs={"forever": True})
    thread.start()
    signal.raise_signal(USER)
    thread.join()
    assert ran == [thread.ident]
