"""Where a test says, as a literal, what it expects: changed there, it must fail for any answer that passed it before.

assert expression == literal            self.assertEqual(expression, literal)      and its kin, either way around
expected = literal; ...; self.assertEqual(expression, expected)                    a name used for nothing else
self.assertTrue(expression)             self.assertIsNone(expression)              become their opposites
"""

from __future__ import annotations

import ast
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness import syntax
from harness.tasks import literal
from harness.tasks.collect import Collected, Function

ANY = (int, float, str, bytes, list, tuple, dict, set, type(None))
EQUALITIES: dict[str, tuple[type, ...]] = {
    "assertEqual": ANY,
    "assertAlmostEqual": (int, float),
    "assertMultiLineEqual": (str,),
    "assertSequenceEqual": (list, tuple),
    "assertListEqual": (list,),
    "assertTupleEqual": (tuple,),
    "assertDictEqual": (dict,),
    "assertSetEqual": (set,),
    "assertCountEqual": (list, tuple, set),
    "assertIs": (bool, type(None)),
}
"""Assertions of unittest that compare their first two arguments -> types of which another value is certain to fail."""
OPPOSITES = {
    "assertTrue": "assertFalse",
    "assertFalse": "assertTrue",
    "assertIsNone": "assertIsNotNone",
    "assertIsNotNone": "assertIsNone",
}


@dataclass(frozen=True)
class Spot:
    """One place to change: a field of a node that holds a literal, or the name of an assertion."""

    node: Any
    field: str
    index: int | None = None
    """In the list that the field is."""

    @property
    def _value(self) -> Any:
        found = getattr(self.node, self.field)
        return found if self.index is None else found[self.index]

    @property
    def size(self) -> int:
        """How much of the test it is."""
        return len(self._value) if isinstance(self._value, str) else len(ast.dump(self._value))

    def change(self, rng: random.Random) -> None:
        """Make it another value of the same type, or the opposite assertion."""
        if isinstance(self._value, str):
            setattr(self.node, self.field, OPPOSITES[self._value])
            return
        changed = syntax.expression(repr(other(literal.evaluate(self._value), rng)))
        if self.index is None:
            setattr(self.node, self.field, changed)
        else:
            getattr(self.node, self.field)[self.index] = changed


def spots(test: Collected) -> list[Spot]:
    """Every spot of a test that is certain to be reached, and to be reached once."""
    if not test.once or not isinstance(test.function, ast.FunctionDef):
        return []
    own, replaced = own_name(test), redefined(test)
    names = _once_used(test.function)
    assigned: dict[str, Spot] = {}
    found: list[Spot] = []
    for statement in _certain(test.function.body, own):
        if spot := _assignment(statement, names):
            assigned[spot[0]] = spot[1]
        elif isinstance(statement, ast.Assert):
            found += _of_assert(statement.test, assigned)
        elif own and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            found += _of_call(statement.value, own, replaced, assigned)
    return found


def may_have_sentinel(test: Collected) -> bool:
    """Whether an assertion at the end of the test is certain to be reached when it passes, and to make it fail."""
    function = test.function
    return (
        isinstance(function, ast.FunctionDef)
        and test.once
        and not test.optional
        and own_name(test) is not None
        and "assertEqual" not in redefined(test)
        and not any(leaves(statement) for statement in function.body)
    )


def add_sentinel(test: Collected) -> Spot:
    """Put an assertion that holds at the end of a test; where to change it."""
    function = test.function
    number = 10 + function.lineno % 90
    method = ast.Attribute(ast.Name(function.args.args[0].arg, ast.Load()), "assertEqual", ast.Load())
    call = ast.Call(method, [ast.Constant(number), ast.Constant(number)], [])
    function.body.append(ast.Expr(call))
    return Spot(call, "args", 1)


def own_name(test: Collected) -> str | None:
    """What the test calls its `unittest.TestCase`; None where it is none."""
    first = test.function.args.args[:1]
    return first[0].arg if test.unittest and first else None


def redefined(test: Collected) -> set[str]:
    """The methods that the file's own classes have."""
    return {item.name for cls in test.classes for item in cls.body if isinstance(item, Function)}


def leaves(node: ast.AST) -> bool:
    """Whether a statement may end the function it stands in without a failure."""
    if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
        return True
    if isinstance(node, Function | ast.Lambda | ast.ClassDef):
        return False
    return any(leaves(below) for below in ast.iter_child_nodes(node))


