"""Reads Python without running it: what a text defines and needs. Bounded in size, so a hostile reply costs little."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from harness import syntax

MAX_PARSE = 128 * 1024
"""Characters of a text that is parsed at all. The parser of Python 3.11 is quadratic in the fields of an f-string."""
MAX_PARSE_TOTAL = 2 * 1024 * 1024
"""Characters parsed for one reply, all texts together."""
_CALL_COST = 256
# What a call costs beside its text, in characters: a reply of a million one-letter lines is bounded as well.

_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}


class Reader:
    """Parses texts of one reply, each once, until the reply's budget is used up."""

    def __init__(self, budget: int = MAX_PARSE_TOTAL) -> None:
        self._left = budget
        self._seen: dict[str, ast.Module | None] = {}

    def parse(self, text: str) -> ast.Module | None:
        """The syntax tree, or None where the text is not Python, too large or too deeply nested to look at."""
        if text in self._seen:
            return self._seen[text]
        cost = len(text) + _CALL_COST
        if len(text) > MAX_PARSE or cost > self._left:
            return None
        self._left -= cost
        self._seen[text] = tree = _parse(text)
        return tree


def _parse(text: str) -> ast.Module | None:
    try:
        return syntax.module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, also those inside `if`, `try`, `with` and loops."""
    stack = list(reversed(body))
    while stack:
        statement = stack.pop()
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                stack.extend(reversed(getattr(statement, field, [])))
            for handler in getattr(statement, "handlers", []):
                stack.extend(reversed(handler.body))


def defined(tree: ast.Module) -> set[str]:
    """Names a module binds at its top level."""
    names: set[str] = set()
    for statement in _top_level(tree.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.AnnAssign) and statement.value is None:
            continue
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.With):
            names.update(
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            )
    return names


def needed(tree: ast.Module) -> set[str]:
    """Names a module uses without binding them anywhere: what must come from elsewhere. Builtins are left out."""
    used: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    return used - bound - _BUILTINS


def is_stub(tree: ast.Module, name: str) -> bool:
    """Whether every function `name` in the module is a signature without a body to speak of."""
    found = [
        node
        for node in _top_level(tree.body)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    return bool(found) and all(_does_nothing(statement) for node in found for statement in node.body)


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def tests_in(tree: ast.Module) -> set[str]:
    """Names of what pytest would collect: `test_*` functions and `Test*` classes."""
    return {
        node.name
        for node in tree.body
        if (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"))
        or (isinstance(node, ast.ClassDef) and node.name.startswith("Test"))
    }


def reads_as_prose(statement: ast.stmt) -> bool:
    """Whether a statement is words that happen to parse: `Sure`, `yes or no`, `Note: this`. Run, it only fails."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    if not isinstance(statement, ast.Expr):
        return False
    kinds = {type(node) for node in ast.walk(statement)}
    return ast.Name in kinds and not kinds & {ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr}


def is_code(tree: ast.Module) -> bool:
    """Whether the module does anything when it runs, beyond words and constants."""
    return any(
        not reads_as_prose(node) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in tree.body
    )


def has_definition(tree: ast.Module) -> bool:
    """Whether the module defines a function or class of any name."""
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree.body)
