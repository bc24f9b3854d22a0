from __future__ import annotations

import pytest

from examples.chatroom.doors.sparing_log import BURST, RATE, SparingLog


def test_a_flood_is_a_few_lines_and_a_number(caplog: pytest.LogCaptureFixture) -> None:
    log = SparingLog()
    for number in range(1000):
        log.warn(100.0, "it happened: %s", number)
    assert [each.message for each in caplog.records] == [
        f"it happened: {number}" for number in range(BURST)
    ]
    caplog.clear()
    log.warn(100.0 + 1 / RATE, "it happened: %s", "again")
    assert caplog.messages == [f"it happened: again ({1000 - BURST} more like this were left out.)"]
