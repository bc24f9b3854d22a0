"""Which mutants a piece of source has."""

import ast
import random
from pathlib import Path

import pytest

from tests.mutants import sample
from tests.mutants.finding import mutants_of
from tests.mutants.mutant import Mutant
from tests.mutants.source import Source

ROOT = Path(__file__).resolve().parents[2]


def found(text: str) -> list[Mutant]:
    return mutants_of(Source("miniloop/toy.py", text.encode()))


def changes(text: str) -> list[tuple[str, str]]:
    return [(mutant.old, mutant.new) for mutant in found(text)]


def function(body: str) -> str:
    return "def f(self, a, b):\n" + "".join(f"    {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a:\n    b.c = a", {("a", "not (a)"), ("b.c = a", "pass")}),
        ("while a < b: continue", {("a < b", "not (a < b)"), ("<", "<=")}),
        ("if a is not b: return", {("is not", "is")}),
        ("if a == b != self: return", {("a == b != self",) * 2, ("==", "!="), ("!=", "==")}),
        ("if a in b: return", {("in", "not in")}),
        ("if (a) >= (b): return", {("(a) >= (b)",) * 2, (">=", ">")}),
        ("if not a: return", {("not ", "")}),
        ("if not(a): return", {("not", "")}),
        ("[a for a in b if a]", {("a", "not (a)")}),
        ("b = a if b else self", {("b = ", ""), ("b", "not (b)")}),
        ("match a:\n    case _ if b: return", {("b", "not (b)")}),
        (
            "return a and b or self",
            {("a and b or self", "None"), ("a and b or self",) * 2, ("and", "or"), ("or", "and")},
        ),
        ("return (a,\n  b)", {("(a,\n      b)", "None")}),
        ("return 0", {("0", "1"), ("0", "(-1)")}),
        ("return 1", {("1", "2"), ("1", "0")}),
        ("return 0x10, 2.5", {("0x10, 2.5", "None"), ("0x10", "17"), ("2.5", "3.5")}),
        ("self.x = -1", {("self.x = -1", "pass"), ("-1", "0")}),
        ("return -2.5", {("-2.5", "-1.5")}),
        ("return True", {("True", "False")}),
        ("return 'text', None", {("'text', None", "None")}),
        ("a.b(1)", {("a.b(1)", "pass"), ("1", "2"), ("1", "0")}),
        ("g('äöü', a and b)", {("g('äöü', a and b)", "pass"), ("and", "or")}),
        ("super().f()", {("super().f()", "pass")}),
        ("del a[b]", {("del a[b]", "pass")}),
        ("a += b", {("a += b", "pass")}),
        ("self.x: int = a()", {("self.x: int = ", ""), ("a()", "None")}),
        ("self.x = b = (\n  a())", {("self.x = ", ""), ("b = ", ""), ("a()", "None")}),
        ("self.x, b = a()", {("self.x, b = ", "")}),
        ("local = a()", set()),
        ("local = a()\nlocal = b()", {("local = ", "")}),
    ],
)
def test_what_may_be_changed(body: str, expected: set[tuple[str, str]]) -> None:
    negated = {(old, f"not ({old})") if old == new else (old, new) for old, new in expected}
    assert {*changes(function(body))} == negated


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring."""\n',
        "x: Literal[0]\n",
        "def f(a: Literal[0]) -> Literal[0]: ...\n",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    LIMIT = 0\n",
        "@dataclass(slots=True)\nclass C: ...\n",
        "class C:\n    def __repr__(self):\n        return f(0)\n",
        "@overload\ndef f(a=0):\n    return a\n",
        "LIMIT = 1 << 16\nPAUSE = 1.0\n",
        "def f(backlog=1024): ...\n",
        "class C:\n    most = 65536\n",
        function("assert a is not None"),
        function("raise ValueError(a < 0)"),
        function("logger.warning('%d', 0)"),
        function("warnings.warn('text', stacklevel=1)"),
        function("yield"),
        function("name = f'{0}'"),
    ],
)
def test_what_is_left_out(text: str) -> None:
    assert changes(text) == []


def test_settings_keep_their_switches() -> None:
    assert changes("DEBUG = False\ndef f(flags=0): ...\n") == [
        ("False", "True"),
        ("0", "(-1)"),
        ("0", "1"),
    ]


def test_where_a_mutant_is() -> None:
    text = "class C:\n    def f(self):\n        # ä\n        'ä'; self.g(\n            1)\n"
    call, *_, constant = found(text)
    assert str(call) == "`toy.py:4` C.f: 'self.g( 1)' -> 'pass'"
    assert call.text == "'ä'; self.g("
    assert (constant.line, [*constant.lines]) == (5, [4, 5])
    assert constant.scopes == (range(2, 6), range(1, 6), range(1, 7))
    assert not constant.on_import
    assert call.apply(text.encode()).decode() == text.replace("self.g(\n            1)", "pass")


def test_the_head_of_a_block_executes_its_condition() -> None:
    mutants = found(function("if (a and\n        b):\n    a()"))
    assert [(mutant.new, [*mutant.lines]) for mutant in mutants] == [
        ("not (a and\n            b)", [2, 3]),
        ("or", [2, 3]),
        ("pass", [4]),
    ]


def test_what_runs_on_import() -> None:
    text = (
        "class C:\n    flag = True\n    def f(self, a=True, b=lambda: True):\n        return True\n"
    )
    assert [mutant.on_import for mutant in found(text)] == [True, True, True, False]


def test_every_mutant_of_the_package_is_another_program() -> None:
    """A sample, the same in each run; all 5,000 take half a minute."""
    files = sample.modules(ROOT)
    for mutant in random.Random(1).sample(sample.of_files(ROOT, files), 50):
        text = (ROOT / mutant.file).read_bytes()
        changed = ast.parse(mutant.apply(text))
        assert ast.dump(changed) != ast.dump(ast.parse(text)), mutant
