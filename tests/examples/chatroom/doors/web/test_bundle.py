from __future__ import annotations

import shutil
import subprocess

import pytest

from examples.chatroom.doors.web.bundle import BadPage, bundle
from examples.chatroom.doors.web.pages import STATIC

MODULES = {
    "main.js": (
        "// The program.\n"
        'import { Name,\n  count } from "./one.js";\n'
        'import * as two from "./two.js";\n'
        "const own = `a line\n  export of its own`;\n"
        "console.log([new Name().value, count(), two.three, own.length]);\n"
    ),
    "one.js": (
        'import { three } from "./two.js";\n'
        "export class Name { value = three; }\n"
        "export async function later() {}\n"
        "export function count() { return ++own; }\n"
        "let own = 10;\n"
    ),
    "two.js": "export const three = 3;\nconst own = 0;\n",
    "other.js": "throw new Error('nobody imports this');\n",
}


def test_it_runs_as_the_modules_do() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    made = bundle("main.js", MODULES)
    ran = subprocess.run(
        [node, "--input-type=module", "-"], input=made, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[ 3, 11, 3, 26 ]\n"


def test_each_module_comes_once_and_after_those_it_needs() -> None:
    made = bundle("main.js", MODULES)
    at = [made.index(f"const ${name}_js = ") for name in ("two", "one", "main")]
    assert at == sorted(at)
    assert made.count("const three = 3;") == 1
    assert "nobody imports this" not in made
    assert "return { Name, later, count };" in made


def test_the_pages_own_modules_are_one() -> None:
    sources = {path.name: path.read_text() for path in STATIC.glob("*.js")}
    made = bundle("main.js", sources)
    plain = {"theme.js", "loading.js"}  # they are in the page itself
    missing = [each for each in sources if f"${each.replace('.', '_')} = " not in made]
    assert set(missing) == plain


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('import x from "./two.js";', "main.js: this line cannot be put into one file: import x"),
        ('import { x } from "https://evil.example/x.js";', "cannot be put into one file"),
        ("export default 1;", "cannot be put into one file: export default 1;"),
        ("export let x = 1;", "cannot be put into one file: export let"),
        ("export { x };", "cannot be put into one file"),
        ('export * from "./two.js";', "cannot be put into one file"),
        ('  import { x } from "./two.js";', "cannot be put into one file: import"),
        ("{\n  export const x = 1;\n}", "cannot be put into one file: export const"),
        ("const x = await fetch('x');", "cannot be put into one file: const x = await"),
        ("for await (const x of y) console.log(x);", "cannot be put into one file: for await"),
        ('import { own } from "./two.js";', "main.js: two.js does not export own."),
        ('import { three as x } from "./two.js";', "two.js does not export three as x."),
        ('import { x } from "./none.js";', "main.js imports none.js, which is not there."),
        ('import { x } from "./back.js";', "Modules import each other: main.js -> back.js -> main"),
    ],
)
def test_what_it_cannot_do_is_said(source: str, complaint: str) -> None:
    modules = {**MODULES, "main.js": source, "back.js": 'import { y } from "./main.js";'}
    with pytest.raises(BadPage, match=complaint.replace("*", r"\*")):
        bundle("main.js", modules)


def test_a_page_without_its_module_is_said() -> None:
    with pytest.raises(BadPage, match=r"The page imports gone\.js, which is not there\."):
        bundle("gone.js", MODULES)
