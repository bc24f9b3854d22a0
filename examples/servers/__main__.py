"""List the article's servers, and say how to run them: `python3 -m examples.servers`."""

from __future__ import annotations

import ast
from pathlib import Path

from examples.servers.common import HOST, PORT

NAMES = (
    "forking", "threading", "select", "poll", "epoll", "dispatcher", "chat", "compat", "prefork",
    "asyncio", "streams", "twisted",
)  # fmt: skip

HOW = f"""
Run one from the project's top directory, and talk to it from another terminal; Ctrl-C ends it:

  python3 -m examples.servers.epoll       (--help tells its options)
  telnet {HOST} {PORT}                   (or: nc {HOST} {PORT})

Measure all of them, in a minute or in some fifteen:

  python3 -m examples.servers.compare --quick
  python3 -m examples.servers.compare
"""


def main() -> None:
    """Print the list."""
    print("One server, many connections: twelve ways. Each sends every line back.\n")
    for name in NAMES:
        print(f"  {name.ljust(10)}  {summary(name)}")
    print(HOW, end="")


def summary(name: str) -> str:
    """Return the first line of a server's docstring; to import it would need what it needs."""
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


if __name__ == "__main__":
    main()
