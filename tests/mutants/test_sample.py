"""Which mutants are tried."""

from pathlib import Path

import pytest

from tests.mutants import sample


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package with a mutant or two in each module."""
    for name in ("loop", "net/tls", "net/names", "compat/crowd", "testing/clock"):
        file = tmp_path / "miniloop" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("A = True\nB = False\n")
    return tmp_path


def files(root: Path, *names: str) -> set[str]:
    return {mutant.module.removesuffix(".py") for mutant in sample.chosen(root, names)}


def test_without_names_all_but_compat_and_testing(root: Path) -> None:
    assert files(root) == {"loop", "net/tls", "net/names"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("miniloop/net/tls.py", {"net/tls"}),
        ("miniloop.net.tls", {"net/tls"}),
        ("net.tls", {"net/tls"}),
        ("miniloop/net/", {"net/tls", "net/names"}),
        ("net", {"net/tls", "net/names"}),
        ("compat", {"compat/crowd"}),
        ("miniloop", {"loop", "net/tls", "net/names", "compat/crowd", "testing/clock"}),
    ],
)
def test_names(root: Path, name: str, expected: set[str]) -> None:
    assert files(root, name) == expected


def test_a_line(root: Path) -> None:
    [mutant] = sample.chosen(root, ["net.tls:2", "miniloop/net/tls.py:2"])
    assert str(mutant) == "`net/tls.py:2`: 'False' -> 'True'"


@pytest.mark.parametrize("name", ["nowhere", "net/tl", "net.tls:two", "examples"])
def test_what_is_not_there_is_refused(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        sample.chosen(root, [name])


def test_the_seed_decides_the_order(root: Path) -> None:
    mutants = sample.chosen(root, ["miniloop"])
    one = sample.shuffled(mutants, 1)
    assert one == sample.shuffled(mutants, 1)
    assert one != sample.shuffled(mutants, 2)
    assert {*one} == {*mutants}
