"""Which module imports which, read from the sources, for the tests that have a table of it."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Import(NamedTuple):
    """One import of one module.

    Attributes:
        module: the full name.
        deferred: it stands in a function, so it happens when that is called.
        typing: it stands under `if TYPE_CHECKING`, so it never happens.
    """

    module: str
    deferred: bool = False
    typing: bool = False


@dataclass(frozen=True)
class Package:
    """A package of this project, by its full name (`examples.chatroom`)."""

    name: str

    @property
    def folder(self) -> Path:
        """Return where it lies."""
        return ROOT.joinpath(*self.name.split("."))

    def sources(self) -> dict[str, str]:
        """Return the text of every module of the package."""
        return {
            ".".join(path.relative_to(self.folder).with_suffix("").parts): path.read_text()
            for path in sorted(self.folder.rglob("*.py"))
        }

    def inner_name(self, name: str) -> str | None:
        """Return a module's name below the package (`net.tls`), None for what is none of ours."""
        if name == self.name:
            return "__init__"
        inner = name.removeprefix(f"{self.name}.")
        if inner == name:
            return None
        path = self.folder.joinpath(*inner.split("."))
        if path.is_dir():
            return f"{inner}.__init__"
        return inner if path.with_suffix(".py").is_file() else None

    def imports_of(self, module: str, source: str) -> Iterator[Import]:
        """Yield every import in the source of `module`, those in functions too."""
        tree = ast.parse(source)
        deferred = inside(
            tree, lambda node: isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        typing = inside(
            tree, lambda node: isinstance(node, ast.If) and names_type_checking(node.test)
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for name in self._origins(module, node):
                    yield Import(name, node in deferred, node in typing)

    def _origins(self, module: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """Yield the modules that an import statement imports."""
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        base = node.module or ""
        if node.level:
            # __init__ counts as a module in its package.
            parents = [*self.name.split("."), *module.split(".")[:-1]]
            kept = parents[: len(parents) - node.level + 1]
            base = ".".join([*kept, *([node.module] if node.module else [])])
        names = {f"{base}.{alias.name}" for alias in node.names}
        known = {name for name in names if self.inner_name(name) is not None}
        yield from sorted(known) or [base]


def inside(tree: ast.AST, is_outer: Callable[[ast.AST], bool]) -> set[ast.AST]:
    """Return the nodes that stand in a node for which `is_outer` holds."""
    outer = [node for node in ast.walk(tree) if is_outer(node)]
    return {inner for node in outer for inner in ast.walk(node)}


def names_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other, sorted."""
    reached = {module: reachable(graph, module) for module in graph}
    found = {
        tuple(sorted(other for other in reached[module] if module in reached.get(other, ())))
        for module in graph
        if module in reached[module]
    }
    return [list(group) for group in sorted(found)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return every module that `start` imports, directly or through others."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen
