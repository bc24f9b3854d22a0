"""Every mutant of a module: a walk over its tree that applies the operators.

Left out, since a test that notices them proves nothing: docstrings, annotations, decorators,
``__repr__``, the texts of errors and of the log, assertions and blocks for the type checker, and
numbers above 1 and fractions in a default or outside any function, which are settings.
"""

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tests.mutants import operators
from tests.mutants.mutant import Mutant
from tests.mutants.operators import Change
from tests.mutants.source import Source, Span

LOGGING = {"debug", "info", "warning", "error", "critical", "exception", "log", "warn", "log_info"}
LOGGERS = {"logger", "log", "logging", "warnings"}
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def mutants_of(source: Source) -> list[Mutant]:
    """Return all mutants of a module in the order of their places."""
    finder = _Finder(source)
    finder.visit(source.tree)
    return sorted(finder.found.values(), key=lambda each: (each.start, each.end, each.new))


class _Finder(ast.NodeVisitor):
    def __init__(self, source: Source) -> None:
        self.found: dict[tuple[int, int, str], Mutant] = {}
        self._source = source
        self._names: list[str] = []
        self._scopes = [range(1, source.text.count(b"\n") + 2)]
        self._functions: list[Function] = []
        self._lines = range(0)
        self._settings = False

    def _add(self, changes: Iterable[Change]) -> None:
        for (start, end), new in changes:
            line = self._source.line_number(start)
            self.found.setdefault(
                (start, end, new),
                Mutant(
                    file=self._source.file,
                    line=line,
                    where=".".join(self._names),
                    start=start,
                    end=end,
                    old=self._source.segment(Span(start, end)),
                    new=new,
                    text=self._source.line(line),
                    lines=self._lines,
                    scopes=tuple(reversed(self._scopes)),
                    on_import=not self._functions or self._settings,
                ),
            )

    # -- which node belongs to which lines --------------------------------------------------------

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            before, self._lines = self._lines, _lines_of(node)
            super().visit(node)
            self._lines = before
        else:
            super().visit(node)

    @contextmanager
    def _inside(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> Iterator[None]:
        self._names.append(node.name)
        self._scopes.append(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        yield
        self._names.pop()
        self._scopes.pop()

    @contextmanager
    def _among_settings(self, among: bool) -> Iterator[None]:
        before, self._settings = self._settings, self._settings or among
        yield
        self._settings = before

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    # -- definitions ------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        functions, self._functions = self._functions, []
        with self._inside(node):
            self._visit_all(node.body)
        self._functions = functions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__" or any(
            _names(each) == "overload" for each in node.decorator_list
        ):
            return
        with self._inside(node):
            with self._among_settings(True):
                self._visit_all([*node.args.defaults, *node.args.kw_defaults])
            self._functions.append(node)
            self._visit_all(node.body)
            self._functions.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._functions.append(node)
        self.visit(node.body)
        self._functions.pop()

    # -- statements -------------------------------------------------------------------------------

    def visit_Expr(self, node: ast.Expr) -> None:
        if _is_logging(node.value):
            return
        if isinstance(node.value, ast.Call | ast.Await):
            self._add(operators.drop_statement(self._source, node))
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._add(operators.drop_statement(self._source, node))
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add(operators.drop_statement(self._source, node))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if [_names(target) for target in node.targets] != ["TYPE_CHECKING"]:
            self._visit_assignment(node, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._visit_assignment(node, [node.target])

    def _visit_assignment(self, node: ast.Assign | ast.AnnAssign, targets: list[ast.expr]) -> None:
        if self._functions:
            function = self._functions[-1]
            self._add(
                operators.drop_assignment(
                    self._source, node, lambda name: _is_bound(name, function, node.lineno)
                )
            )
            if any(isinstance(target, ast.Attribute) for target in targets) and not isinstance(
                node.value, ast.Name
            ):
                self._add(operators.none_for_value(self._source, node.value))
        with self._among_settings(not self._functions):
            self._visit_all([*targets, node.value])

    def visit_Return(self, node: ast.Return) -> None:
        self._add(operators.none_for_value(self._source, node.value))
        if isinstance(node.value, ast.Compare | ast.BoolOp):
            self._add(operators.negate(self._source, node.value))
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if _names(node.test) == "TYPE_CHECKING":
            self._visit_all(node.orelse)
            return
        self._visit_condition(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Skip it: what is inside is the text of an error."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """Skip it: assertions tell the type checker what it cannot see."""

    # -- expressions ------------------------------------------------------------------------------

    def _visit_condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        self._add(operators.negate(self._source, node.test))
        self.generic_visit(node)

    visit_While = _visit_condition
    visit_IfExp = _visit_condition

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._add(operators.negate(self._source, test))
        self.generic_visit(node)

    def visit_match_case(self, node: ast.match_case) -> None:
        if node.guard is not None:
            self._add(operators.negate(self._source, node.guard))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        self._add(operators.compare(self._source, node))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self._add(operators.exchange(self._source, node))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        match node:
            case ast.UnaryOp(ast.USub(), ast.Constant(value=int() | float() as number)):
                self._add(operators.negative(self._source, node, number))
                return
            case ast.UnaryOp(ast.Not()):
                self._add(operators.drop_not(self._source, node))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not self._settings:  # 64 * 1024, 1 << 16
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if not self._settings or (type(node.value) is not float and node.value in (0, 1)):
            self._add(operators.constant(self._source, node))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Skip it: a text for people, and Python 3.11 does not tell where its parts stand."""


def _lines_of(node: ast.stmt) -> range:
    """Return the lines that execute a statement, of a compound one its head."""
    last = node.end_lineno or node.lineno
    match node:
        case ast.If() | ast.While() | ast.For() | ast.With() | ast.FunctionDef() | ast.ClassDef():
            last = max(node.lineno, node.body[0].lineno - 1)
        case ast.Try() | ast.TryStar() | ast.Match():
            last = node.lineno
    return range(node.lineno, last + 1)


def _is_bound(name: str, function: Function, line: int) -> bool:
    """Tell whether a local name has a value before a line of its function."""
    arguments = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    return name in arguments or any(
        isinstance(each, ast.Name)
        and each.id == name
        and isinstance(each.ctx, ast.Store)
        and each.lineno < line
        for each in ast.walk(function)
    )


def _is_logging(node: ast.expr) -> bool:
    """Tell whether a call writes to the log, or warns."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        owner = _names(node.func.value)
        return node.func.attr in LOGGING and (owner in LOGGERS or node.func.attr == "log_info")
    return _names(node.func) in LOGGERS


def _names(node: ast.expr) -> str:
    """Return the name that an expression ends with."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
