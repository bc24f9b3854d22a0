"""Run one of the page's modules by itself, in the browser."""

from __future__ import annotations

from typing import Any

from tests.integration.browser import Page

MESSAGES = """
const messages = (from, to) => Array.from({length: to - from + 1}, (_, index) => {
  const id = from + index;
  return {kind: 'said', room: 'lobby', sender: 'Bob', text: `t${id}`, at: 1000 + id, id};
});
const ids = (conversation) => conversation.items.map((item) => item.id);
"""


def use(page: Page, names: str, script: str) -> Any:
    """Import `names` ("a, b from file"), and return what `script` returns."""
    what, _, module = names.partition(" from ")
    whole = f"""
    const done = arguments[0];
    import('/static/{module}.js').then(async ({{ {what} }}) => {{ {MESSAGES} {script} }})
      .then(done, (error) => done(`failed: ${{error.stack}}`));"""
    return page.driver.execute_async_script(whole)
