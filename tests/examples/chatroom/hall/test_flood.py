from __future__ import annotations

from examples.chatroom.hall.flood import FloodGuard, Verdict
from examples.chatroom.hall.limits import Limits


def guard(**limits: float) -> FloodGuard:
    return FloodGuard(Limits(**limits), now=0.0)  # type: ignore[arg-type]  # ints where ints belong


def test_flood_is_warned_of_once_then_dropped_then_expelled() -> None:
    judge = guard(flood_rate=1.0, flood_burst=2, flood_strikes=3).judge
    verdicts = [judge(0.0) for _ in range(6)]
    assert verdicts == [
        Verdict.PASS,
        Verdict.PASS,
        Verdict.WARN,
        Verdict.DROP,
        Verdict.DROP,
        Verdict.EXPEL,
    ]


def test_a_silence_clears_the_record() -> None:
    judge = guard(flood_rate=1.0, flood_burst=2, flood_strikes=1).judge
    for start in (0.0, 10.0, 20.0):
        assert [judge(start) for _ in range(3)] == [Verdict.PASS, Verdict.PASS, Verdict.WARN]


def test_somebody_just_above_the_rate_is_warned_once_only() -> None:
    judge = guard(flood_rate=1.0, flood_burst=5, flood_strikes=1000).judge
    verdicts = [judge(step * 0.9) for step in range(500)]
    assert verdicts.count(Verdict.WARN) == 1
    assert verdicts.count(Verdict.DROP) > 10
