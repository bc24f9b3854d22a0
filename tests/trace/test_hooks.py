"""The hooks do nothing; several traces share a loop; what things are called."""

from functools import partial

import pytest

from miniloop import EventLoop, Job, ThreadPool, Trace
from miniloop.readiness import HANGUP, READ, URGENT, WRITE, Channel, Registration
from miniloop.timers import Handle
from miniloop.trace import inspection, install
from miniloop.trace.hooks import HOOKS, Counts, Traces, callback_name, handler_name
from tests.doubles import FakeChannel, scripted
from tests.driving import Recording, pair


def test_hooks_do_nothing() -> None:
    trace = Trace()
    registration = Registration(FakeChannel(), 7, polled=False)
    handle = Handle(int, ())
    trace.before_pass(Counts(0, 0, 0, 0, 0))
    trace.stage("wait")
    trace.asked(registration, 0)
    trace.before_wait(None)
    trace.after_wait(3)
    trace.before_delivery(registration, READ)
    trace.before_handler(registration, "handle_read")
    trace.received(registration, 1)
    trace.pushed(registration, 1)
    trace.sent(registration, 1)
    trace.after_handler(registration, "handle_read")
    trace.after_delivery(registration)
    trace.before_callback(handle)
    trace.after_callback(handle)
    trace.scheduled(handle)
    trace.opened(registration)
    trace.closed(registration)
    trace.after_pass()
    trace.loop_closed()
    assert registration.alive


def test_hooks_may_be_overridden_one_by_one() -> None:
    waits: list[int] = []

    class Counts(Trace):
        def after_wait(self, count: int) -> None:
            waits.append(count)

    with EventLoop(debug=True) as loop:
        install(loop, Counts())
        loop.call_soon(int)
        loop.run_once()
        loop.call_soon_threadsafe(int)
        loop.run_once()
    assert waits == [0, 1]


class Tells(Trace):
    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self.said = said

    def stage(self, name: str) -> None:
        self.said.append(f"{self.name} {name}")


def test_several_traces_are_told_in_order() -> None:
    said: list[str] = []
    both = Traces(Tells("a", said), Trace(), Tells("b", said))
    both.stage("wait")
    both.after_pass()
    assert said == ["a wait", "b wait"]


def test_traces_know_what_is_told() -> None:
    inner = Traces(Tells("a", []))
    outer = Traces(inner, Trace())
    assert [name for name in HOOKS if outer.wants(name)] == ["stage"]


def test_traces_in_traces_tell() -> None:
    said: list[str] = []
    Traces(Traces(Tells("a", said), Tells("b", said)), Tells("c", said)).stage("x")
    assert said == ["a x", "b x", "c x"]


# -- names ----------------------------------------------------------------------------------------


class Named(FakeChannel):
    accepting = connecting = False

    def method(self) -> None:
        """Be called."""

    def _guarded_(self, step: object) -> None:
        """Call the step."""


@pytest.mark.parametrize(
    ("event", "state", "name"),
    [
        (READ, "", "handle_read"),
        (WRITE, "", "handle_write"),
        (URGENT, "", "handle_expt"),
        (HANGUP, "", "handle_hangup"),
        (READ, "accepting", "handle_accept"),
        (WRITE, "connecting", "handle_connect"),
        (WRITE, "accepting", "handle_write"),
    ],
)
def test_name_of_a_handler(event: int, state: str, name: str) -> None:
    channel = Named()
    if state:
        setattr(channel, state, True)
    assert handler_name(channel, event) == name
    if not state:
        assert handler_name(Channel(), event) == name


def plain() -> None:
    """Be called."""


def done(job: Job[int]) -> None:
    """Be told of a job."""


POOL = ThreadPool.__new__(ThreadPool)  # only its class is asked for


class Callable:
    def __call__(self) -> None:
        """Be called."""


@pytest.mark.parametrize(
    ("handle", "name"),
    [
        (Handle(plain, ()), "plain"),
        (Handle(partial(plain), ()), "plain"),
        (Handle(Named().method, ()), "Named.method"),
        (Handle(Named()._guarded_, (Named().method,)), "Named.method"),
        (Handle(Handle(plain, ()).run, ()), "plain"),
        (Handle(POOL._finish, (Job(POOL, int, (), done),)), "done"),
        (Handle(POOL._finish, (Job(POOL, int, (), None),)), "ThreadPool._finish"),
        (Handle(Callable(), ()), "Callable"),
        (Handle(Named, ()), "Named"),
    ],
)
def test_name_of_a_callback(handle: Handle, name: str) -> None:
    assert callback_name(handle) == name


def test_an_idle_limit_has_the_name_of_the_handler_that_it_calls() -> None:
    with scripted() as (loop, _, _), pair() as (ours, _theirs):
        Recording(loop, ours).set_idle_timeout(1)
        assert callback_name(inspection.timers(loop, 1)[0]) == "Recording.handle_idle"
