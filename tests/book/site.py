"""Build the site, and look at what was built: nothing in it may be fetched from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

from tests.book.pages import DOCS

BUILT = DOCS / "_build" / "html"
_LOADED = re.compile(
    r"""(?:\bsrc(?:set)?=|<link\b[^>]*?\bhref=|url\(|@import\s)\s*["']?((?:https?:)?//[^"'\s)>]+)"""
)


def build() -> bool:
    """Build it, every warning an error; return whether that went well."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-E"]
    return subprocess.run([*command, "-b", "html", DOCS, BUILT], check=False).returncode == 0


def loaded_from_elsewhere(root: Path = BUILT) -> list[str]:
    """Return what a browser would fetch from another host, with the file that refers to it."""
    files = [path for kind in ("html", "css") for path in sorted(root.rglob(f"*.{kind}"))]
    return [
        f"{path.relative_to(root)}: {found}"
        for path in files
        for found in _LOADED.findall(path.read_text())
    ]


def main() -> int:
    if not build():
        return 1
    elsewhere = loaded_from_elsewhere()
    for line in elsewhere:
        print("loaded from elsewhere:", line)
    if not elsewhere:
        print(f"the site: {BUILT / 'index.html'}")
    return 1 if elsewhere else 0
