"""Where a test of unittest compares the candidate's value with something that is no literal.

    self.assertEqual(double(n), expected)                    self.assertAlmostEqual(rate(3), 0.25, delta=0.1)

What is expected goes into a list: nothing that equalled it before equals that, but for an object that equals
everything, which no other change of such a test would meet. In a loop, a name that the loop binds takes the place of
the numbers of a sentinel at the end of the test: where the loop had nothing to do it is unbound, and the test fails.
"""

from __future__ import annotations

import ast
import builtins
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.grading.expectations import Spot, is_method, leaves, own_name, redefined
from harness.tasks.collect import Collected

_METHODS = ("assertEqual", "assertAlmostEqual")
_KEYWORDS = {"msg", "places", "delta"}


@dataclass(frozen=True)
class Comparison:
    """One comparison to change."""

    call: ast.Call
    index: int
    """Which argument is expected."""
    bound: str = ""
    """A name that is bound once the comparison has been reached; empty where it is certain to be."""
    sentinel: Spot | None = None
    """At the end of the test; there must be one where `bound` is a name."""

    size = 1

    def change(self, rng: random.Random) -> None:
        side = self.call.args[self.index]
        self.call.args[self.index] = rng.choice((ast.List, ast.Tuple))([side], ast.Load())
        if self.sentinel is not None:
            self.sentinel.node.args = [ast.Name(self.bound, ast.Load()), ast.Name(self.bound, ast.Load())]


def comparisons(test: Collected, harmless: frozenset[str]) -> list[Comparison]:
    """Every comparison of a test that is certain to be reached, or reached once a loop's body is.

    `harmless` are the names in its module that are not the candidate's: see `harmless_names`.
    """
    own = own_name(test)
    if own is None or not test.once or not isinstance(test.function, ast.FunctionDef):
        return []
    sources = _Sources(test.function, harmless)
    found = []
    for statement, loop in _reached(test.function.body, own, None):
        bound = "" if loop is None else _bound_here(loop, sources.times)
        if bound is not None and isinstance(statement, ast.Expr) and _compares(statement.value, own, redefined(test)):
            assert isinstance(statement.value, ast.Call)
            found += [Comparison(statement.value, index, bound) for index in sources.expected(statement.value)]
    return found


def harmless_names(tree: ast.Module) -> frozenset[str]:
    """What a module has from Python itself."""
    names = set(dir(builtins))
    for node in tree.body:
        if isinstance(node, ast.Import):
            mine = [(alias.name, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            mine = [(node.module, alias.asname or alias.name) for alias in node.names]
        else:
            continue
        for module, name in mine:
            top = module.partition(".")[0]
            (names.add if top in sys.stdlib_module_names else names.discard)(name.partition(".")[0])
    return frozenset(names)


def _reached(body: list[ast.stmt], own: str, loop: ast.For | None) -> Iterator[tuple[ast.stmt, ast.For | None]]:
    """(statement, innermost loop around it): reached if nothing fails before it and the loop has something to do."""
    for statement in body:
        if leaves(statement):
            return
        if isinstance(statement, ast.For):
            yield from _reached(statement.body, own, statement)
        elif any(isinstance(node, ast.Break | ast.Continue) for node in ast.walk(statement)):
            return
        elif isinstance(statement, ast.With) and all(
            is_method(item.context_expr, own, "subTest") for item in statement.items
        ):
            yield from _reached(statement.body, own, loop)
        else:
            yield statement, loop


def _bound_here(loop: ast.For, times: Counter[str]) -> str | None:
    """A name that nothing but this loop binds."""
    names = (node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name))
    return next((name for name in names if times[name] == 1), None)


def _compares(node: ast.expr, own: str, redefined: set[str]) -> bool:
    return (
        any(is_method(node, own, name) and name not in redefined for name in _METHODS)
        and isinstance(node, ast.Call)
        and len(node.args) >= 2
        and not any(isinstance(arg, ast.Starred) for arg in node.args)
        and {keyword.arg for keyword in node.keywords} <= _KEYWORDS
        # It does equal a list of itself.
        and not any("ANY" in (getattr(below, "id", ""), getattr(below, "attr", "")) for below in ast.walk(node))
    )


class _Sources:
    """Which names of a function may hold something that the candidate made."""

    def __init__(self, function: ast.FunctionDef, harmless: frozenset[str]) -> None:
        bindings = [pair for node in ast.walk(function) for pair in _bindings(node)]
        stored = (node for node in ast.walk(function) if isinstance(node, ast.Name))
        self.times = Counter(node.id for node in stored if not isinstance(node.ctx, ast.Load))
        self._theirs = {arg.arg for arg in function.args.args[:1]}
        self._harmless = (harmless | self.times.keys()) - self._theirs
        before = -1
        while before < len(self._theirs):
            before = len(self._theirs)
            for target, value in bindings:
                if self._made(value):
                    self._theirs |= {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}

    def expected(self, call: ast.Call) -> list[int]:
        """The argument that the candidate had no part in; both where that does not tell them apart."""
        made = [self._made(arg) for arg in call.args[:2]]
        return [0, 1] if made[0] == made[1] else [made.index(False)]

    def _made(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Name):
            return node.id in self._theirs
        if isinstance(node, ast.Call):
            root = node.func
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id not in self._harmless:
                return True
        return any(self._made(below) for below in ast.iter_child_nodes(node))


def _bindings(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """(what is bound, what to) of a statement or expression."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr
