"""What lives on a loop without a descriptor: run() waits for it, and it ends with the loop."""

import pytest

from miniloop import EventLoop
from miniloop.system.background import Background
from tests.doubles import Sees, fail


class Fake:
    def __init__(self, sees: Sees, name: str = "", *, busy: bool = True) -> None:
        self.sees = sees
        self.name = name
        self.is_busy = busy

    def busy(self) -> bool:
        return self.is_busy

    def handle_stop(self) -> None:
        self.sees.append(f"stop {self.name}")

    def close(self) -> None:
        self.sees.append(f"close {self.name}")

    def after_fork(self) -> None:
        self.sees.append(f"fork {self.name}")


class Failing(Fake):
    def handle_stop(self) -> None:
        fail()

    def close(self) -> None:
        fail()


def test_run_returns_when_none_is_busy(loop: EventLoop) -> None:
    lazy: Background = Fake(Sees(), busy=False)
    loop.background[lazy] = None
    loop.run()


def test_run_goes_on_while_one_is_busy_and_returns_after(loop: EventLoop) -> None:
    sees = Sees()
    lazy, diligent = Fake(sees, busy=False), Fake(sees)
    loop.background |= {lazy: None, diligent: None}
    loop.call_soon(sees.note("a pass"))
    loop.call_later(0.001, setattr, diligent, "is_busy", False)
    loop.run()
    assert sees == ["a pass"]


def test_an_orderly_stop_tells_first_and_closes_last(loop: EventLoop) -> None:
    sees = Sees()
    loop.background[Fake(sees)] = None
    loop.on_stop(sees.note("goodbye"))
    loop.stop()
    loop.run()
    assert sees == ["stop ", "goodbye", "close "]
    assert loop.background == {}


def test_close_closes_in_order(loop: EventLoop) -> None:
    sees = Sees()
    for name in ("1", "2"):
        loop.background[Fake(sees, name)] = None
    loop.close()
    assert sees == ["close 1", "close 2"]
    assert loop.background == {}


@pytest.mark.parametrize("how", ["stop", "close"])
def test_one_that_fails_to_end_hinders_no_other(
    loop: EventLoop, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    sees = Sees()
    for work in (Fake(sees, "1"), Failing(sees), Fake(sees, "2")):
        loop.background[work] = None
    if how == "stop":
        loop.stop()
        loop.run()
        assert sees == ["stop 1", "stop 2", "close 1", "close 2"]
    else:
        loop.close()
        assert sees == ["close 1", "close 2"]
    assert "Failing.close" in caplog.text
    assert "ValueError: on purpose" in caplog.text
    assert loop.background == {}


def test_work_may_leave_the_loop_while_it_ends(loop: EventLoop) -> None:
    class Leaving(Fake):
        def close(self) -> None:
            super().close()
            self.loop.background.clear()

        loop: EventLoop

    sees = Sees()
    for name in ("1", "2"):
        work = Leaving(sees, name)
        work.loop = loop
        loop.background[work] = None
    loop.close()
    assert sees == ["close 1", "close 2"]
