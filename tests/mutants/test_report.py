"""What the command prints in the end."""

from tests.mutants import report
from tests.mutants.equivalents import Equivalent
from tests.mutants.finding import mutants_of
from tests.mutants.report import Findings
from tests.mutants.source import Source


def test_the_report() -> None:
    text = b"A = True\nB = False\nC = True\nD = False\n"
    core = mutants_of(Source("miniloop/loop.py", text))
    net = mutants_of(Source("miniloop/net/tls.py", text))
    findings = Findings(core[:2], [net[1], core[2]], {net[3]: "It is not read."}, timed_out=1)
    entry = Equivalent("net/tls.py", "f", "if a:", "a", "not (a)", "Gone.")
    assert report.lines(findings, [entry], ["tests/test_x.py::a"]) == [
        "- `loop.py:3`: 'True' -> 'False'",
        "- `net/tls.py:2`: 'False' -> 'True'",
        "- equivalent, not counted: `net/tls.py:4`: 'False' -> 'True': It is not read.",
        "- this entry matches no mutant any more: `net/tls.py` f: 'a' -> 'not (a)' in 'if a:'",
        "- fails without any change, not used: tests/test_x.py::a",
        "net/         0 of 1 (0.0%)",
        "the core     2 of 3 (66.7%)",
        "noticed: 2 of 4 (50.0%), 1 of them by a time limit; wanted: 95%",
    ]


def test_95_of_100_are_enough() -> None:
    [mutant] = mutants_of(Source("miniloop/loop.py", b"A = True\n"))
    assert Findings([mutant] * 95, [mutant] * 5).enough
    assert not Findings([mutant] * 94, [mutant] * 6).enough
    assert not Findings().enough
