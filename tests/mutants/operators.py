"""The kinds of changes: each operator yields what may replace which piece of the text."""

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.mutants.source import Source, Span

Change = tuple[Span, str]
"""A piece of the text and what replaces it."""

COMPARISONS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "is": "is not",
    "is not": "is",
    "in": "not in",
    "not in": "in",
}
OPPOSITES = {"==", "!=", "is", "is not", "in", "not in"}
"""Comparisons that `compare` already turns into their negation."""


def negate(source: Source, test: ast.expr) -> Iterator[Change]:
    """Negate a condition, unless another operator does it: `constant`, `compare`, `drop_not`."""
    if isinstance(test, ast.Constant | ast.UnaryOp):
        return
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        [(_, operator)] = _operators(source, test)
        if operator in OPPOSITES:
            return
    span = source.span(test)
    yield span, f"not ({source.segment(span)})"


def compare(source: Source, node: ast.Compare) -> Iterator[Change]:
    """Change each comparison."""
    for span, operator in _operators(source, node):
        yield span, COMPARISONS[operator]


def _operators(source: Source, node: ast.Compare) -> Iterator[tuple[Span, str]]:
    for left, right in pairwise([node.left, *node.comparators]):
        tokens = source.between(source.span(left).end, source.span(right).start)
        span = Span(tokens[0][0].start, tokens[-1][0].end)
        yield span, " ".join(string for _, string in tokens)


def exchange(source: Source, node: ast.BoolOp) -> Iterator[Change]:
    """Exchange ``and`` and ``or``."""
    for left, right in pairwise(node.values):
        [(span, operator)] = source.between(source.span(left).end, source.span(right).start)
        yield span, {"and": "or", "or": "and"}[operator]


def drop_not(source: Source, node: ast.UnaryOp) -> Iterator[Change]:
    """Drop ``not``."""
    start = source.span(node).start
    yield source.with_space_behind(Span(start, start + len("not"))), ""


def constant(source: Source, node: ast.Constant) -> Iterator[Change]:
    """Change a number or a boolean."""
    for new in _neighbours(node.value):
        yield source.span(node), new


def negative(source: Source, node: ast.UnaryOp, number: int | float) -> Iterator[Change]:
    """Change a negative number, which the tree has as a minus and a number behind it."""
    yield source.span(node), repr(1 - number)


def _neighbours(value: object) -> list[str]:
    if isinstance(value, bool):
        return [repr(not value)]
    if isinstance(value, int):
        return {0: ["1", "(-1)"], 1: ["2", "0"]}.get(value, [repr(value + 1)])
    return [repr(value + 1)] if isinstance(value, float) else []


def drop_statement(source: Source, node: ast.stmt) -> Iterator[Change]:
    """Replace a statement by ``pass``."""
    yield source.span(node), "pass"


def drop_assignment(
    source: Source, node: ast.Assign | ast.AnnAssign, is_bound: Callable[[str], bool]
) -> Iterator[Change]:
    """Drop each target whose absence is no mere NameError; the value is still computed.

    Args:
        source: the module.
        node: the statement, which has a value.
        is_bound: tells whether a local name has a value before the statement.
    """
    assert node.value is not None
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    alone = len(targets) == 1
    if alone and _is_without_effect(node.value) and _keeps_a_value(targets[0], is_bound):
        yield from drop_statement(source, node)
        return
    for target, behind in pairwise([*targets, node.value]):
        if _keeps_a_value(target, is_bound):
            tokens = source.between(source.span(target).end, source.span(behind).start)
            [*_, last] = [span for span, string in tokens if string == "="]
            span = Span(source.span(target).start, last.end)
            yield source.with_space_behind(span), ""


def _keeps_a_value(target: ast.expr, is_bound: Callable[[str], bool]) -> bool:
    """Tell whether what the target names may have a value without the assignment."""
    if isinstance(target, ast.Name):
        return is_bound(target.id)
    if isinstance(target, ast.Tuple | ast.List):
        return all(_keeps_a_value(each, is_bound) for each in target.elts)
    return isinstance(target, ast.Attribute | ast.Subscript)


def _is_without_effect(value: ast.expr) -> bool:
    return isinstance(value, ast.Name | ast.Attribute) or _is_constant(value)


def _is_constant(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.UnaryOp(ast.USub(), ast.Constant()):
            return True
    return False


def none_for_value(source: Source, value: ast.expr | None) -> Iterator[Change]:
    """Replace a returned or stored value by None; constants have an operator of their own."""
    if value is not None and not _is_constant(value):
        yield source.span(value), "None"
