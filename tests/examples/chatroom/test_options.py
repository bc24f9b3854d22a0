from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.limits import Limits
from examples.chatroom.options import make_parser, parse_options

FIELDS: list[tuple[str, dataclasses.Field[Any]]] = [
    *(("limits", each) for each in dataclasses.fields(Limits)),
    *(("web_limits", each) for each in dataclasses.fields(WebLimits)),
]


def test_the_defaults() -> None:
    options = parse_options([])
    assert (options.host, options.port) == ("127.0.0.1", 1234)
    assert (options.web_host, options.web_port) == ("127.0.0.1", 8080)
    assert (options.origins, options.web_names, options.trusted) == ((), (), ())
    assert (options.tls_cert, options.tls_key) == (None, None)
    assert options.keeps_history
    assert options.history is None
    assert (options.keep_days, options.keep_size) == (365, 1024)
    assert options.operators is None
    assert options.log_level == "info"
    assert not options.log_messages
    assert (options.limits, options.web_limits) == (Limits(), WebLimits())


def test_the_web_door_can_be_shut_or_stand_elsewhere() -> None:
    assert parse_options(["--web-port", "none"]).web_port is None
    assert parse_options(["--web-port", "0"]).web_port == 0
    assert parse_options(["--host", "::1"]).web_host == "::1"
    options = parse_options(["--host", "::1", "--web-host", "127.0.0.1"])
    assert (options.host, options.web_host) == ("::1", "127.0.0.1")


def test_origins_may_be_several_and_are_compared_in_one_form() -> None:
    options = parse_options(["--origin", "https://Chat.example.org", "--origin", "http://b:8000"])
    assert options.origins == ("https://chat.example.org:443", "http://b:8000")


def test_names_and_trusted_proxies_may_be_several() -> None:
    options = parse_options(
        [
            "--web-name",
            "Chat.example.org",
            "--web-name",
            "tower",
            "--trust-proxy",
            "127.0.0.1",
            "10.1.2.3/8",
            "--trust-proxy",
            "::1",
        ]
    )
    assert options.web_names == ("chat.example.org", "tower")
    assert [str(each) for each in options.trusted] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--web-name", "http://chat.example.org"], "is no name; one looks like"),
        (["--trust-proxy", "proxy"], "'proxy' is no address and no network"),
    ],
)
def test_what_is_no_name_or_network_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_options(arguments)
    assert sentence in capsys.readouterr().err


def test_no_limit_of_the_two_doors_hides_another() -> None:
    names = [each.name for _, each in FIELDS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("_", "each"), FIELDS, ids=lambda each: getattr(each, "name", ""))
def test_each_limit_is_an_option_that_says_its_unit_and_default(
    _: str, each: dataclasses.Field[Any]
) -> None:
    text = " ".join(make_parser().format_help().split())
    assert "--" + each.name.replace("_", "-") in text
    assert f"{each.metadata['why']}, in {each.metadata['unit']} (default: {each.default})" in text


@pytest.mark.parametrize(("kind", "each"), FIELDS, ids=lambda each: getattr(each, "name", ""))
def test_each_limit_can_be_set(kind: str, each: dataclasses.Field[Any]) -> None:
    assert isinstance(each.default, int | float)
    value = type(each.default)(each.default + 1)
    options = parse_options(["--" + each.name.replace("_", "-"), str(value)])
    before = dataclasses.asdict(getattr(parse_options([]), kind))
    assert dataclasses.asdict(getattr(options, kind)) == before | {each.name: value}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "65536"], "a port is a number from 0 to 65535"),
        (["--port", "x"], "a port is a number from 0 to 65535"),
        (["--port", "none"], "a port is a number from 0 to 65535"),
        (["--web-port", "-1"], "a port is a number from 0 to 65535"),
        (["--origin", "chat.example.org"], "is no origin; one looks like https://"),
        (["--tls-key", "key.pem"], "--tls-key needs --tls-cert"),
        (["--history", "file", "--no-history"], "not allowed with argument"),
        (["--keep-days", "never"], "this is a number of days, or 0"),
        (["--keep-size", "1.5"], "this is a whole number of megabytes, or 0"),
        (["--max-line", "0"], "max_line must be at least 1 bytes, not 0."),
        (["--idle-ping", "nan"], "idle_ping must be at least"),
        (["--idle-ping", "3600"], "idle_timeout must be longer than idle_ping."),
        (["--max-frame", "1"], "max_frame must be at least 256 bytes, not 1."),
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
