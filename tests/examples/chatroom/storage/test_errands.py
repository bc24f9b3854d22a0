from __future__ import annotations

import threading

import pytest

from examples.chatroom.storage.errands import TOO_SLOW, Errand, Errands
from miniloop import EventLoop, ThreadPool

LONG = 20.0  # seconds that a gate stays shut at most, so that a failing test ends


def fail() -> str:
    raise ValueError("on purpose")


def complain(answer: str) -> None:
    fail()


class Gate:
    """Work that blocks until the gate is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        assert self.opened.wait(LONG)
        return "gate"


def errand(answer: str, told: list[str]) -> Errand[str]:
    return Errand(lambda: answer, str, told.append)


def test_work_is_done_on_the_thread_and_told_on_the_loops(loop: EventLoop) -> None:
    where: list[int] = []
    told: list[int] = []
    errands = Errands(loop)
    errands.add(
        Errand(lambda: where.append(threading.get_ident()), lambda why: None,
               lambda _: told.append(threading.get_ident()))
    )  # fmt: skip
    assert len(errands) == 1
    loop.run()
    assert told == [threading.get_ident()]
    assert where != told
    assert len(errands) == 0


def test_the_urgent_go_first_and_the_others_keep_their_order(loop: EventLoop) -> None:
    told: list[str] = []
    errands, gate = Errands(loop), Gate()
    errands.add(Errand(gate, str, told.append))
    assert gate.entered.wait(LONG)
    for name in "ab":
        errands.add(errand(name, told))
    for name in "XY":
        errands.add(errand(name, told), urgent=True)
    gate.opened.set()
    loop.run()
    assert told == ["gate", "X", "Y", "a", "b"]


def test_an_error_is_an_answer(loop: EventLoop, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    errands = Errands(loop)
    errands.add(Errand(fail, lambda why: f"failed because {why}", told.append))
    loop.run()
    assert told == ["failed because there is an error in the server, and its log has more"]
    assert "on purpose" in caplog.text


@pytest.mark.parametrize("pool_closed", [False, True])
def test_finish_does_what_waits_and_what_comes_of_it(loop: EventLoop, pool_closed: bool) -> None:
    told: list[str] = []
    errands, gate = Errands(loop), Gate()

    def tell_and_ask_again(answer: str) -> None:
        told.append(answer)
        if len(told) < 9:
            errands.add(Errand(lambda: f"{answer}+", str, tell_and_ask_again))

    errands.add(Errand(gate, str, told.append))
    errands.add(Errand(lambda: "a", str, tell_and_ask_again))
    errands.add(errand("b", told))
    assert gate.entered.wait(LONG)
    if pool_closed:
        (pool,) = (work for work in loop.background if isinstance(work, ThreadPool))
        pool.close()
    opener = threading.Timer(0.01, gate.opened.set)
    opener.start()
    errands.finish(LONG)
    assert told == ["gate", "a", "b", "a+", "a++", "a+++", "a++++", "a+++++", "a++++++"]
    opener.join()
    loop.run()  # the results that the thread still posts are known
    assert len(told) == 9


def test_an_answer_that_is_not_understood_keeps_no_other_from_the_end(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    errands = Errands(loop)
    errands.add(Errand(lambda: "a", str, complain))
    errands.add(errand("b", told))
    errands.finish(LONG)
    assert told == ["b"]
    assert "was not understood" in caplog.text


def test_a_thread_that_hangs_is_given_up(loop: EventLoop) -> None:
    told: list[str] = []
    errands, gate = Errands(loop), Gate()
    errands.add(Errand(gate, lambda why: f"gate: {why}", told.append))
    assert gate.entered.wait(LONG)
    errands.add(Errand(lambda: "b", lambda why: f"b: {why}", told.append))
    assert not errands.alone(fail, 0.0)
    errands.finish(0.01)
    gate.opened.set()
    assert errands.alone(lambda: None, LONG)
    loop.run()
    assert told == [f"gate: {TOO_SLOW}", f"b: {TOO_SLOW}"]


def test_many_from_the_loop_while_the_end_comes(loop: EventLoop) -> None:
    told: list[str] = []
    errands = Errands(loop)
    for round_ in range(50):
        for number in range(20):
            errands.add(errand(f"{round_}.{number}", told))
        if round_ % 3:
            loop.run_once(0)
    errands.finish(LONG)
    assert told == [f"{round_}.{number}" for round_ in range(50) for number in range(20)]
    assert len(errands) == 0


def test_one_who_never_ends_is_ended(loop: EventLoop) -> None:
    told: list[str] = []
    errands = Errands(loop)

    def ask_again(answer: str) -> None:
        told.append(answer)
        if answer != TOO_SLOW:
            errands.add(Errand(lambda: "a", str, ask_again))

    errands.add(Errand(lambda: "a", str, ask_again))
    errands.finish(0.05)
    assert told[0] == "a"
    assert told[-1] == TOO_SLOW
    errands.add(Errand(lambda: "a", str, ask_again))
    assert told[-2:] == [TOO_SLOW, TOO_SLOW]