def _certain(body: list[ast.stmt], own: str | None) -> Iterator[ast.stmt]:
    """The statements that are reached if nothing fails before them, those of a `with self.subTest()` included."""
    for statement in body:
        if leaves(statement):
            return
        if isinstance(statement, ast.With) and all(
            is_method(item.context_expr, own, "subTest") for item in statement.items
        ):
            yield from _certain(statement.body, own)
        else:
            yield statement


def _once_used(function: ast.FunctionDef) -> set[str]:
    """Local names that are bound once and read once."""
    bound: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound)[node.id] += 1
        elif isinstance(node, ast.Global | ast.Nonlocal):
            return set()
    return {name for name, times in bound.items() if times == 1 and used[name] == 1}


def _assignment(statement: ast.stmt, names: set[str]) -> tuple[str, Spot] | None:
    """(name, spot) of `name = literal`."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None
    if isinstance(target, ast.Name) and target.id in names and statement.value is not None:
        return (target.id, Spot(statement, "value")) if _is_literal(statement.value) else None
    return None


def _of_assert(compare: ast.expr, assigned: dict[str, Spot]) -> Iterator[Spot]:
    if isinstance(compare, ast.Compare) and len(compare.ops) == 1 and isinstance(compare.ops[0], ast.Eq):
        yield from _one_sided(Spot(compare, "left"), Spot(compare, "comparators", 0), ANY, assigned)


def _of_call(call: ast.Call, own: str, replaced: set[str], assigned: dict[str, Spot]) -> Iterator[Spot]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if not is_method(call, own, name) or name in replaced or any(isinstance(arg, ast.Starred) for arg in call.args):
        return
    keys = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in OPPOSITES and call.args and keys.keys() <= {"msg"} and not _is_literal(call.args[0]):
        yield Spot(call.func, "attr")
    elif name in EQUALITIES and len(call.args) >= 2 and _compares_closely(name, call.args, keys):
        yield from _one_sided(Spot(call, "args", 0), Spot(call, "args", 1), EQUALITIES[name], assigned)


def _compares_closely(name: str, args: list[ast.expr], keys: dict[str | None, ast.expr]) -> bool:
    """Whether nothing widens the comparison."""
    if name != "assertAlmostEqual":
        return keys.keys() <= {"msg"} and len(args) <= 3
    places = keys.get("places", args[2] if len(args) > 2 else ast.Constant(7))
    # Rounded to no places, 2.5 is both 2 and 3.
    exact = isinstance(places, ast.Constant) and isinstance(places.value, int) and places.value > 0
    return exact and keys.keys() <= {"msg", "places"} and len(args) <= 4


def _one_sided(left: Spot, right: Spot, types: tuple[type, ...], assigned: dict[str, Spot]) -> Iterator[Spot]:
    """The side that is a literal, or a name for one, where the other side is none."""
    sides = []
    for side in (left, right):
        node = side._value
        known = assigned.get(node.id) if isinstance(node, ast.Name) else None
        sides.append(known or (side if _is_literal(node) else None))
    if (sides[0] is None) != (sides[1] is None):
        spot = sides[0] or sides[1]
        if spot and isinstance(literal.evaluate(spot._value), types):
            yield spot


def is_method(node: ast.expr, own: str | None, name: str) -> bool:
    """Whether this is `self.name(...)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == own
    )


def _is_literal(node: ast.expr) -> bool:
    try:
        value = literal.evaluate(node)
    except (ValueError, TypeError):
        return False
    # A value that differs from itself (nan) cannot be expected by an honest test.
    return isinstance(value, ANY) and bool(value == value)


def other(value: Any, rng: random.Random) -> Any:
    """A value of the same type that is certain to differ, and looks as if it belonged there."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float | complex):
        return value + rng.randint(1, 9) if abs(value) < 1e15 else 0
    if value == "" or value == b"":
        return "x" if value == "" else b"x"
    if isinstance(value, str | bytes):
        at, again = rng.randrange(len(value) + 1), rng.randrange(len(value))
        more: Any = value[again : again + 1]
        return value[:at] + more + value[at:]
    if value is None or isinstance(value, bytearray):
        return 0
    if isinstance(value, dict):
        if value and rng.random() < 0.7:
            key = rng.choice(list(value))
            return {**value, key: other(value[key], rng)}
        return {**value, f"k{rng.randrange(10**6)}": None}
    if isinstance(value, set | frozenset):
        return value | {f"k{rng.randrange(10**6)}"} if rng.random() < 0.5 or not value else type(value)(list(value)[1:])
    items = list(value)
    if items and rng.random() < 0.5:
        spot = rng.randrange(len(items))
        items[spot] = other(items[spot], rng)
    else:
        items.append(items[-1] if items else None)
    return type(value)(items)
