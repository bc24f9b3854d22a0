"""Delays, and the log."""

from miniloop.testing import Faults
from miniloop.testing.choices import Choices
from miniloop.testing.timeline import Timeline
from miniloop.testing.wire import Wire


def test_what_is_carried_arrives_after_a_delay() -> None:
    timeline, lines, times = Timeline(50), list[str](), list[float]()
    wire = Wire(Choices(1, Faults(latency=(1, 3))), timeline, lines.append)

    def arrive(number: int) -> None:
        times.append(timeline.now)
        wire.note("this end", f"receives {number}")

    for number in range(20):
        wire.carry(arrive, number)
    assert timeline.in_transit == 20
    timeline.advance(60)
    assert timeline.in_transit == 0
    assert len({*times}) == 20
    assert 51 <= times[0] < times[-1] <= 53
    assert [float(line.split()[0]) for line in lines] == [round(time - 50, 6) for time in times]
    assert {line.split("  ")[-2] for line in lines} == {"this end"}
    assert {line.split("  ")[-1] for line in lines} == {f"receives {n}" for n in range(20)}


def test_without_a_log_nothing_is_written() -> None:
    Wire(Choices(1, Faults()), Timeline(), None).note("this end", "receives FIN")
