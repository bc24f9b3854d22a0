"""The command line."""

from __future__ import annotations

import pytest

from examples.watch.__main__ import hosts_of, parse_arguments


def test_defaults_stay_on_this_machine() -> None:
    options = parse_arguments([])
    assert (options.host, options.web_port, options.port, options.bots) == ("127.0.0.1", 8090, 0, 6)


@pytest.mark.parametrize(
    "arguments",
    [["--host", "example.org"], ["--host", "0.0.0.0"], ["--host", "::"], ["--port", "-1"],
     ["--web-port", "65536"], ["--bots", "41"],
     ["--bots", "many"], ["--seed", "x"]],
)  # fmt: skip
def test_nonsense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_arguments(arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "port", "own"),
    [("127.0.0.1", 8090, "127.0.0.1:8090"), ("::1", 8090, "[::1]:8090"),
     ("192.0.2.1", 8090, "192.0.2.1:8090"), ("127.0.0.1", 80, "localhost")],
)  # fmt: skip
def test_the_hosts_that_mean_us(host: str, port: int, own: str) -> None:
    hosts = hosts_of(host, port)
    assert own in hosts
    assert f"localhost:{port}" in hosts
    assert "evil.example" not in hosts
    assert ("localhost" in hosts) == (port == 80)
