"""The entries that name mutants which no test can notice."""

from pathlib import Path

import pytest

from tests.mutants import equivalents
from tests.mutants.finding import mutants_of
from tests.mutants.source import Source

ROOT = Path(__file__).resolve().parents[2]
ENTRY = """
[[equivalent]]
module = "net/toy.py"
where = "f"
line = "if a < b:"
old = "<"
new = "<="
reason = "Equal ones are handled alike."
"""
TEXT = "def f(a, b):\n    if a < b:\n        g(a, b)\n"


def test_an_entry_names_a_mutant_wherever_its_line_is(tmp_path: Path) -> None:
    (tmp_path / "file.toml").write_text(ENTRY)
    entries = equivalents.read(tmp_path / "file.toml")
    for text in (TEXT, f"import x\n\n{TEXT}"):
        mutants = mutants_of(Source("miniloop/net/toy.py", text.encode()))
        reasons = equivalents.reasons(mutants, entries)
        assert {(each.old, each.new): why for each, why in reasons.items()} == {
            ("<", "<="): "Equal ones are handled alike."
        }
        assert equivalents.stale(mutants, entries) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("net/toy.py", TEXT.replace("a < b", "a < c")),
        ("net/toy.py", TEXT.replace("def f", "def g")),
        ("net/other.py", TEXT),
    ],
)
def test_an_entry_whose_line_has_changed_is_stale(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "file.toml").write_text(ENTRY)
    entries = equivalents.read(tmp_path / "file.toml")
    mutants = mutants_of(Source(f"miniloop/{file}", text.encode()))
    assert equivalents.reasons(mutants, entries) == {}
    assert equivalents.stale(mutants, entries) == entries


@pytest.mark.parametrize("broken", ["reason = ''", "", "reason = 'x'\nlines = 'y'"])
def test_an_entry_without_a_reason_or_with_too_much_is_refused(broken: str, tmp_path: Path) -> None:
    file = tmp_path / "file.toml"
    file.write_text("".join(ENTRY.partition("reason")[:1]) + broken)
    with pytest.raises(ValueError, match="an entry has a text for each of"):
        equivalents.read(file)


def test_the_projects_own_entries_can_be_read() -> None:
    assert len({*equivalents.read(ROOT / equivalents.FILE)}) == len(
        equivalents.read(ROOT / equivalents.FILE)
    )
