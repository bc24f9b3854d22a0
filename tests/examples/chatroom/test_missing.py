"""Messages where the extra's packages are not installed: on a bare Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from examples.chatroom import missing

ROOT = Path(__file__).parents[3]
BARE = """
import sys
for name in ("websockets", "precis_i18n"):
    sys.modules[name] = None
"""


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert missing.has_web()
    assert list(missing.missing_packages(wants_web=True)) == []


def test_each_is_missed_in_one_sentence_and_the_last_says_how_to_get_them() -> None:
    said = run(
        "from examples.chatroom.missing import *; "
        "print(*missing_packages(wants_web=True), sep='\\n')"
    )
    assert said.splitlines() == [missing.NO_WEB, missing.NO_PRECIS, missing.INSTALL]


def test_who_wants_no_web_page_does_not_miss_it() -> None:
    said = run(
        "from examples.chatroom.missing import *; "
        "print(*missing_packages(wants_web=False), sep='\\n')"
    )
    assert said.splitlines() == [missing.NO_PRECIS, missing.INSTALL]


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BARE + program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
