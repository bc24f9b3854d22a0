"""What lives on a loop without a descriptor: run() waits for it, and it ends with the loop."""

import pytest
from miniloop.system.activity import Activities

from miniloop import EventLoop
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


class Failing(Fake):
    def handle_stop(self) -> None:
        fail()

    def close(self) -> None:
        fail()


def test_busy_when_one_is() -> None:
    activities, sees = Activities(), Sees()
    assert not activities.busy()
    lazy, diligent = Fake(sees, busy=False), Fake(sees)
    activities.add(lazy)
    assert not activities.busy()
    activities.add(diligent)
    assert activities.busy()
    activities.remove(diligent)
    activities.remove(diligent)
    assert not activities.busy()


def test_found_by_class() -> None:
    activities, sees = Activities(), Sees()
    assert activities.find(Failing) is None
    activities.add(Fake(sees))
    failing = Failing(sees)
    activities.add(failing)
    assert activities.find(Failing) is failing


def test_one_that_fails_to_end_hinders_no_other(caplog: pytest.LogCaptureFixture) -> None:
    activities, sees = Activities(), Sees()
    for activity in (Fake(sees, "1"), Failing(sees), Fake(sees, "2")):
        activities.add(activity)
    activities.handle_stop()
    activities.close()
    assert sees == ["stop 1", "stop 2", "close 1", "close 2"]
    assert caplog.text.count("exception while ending") == 2
    assert not activities.busy()


def test_run_goes_on_while_one_is_busy_and_returns_after(loop: EventLoop) -> None:
    sees = Sees()
    activity = Fake(sees)
    loop.activities.add(activity)
    loop.call_soon(sees.note("a pass"))
    loop.call_later(0.001, setattr, activity, "is_busy", False)
    loop.run()
    assert sees == ["a pass"]


def test_an_orderly_stop_tells_first_and_closes_last(loop: EventLoop) -> None:
    sees = Sees()
    loop.activities.add(Fake(sees))
    loop.on_stop(sees.note("goodbye"))
    loop.stop()
    loop.run()
    assert sees == ["stop ", "goodbye", "close "]


def test_close_closes(loop: EventLoop) -> None:
    sees = Sees()
    loop.activities.add(Fake(sees))
    loop.close()
    assert sees == ["close "]
