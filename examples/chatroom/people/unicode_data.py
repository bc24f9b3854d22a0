"""Unicode's tables of scripts and of confusable characters, where they are installed.

Rule of this file: finding and reading.  Python's own `unicodedata` has neither table; the package
`confusable-homoglyphs` carries both.  Its functions answer other questions than ours (is there
anything that looks like this?), so only its data are used.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

PACKAGE = "confusable_homoglyphs"


def load(file: str) -> Any | None:
    """Return what is in the package's JSON file, or None if the package is not installed.

    Raises:
        OSError: The package is there, but not the file: it is damaged, or of another age.
        ValueError: The file is no JSON.
    """
    try:
        folder = files(PACKAGE)
    except ModuleNotFoundError:
        return None
    return json.loads(folder.joinpath(file).read_text(encoding="utf-8"))
