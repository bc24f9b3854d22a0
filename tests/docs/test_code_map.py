"""docs/reference/code-map.md names every file of the core, in its order, and every folder."""

import re

from tests.book.pages import DOCS, ROOT
from tests.test_imports import CORE, WINGS

LINKS = re.findall(
    r"(?m)^\| \[[^\]]*\]\(\.\./\.\./([^)]+)\)", (DOCS / "reference" / "code-map.md").read_text()
)


def test_the_core_in_the_order_of_its_imports() -> None:
    core = [link for link in LINKS if re.fullmatch(r"miniloop/\w+\.py", link)]
    assert core == [f"miniloop/{name}.py" for name in CORE]


def test_every_wing_and_every_folder_of_examples() -> None:
    folders = {
        str(folder.relative_to(ROOT)) for folder in (ROOT / "examples").iterdir() if folder.is_dir()
    }
    wanted = {f"miniloop/{wing}" for wing in WINGS} | folders - {"examples/__pycache__"}
    assert wanted <= {link.rpartition("/")[0] for link in LINKS}
