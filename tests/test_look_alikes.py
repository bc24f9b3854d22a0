from __future__ import annotations

from pathlib import Path

import pytest

from tests import look_alikes

CONFUSABLES = """\
# confusables.txt
# Version: 17.0.0
0430 ;\t0061 ;\tMA\t# ( a → a ) CYRILLIC SMALL LETTER A → LATIN SMALL LETTER A\t#

FF41 ;\t0061 ;\tMA\t# another
006D ;\t0072 006E ;\tMA\t# m
"""
PROPERTIES = """\
value;sc;Cyrl;Cyrillic
value;sc;Latn;Latin
value;sc;Zyyy;Common
value;sc;Zzzz;Unknown
block;0000..007F;blk=ASCII;sc=Zyyy
cp;0040;na=COMMERCIAL AT
cp;0041;na=A;sc=Latn
cp;0042;na=B;sc=Latn
cp;005B..005C;gc=Ps
block;0400..0402;blk=Cyrillic;sc=Cyrl
cp;0400
unassigned;0401
block;E000..E00F;blk=Private;sc=Zzzz
"""


def test_the_table_is_made_of_unicodes_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "unicode.txt"
    table.write_text("# Whose it is.\n# --\nlook 0 = 1\n")
    monkeypatch.setattr(look_alikes, "TABLE", table)
    (tmp_path / "confusables.txt").write_text(CONFUSABLES, encoding="utf-8-sig")
    (tmp_path / "ppucd.txt").write_text(PROPERTIES)
    look_alikes.main(str(tmp_path))
    assert table.read_text().splitlines() == [
        "# Whose it is.",
        "# --",
        "version 17.0.0",
        "look 0061 = 0430 FF41",
        "look 0072 006E = 006D",
        "script Common 0-40 43-7F",
        "script Latin 41-42",
        "script Cyrillic 400-400 402-402",
    ]
