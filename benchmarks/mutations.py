"""The small changes that can be made to a file of rules, one at a time.

Those of cosmic-ray (operators, comparisons, numbers, booleans, branches, loops, decorators), and
two of our own for what it does not touch: a row of a table left out, and one that leads elsewhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import accumulate
from typing import Final

_IDENTITY: Final = ("Is", "IsNot")
_SAME: Final = frozenset({("Is", "Eq"), ("IsNot", "NotEq")})


@dataclass(frozen=True, slots=True)
class Mutation:
    """A file with one thing changed."""

    operator: str
    line: int
    source: str

    def told(self, original: str) -> str:
        """What is changed, as a diff without context."""
        rows = unified_diff(original.splitlines(), self.source.splitlines(), lineterm="", n=0)
        changed = [row for row in rows if row[:1] in "+-" and row[:3] not in ("+++", "---")]
        return f"line {self.line}, {self.operator}\n" + "\n".join(changed)


def mutations(source: str) -> Iterator[Mutation]:
    """Every change that compiles and that can make a difference, each once.

    Left out are those that change nothing but annotations, docstrings, and how a call is
    written (`_Bare`): no rule reads them, and mypy does.
    """
    met = {_essence(source)}
    for mutation in (*_by_cosmic_ray(source), *_by_rows(source)):
        essence = _essence(mutation.source)
        if essence is not None and essence not in met:
            met.add(essence)
            yield mutation


def _by_cosmic_ray(source: str) -> Iterator[Mutation]:
    # Only who counts mutants has it installed.
    from cosmic_ray.ast import ast_nodes, get_ast  # noqa: PLC0415
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415
    from cosmic_ray.plugins import get_operator, operator_names  # noqa: PLC0415

    for name in operator_names():
        operator_class = get_operator(name)
        kind = name.rpartition("/")[2]
        if operator_class.arguments() or _says_nothing(kind):
            continue
        operator = operator_class()
        places = [
            start
            for node in ast_nodes(get_ast(source))
            for start, _ in operator.mutation_positions(node)
        ]
        for occurrence, (line, _) in enumerate(places):
            mutated = mutate_code(source, operator, occurrence)
            if mutated is not None:
                yield Mutation(kind, line, mutated)


def _says_nothing(operator: str) -> bool:
    """It puts identity for equality or order, or equality for identity.

    A member of an enum is equal to nothing but itself, and whether two equal texts are one object
    is the interpreter's business: no rule says either.
    """
    kind, *sides = operator.split("_")
    if kind != "ReplaceComparisonOperator":
        return False
    one, other = sides
    return (other in _IDENTITY and one not in _IDENTITY) or (one, other) in _SAME


def _by_rows(source: str) -> Iterator[Mutation]:
    text = _Text(source)
    for table in ast.walk(ast.parse(source)):
        if not isinstance(table, ast.Dict):
            continue
        members = [value for value in table.values if isinstance(value, ast.Attribute)]
        targets = sorted({text.of(value) for value in members})
        for key, value in zip(table.keys, table.values, strict=True):
            line = value.lineno
            yield Mutation("RowLeftOut", line, text.without_row(key, value))
            if key is not None and isinstance(value, ast.Attribute):
                for target in targets:
                    yield Mutation("RowLeadsElsewhere", line, text.with_other(value, target))


class _Text:
    """A source, to be cut where its tree says; that counts in bytes."""

    def __init__(self, source: str) -> None:
        self._bytes = source.encode()
        lengths = [len(line) for line in self._bytes.splitlines(keepends=True)]
        self._starts = list(accumulate(lengths, initial=0))

    def of(self, node: ast.expr) -> str:
        """What a node says."""
        return self._bytes[self._begin(node) : self._end(node)].decode()

    def without_row(self, key: ast.expr | None, value: ast.expr) -> str:
        """The source without one row of a table; no key: one that is unpacked into it."""
        begin = self._bytes.rindex(b"**", 0, self._begin(value)) if key is None else 0
        return self._cut(begin or self._begin(key or value), self._row_end(value), "")

    def with_other(self, node: ast.expr, text: str) -> str:
        """The source with something else in place of a node."""
        return self._cut(self._begin(node), self._end(node), text)

    def _row_end(self, value: ast.expr) -> int:
        rest = self._bytes[self._end(value) :]
        return self._end(value) + len(rest) - len(rest.lstrip(b" ,"))

    def _cut(self, begin: int, end: int, text: str) -> str:
        return (self._bytes[:begin] + text.encode() + self._bytes[end:]).decode()

    def _begin(self, node: ast.expr) -> int:
        return self._starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr) -> int:
        return self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


_SHAPE: Final = ("slots", "kw_only")
"""What memory a dataclass takes and how a call of it is written, not what it says. Nor does it
matter to a rule which arguments must be named."""


class _Bare(ast.NodeTransformer):
    """Takes out what says nothing at run time."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)
        node.annotation = ast.Name("_")
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        takes = node.args
        takes.args = [*takes.posonlyargs, *takes.args, *takes.kwonlyargs]
        takes.posonlyargs, takes.kwonlyargs = [], []
        takes.defaults += [each for each in takes.kw_defaults if each is not None]
        takes.kw_defaults = []
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "dataclass":
            node.keywords = [each for each in node.keywords if each.arg not in _SHAPE]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)


def _essence(source: str) -> str | None:
    """What a file says at run time; None where it does not compile."""
    try:
        compile(source, "mutation", "exec", dont_inherit=True)
        return ast.dump(_Bare().visit(ast.parse(source)))
    except SyntaxError:
        return None
