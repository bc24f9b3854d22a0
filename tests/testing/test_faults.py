"""The probabilities and ranges of faults."""

import pytest

from miniloop.testing import Faults


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"split": 1.5}, "split is a probability"),
        ({"reset": -0.1}, "reset is a probability"),
        ({"latency": (2.0, 1.0)}, "latency is"),
        ({"latency": (-1.0, 1.0)}, "latency is"),
        ({"buffers": (0, 10)}, "buffers is"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Faults(**wrong)  # type: ignore[arg-type]
