"""Build the site, and look at what was built.

Nothing in it may be fetched from elsewhere, and each player has its recording.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests.book.pages import DOCS
from tests.book.runs import embedding

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


def silent_players(root: Path = BUILT) -> list[str]:
    """Return the players that have no recording or no script in their page."""
    silent = []
    for path in sorted(root.rglob("*.html")):
        html = path.read_text()
        wanted = [f'id="run-{name}"' for name in embedding.names(html)]
        wanted += [f"_static/{script}" for script in embedding.SCRIPTS if wanted]
        silent += [f"{path.relative_to(root)}: {each}" for each in wanted if each not in html]
    return silent


def main() -> int:
    if not build():
        return 1
    silent = silent_players()
    for line in silent:
        print("a player lacks", line)
    elsewhere = loaded_from_elsewhere()
    for line in elsewhere:
        print("loaded from elsewhere:", line)
    if elsewhere or silent:
        return 1
    print(f"the site: {BUILT / 'index.html'}")
    return 0
