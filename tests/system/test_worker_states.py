from miniloop.system.worker_states import Limits, State


def test_what_a_worker_may_take_before_it_is_killed() -> None:
    limits = Limits(start=60.0, drain=20.0, grace=3.0, margin=4.0)
    assert {state: limits.of(state) for state in State} == {
        State.STARTING: 60.0,
        State.SERVING: None,
        State.RETIRING: 27.0,
        State.STOPPING: 7.0,
        State.ENDED: None,
    }
