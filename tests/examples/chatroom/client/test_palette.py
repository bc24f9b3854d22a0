from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from examples.chatroom.client.palette import colour_of, hue_of, mentions_in
from examples.chatroom.doors import web

NAMES = [
    "Ada",
    "ADA",
    "bob",
    "grüße",
    "漢字",
    "שלום",
    "\N{FULLWIDTH LATIN CAPITAL LETTER A}",
    "🎉x",
]
SCRIPT = Path(web.__file__).parent / "static" / "names.js"


@pytest.mark.skipif(shutil.which("node") is None, reason="not installed here: node")
def test_a_name_has_the_same_hue_as_on_the_page(tmp_path: Path) -> None:
    module = tmp_path / "names.mjs"
    module.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    program = (
        f"import {{ hueOf, mentionsIn }} from {json.dumps(module.as_uri())};"
        f"console.log(JSON.stringify([{json.dumps(NAMES)}.map(hueOf),"
        f"{json.dumps(TEXTS)}.map((text) => mentionsIn(text, 'Ann'))]))"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    hues, found = json.loads(done.stdout)
    assert hues == [hue_of(name) for name in NAMES]
    assert found == [[list(each) for each in mentions_in(text, "Ann")] for text in TEXTS]


TEXTS = ["ann", "hi ANN!", "Annie", "ann-ann", "xann", "ann_", "İ ann", "äann", "ann2", "", "no"]


def test_what_speaks_of_somebody() -> None:
    assert [len(mentions_in(text, "Ann")) for text in TEXTS] == [1, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert mentions_in("anything", "") == []


def test_colours_differ_and_all_can_be_read_on_black_and_on_white() -> None:
    colours = {colour_of(f"name {number}") for number in range(200)}
    assert len(colours) > 100
    for colour in colours:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [(each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4)
                  for each in channels]  # fmt: skip
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (light + 0.05) / 0.05 > 4.5  # on black, as WCAG counts it
        assert 1.05 / (light + 0.05) > 2.5
