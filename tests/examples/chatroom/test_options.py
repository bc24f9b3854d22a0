from __future__ import annotations

import dataclasses

import pytest

from examples.chatroom.limits import Limits
from examples.chatroom.options import make_parser, parse_options


def test_the_defaults() -> None:
    options = parse_options([])
    assert (options.host, options.port) == ("127.0.0.1", 1234)
    assert options.log_level == "info"
    assert not options.log_messages
    assert options.limits == Limits()


def test_each_limit_is_an_option_that_says_its_unit_and_default() -> None:
    text = " ".join(make_parser().format_help().split())
    for each in dataclasses.fields(Limits):
        assert "--" + each.name.replace("_", "-") in text
        assert (
            f"{each.metadata['why']}, in {each.metadata['unit']} (default: {each.default})" in text
        )


@pytest.mark.parametrize("each", dataclasses.fields(Limits), ids=lambda each: each.name)
def test_each_limit_can_be_set(each: dataclasses.Field[float]) -> None:
    assert isinstance(each.default, int | float)
    value = type(each.default)(each.default + 1)
    options = parse_options(["--" + each.name.replace("_", "-"), str(value)])
    assert dataclasses.asdict(options.limits) == dataclasses.asdict(Limits()) | {each.name: value}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "65536"], "a port is a number from 0 to 65535"),
        (["--port", "x"], "a port is a number from 0 to 65535"),
        (["--max-line", "0"], "max_line must be at least 1 bytes, not 0."),
        (["--idle-ping", "nan"], "idle_ping must be at least"),
        (["--idle-ping", "3600"], "idle_timeout must be longer than idle_ping."),
        (["--log-level", "loud"], "invalid choice"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse_options(arguments)
    assert end.value.code == 2
    assert complaint in capsys.readouterr().err
