"""Mutated copies of hidden tests that must fail: whoever passes them has tampered with the test process.

A second process runs the same files under other random names; in some of its tests what is expected, as in `assert
expression == literal` or `self.assertEqual(expression, literal)`, is something else (`expectations` finds such places).
Those must fail and the others must come out as in the first process, so code that shares the process has to know, test
by test, what the right answer is. Both processes get the files as `normal` writes them, so that a changed literal does
not stand out by its quotes or line breaks.
"""

from __future__ import annotations

import ast
import random
from dataclasses import replace

from harness import syntax
from harness.grading.comparisons import Comparison, comparisons, harmless_names
from harness.grading.expectations import Spot, add_sentinel, may_have_sentinel, spots
from harness.tasks import collect


def normal(source: str) -> str:
    """The test file without comments and in one style throughout; it does the same."""
    tree = syntax.module(source)
    _chances(tree)
    return _written(tree) or source


def mutate(source: str, rng: random.Random, share: float = 0.75) -> tuple[str, list[str]]:
    """(mutated source in normal form, names of the tests in it that must fail); no names when nothing can be mutated.

    About `share` of the tests that can be mutated are, at least one; names are `test_x` or `TestC::test_m`. A test that
    several classes inherit is mutated in all of them.
    """
    tree = syntax.module(source)
    chances = _chances(tree)
    picked = [one for one in chances if rng.random() < share] or chances[:1]
    if len(picked) == len(chances) > 1:
        # All of them mutated could be told by failing everything.
        picked.pop(rng.randrange(len(picked)))
    for _, found in picked:
        # Long values more often: what a cheat copies out of a test is its data, and it may have no way to an exit code.
        rng.choices(found, [spot.size**2 for spot in found])[0].change(rng)
    mutated = _written(tree)
    return (mutated, [name for names, _ in picked for name in names]) if mutated else (source, [])


def _chances(tree: ast.Module) -> list[tuple[list[str], list[Spot | Comparison]]]:
    """(names, where to change it) of every test function that can be mutated; sentinels are put into the tree."""
    inherited: dict[int, list[collect.Collected]] = {}
    called, harmless = _named(tree), harmless_names(tree)
    for test in collect.collected(tree):
        # What another test calls, as `super().test_x()`, would make that one fail too.
        if test.function.name not in called:
            inherited.setdefault(id(test.function), []).append(test)
    return [
        ([test.name for test in tests], found) for tests in inherited.values() if (found := _spots(tests, harmless))
    ]


def _named(tree: ast.Module) -> set[str]:
    """Every name that something in the file is called by."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _spots(tests: list[collect.Collected], harmless: frozenset[str]) -> list[Spot | Comparison]:
    """Those of a function that is a test in several classes: none where one of them makes something else of it."""
    found = [spots(test) for test in tests]
    if found[0] and all(one == found[0] for one in found):
        return [*found[0]]
    seen = [comparisons(test, harmless) for test in tests]
    compared = seen[0] if all(one == seen[0] for one in seen) else []
    certain = [one for one in compared if not one.bound]
    if certain or not all(map(may_have_sentinel, tests)):
        return [*certain]
    sentinel = add_sentinel(tests[0])
    return [replace(one, sentinel=sentinel) for one in compared] or [sentinel]


def _written(tree: ast.Module) -> str:
    """Source of the tree; empty where this Python cannot write it down again."""
    try:
        text = ast.unparse(tree) + "\n"
        return text if ast.dump(syntax.module(text)) == ast.dump(tree) else ""
    except (ValueError, SyntaxError, RecursionError):
        return ""
