"""The long description that PyPI shows."""

from pathlib import Path

import pytest

from hatch_build import LongDescription, with_absolute_links

PAGES, IMAGES = "https://host.example/blob/", "https://host.example/raw/"


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("[a page](docs/a.md)", "[a page](https://host.example/blob/docs/a.md)"),
        ("[two\nlines](docs/a.md#part)", "[two\nlines](https://host.example/blob/docs/a.md#part)"),
        ("![seen](docs/a.png)", "![seen](https://host.example/raw/docs/a.png)"),
        ("[there](https://other.example/a)", "[there](https://other.example/a)"),
        ("[here](#part)", "[here](#part)"),
    ],
)
def test_links(text: str, absolute: str) -> None:
    assert with_absolute_links(text, PAGES, IMAGES) == absolute


def test_the_hook_reads_the_readme(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Größe\n\n[a](b.md)\n", encoding="utf-8")
    hook = LongDescription(str(tmp_path), {"pages": PAGES, "images": IMAGES})
    metadata: dict[str, object] = {}
    hook.update(metadata)
    text = "# Größe\n\n[a](https://host.example/blob/b.md)\n"
    assert metadata == {"readme": {"content-type": "text/markdown", "text": text}}
