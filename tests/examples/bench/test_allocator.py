import pytest

from examples.bench.allocator import BOTH, THRESHOLD, VARIABLES, Allocator, environment
from examples.bench.lineup import lineup
from examples.bench.plan import WORKLOADS, Contestant, peer

OURS, BY_HAND, ASYNCIO = peer("miniloop"), peer("handwritten", 0.9), peer("asyncio", 1.1)


@pytest.mark.parametrize("before", [None, "12345"])
def test_the_settings_are_those_asked_for_whatever_the_user_has(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    for name in VARIABLES:
        if before is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, before)
    monkeypatch.setenv("OTHER", "stays")
    raised, system = environment(Allocator.RAISED), environment(Allocator.SYSTEM)
    assert {raised[name] for name in VARIABLES} == {str(THRESHOLD)}
    assert not set(VARIABLES) & system.keys()
    assert raised["OTHER"] == system["OTHER"] == "stays"


def names(contestants: list[Contestant]) -> list[tuple[str, str]]:
    return [(each.server, each.allocator.value) for each in contestants]


def test_where_it_matters_both_are_measured_and_ours_beside_it() -> None:
    run = lineup([OURS, BY_HAND, ASYNCIO], Allocator.RAISED)
    assert names(run) == [
        ("miniloop", "raised"),
        ("handwritten", "raised"),
        ("asyncio", "raised"),
        ("miniloop", "system"),
        ("asyncio", "system"),
    ]
    assert len({each.label for each in run}) == len(run)
    assert [each.goal for each in run] == [None, 0.9, 1.1, None, None]


def test_where_it_does_not_matter_one_is_enough() -> None:
    assert names(lineup([OURS, BY_HAND], Allocator.RAISED)) == [
        ("miniloop", "raised"),
        ("handwritten", "raised"),
    ]


def test_all_can_be_measured_under_the_system_s_settings_or_both() -> None:
    run = [OURS, BY_HAND, ASYNCIO]
    system = [(each.server, "system") for each in run]
    assert names(lineup(run, Allocator.SYSTEM)) == system
    assert names(lineup(run, BOTH)) == [(each.server, "raised") for each in run] + system


def test_every_workload_starts_with_ours() -> None:
    for workload in WORKLOADS:
        assert workload.contestants[0].server in ("miniloop", "compat")
        assert workload.contestants[0].goal is None
