"""Comparisons with what is no literal: honest code fails each one changed, an object that equals everything none."""

from __future__ import annotations

import random
import unittest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import syntax
from harness.grading import canaries
from harness.grading.comparisons import comparisons, harmless_names
from harness.tasks.collect import collected

HEAD = """import unittest
from datetime import date
import string

from unknown import *

LIMITS = [1, 2]


class Comparing(unittest.TestCase):
"""
TESTS = """
    def test_of_python(self):
        self.assertEqual(day(2), date(2024, 1, 2))

    def test_turned(self):
        self.assertEqual(set([2, 3]), together(2, 3), "both")

    def test_joined(self):
        expected = "\\n".join(["a", "b"])
        found = lines()
        self.assertEqual(found, expected)

    def test_of_the_module(self):
        self.assertEqual(limits(), LIMITS)

    def test_delta(self):
        self.assertAlmostEqual(half(1), 0.5, delta=0.1)

    def test_subtest(self):
        with self.subTest("letters"):
            self.assertEqual(letters(), string.ascii_letters)

    def test_loop(self):
        data = [1, 2, 3]
        for number, data in enumerate(data, start=1):
            with self.subTest(f"variation {number}", data=data):
                message = f"not {data}"
                self.assertEqual(same(data), data, msg=message)

    def test_loop_of_loops(self):
        for pair in [(1, 2), (3, 4)]:
            for one in pair:
                result = same(one)
                self.assertEqual(result, one)

    def test_nothing_to_do(self):
        for one in nothing():
            self.assertEqual(same(one), one)

    def test_helper(self):
        self.check(same(1))

    def check(self, value):
        self.assertEqual(value, value)
"""
HONEST = """
import datetime, string
def day(n): return datetime.date(2024, 1, n)
def together(*numbers): return set(numbers)
def lines(): return "a\\nb"
def limits(): return [1, 2]
def half(n): return n / 2
def letters(): return string.ascii_letters
def same(x): return x
def nothing(): return []
"""
EQUAL_TO_ALL = """
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 1
day = together = lines = limits = half = letters = same = lambda *a: Any()
def nothing(): return [Any()]
"""
NAMES = {f"Comparing::{line.split('def ')[1].split('(')[0]}" for line in TESTS.splitlines() if "def test" in line}


def outcomes(source: str, code: str) -> dict[str, bool]:
    """Which tests pass, run here by unittest itself: all of it is ours."""
    space: dict[str, Any] = {"__name__": "odd_test"}
    exec(compile(code + source.replace("from unknown import *", ""), "odd_test.py", "exec"), space)
    found = {}
    for method in unittest.defaultTestLoader.getTestCaseNames(space["Comparing"]):
        result = unittest.TestResult()
        space["Comparing"](method).run(result)
        found[f"Comparing::{method}"] = result.wasSuccessful()
    return found


@given(st.integers())
def test_honest_code_fails_exactly_the_named_tests(seed: int) -> None:
    mutated, names = canaries.mutate(HEAD + TESTS, random.Random(seed))
    assert names
    assert outcomes(mutated, HONEST) == {name: name not in names for name in NAMES}
    assert all(outcomes(canaries.normal(HEAD + TESTS), HONEST).values())
    assert len(mutated.splitlines()) == len(canaries.normal(HEAD + TESTS).splitlines())


@given(st.integers())
def test_what_equals_everything_passes_them(seed: int) -> None:
    mutated, names = canaries.mutate(HEAD + TESTS, random.Random(seed), share=1.0)
    # Nothing but a sentinel can be changed where a helper compares.
    assert {name for name in names if not outcomes(mutated, EQUAL_TO_ALL)[name]} <= {"Comparing::test_helper"}


METHOD = "    def test_a(self):\n        "


def found(source: str) -> list[tuple[int, str]]:
    tree = syntax.module(HEAD + source)
    return [(one.index, one.bound) for test in collected(tree) for one in comparisons(test, harmless_names(tree))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.assertEqual(f(), date(2024, 1, 1))", [(1, "")]),
        ("self.assertEqual(f(), LIMITS)", [(1, "")]),
        ("self.assertEqual(sorted([2, 1]), f())", [(0, "")]),
        ("x = y = f()\n        z = [1]\n        self.assertEqual(z, y)", [(0, "")]),
        ("x, y = f(), [1]\n        self.assertEqual(x, [a for a in LIMITS])", [(1, "")]),
        ("with f() as x:\n            pass\n        self.assertEqual(x, LIMITS)", [(1, "")]),
        # Nothing tells the sides apart.
        ("self.assertEqual(f(), g())", [(0, ""), (1, "")]),
        ("x = [f(a) for a in LIMITS]\n        self.assertEqual(x, g())", [(0, ""), (1, "")]),
        ("self.assertEqual(LIMITS, LIMITS)", [(0, ""), (1, "")]),
        ("self.assertEqual(self.x, f())", [(0, ""), (1, "")]),
        ("for x in g():\n            self.assertEqual(x, LIMITS)", [(1, "x")]),
        # A name that is bound elsewhere too says nothing.
        ("x = 1\n        for x in LIMITS:\n            self.assertEqual(f(), x)", []),
        ("for x in LIMITS:\n            x = 1\n            self.assertEqual(f(), x)", []),
        # It may not be reached.
        ("for x in LIMITS:\n            if f(): continue\n            self.assertEqual(f(), x)", []),
        ("if f():\n            return\n        self.assertEqual(f(), LIMITS)", []),
        ("for x in LIMITS:\n            return\n        self.assertEqual(f(), LIMITS)", []),
        ("while f():\n            self.assertEqual(f(), LIMITS)", []),
        ("with self.assertRaises(AssertionError):\n            self.assertEqual(f(), LIMITS)", []),
        # It may still be equal, or is another assertion.
        ("self.assertEqual(f(), mock.ANY)", []),
        ("self.assertEqual(f(), ANY)", []),
        ("self.assertEqual(*f())", []),
        ("self.assertEqual(first=f(), second=LIMITS)", []),
        ("self.assertEqual(f(), LIMITS, key=1)", []),
        ("self.assertNotEqual(f(), LIMITS)", []),
        ("other.assertEqual(f(), LIMITS)", []),
        ("self.assertEqual(f(), LIMITS)\n\n    def assertEqual(self, a, b): ...", []),
    ],
)
def test_which_side_is_expected(source: str, expected: list[tuple[int, str]]) -> None:
    assert found(METHOD + source + "\n") == expected


def test_a_name_of_python_that_the_candidate_takes_is_not_harmless() -> None:
    tree = syntax.module("import os.path, mine as sorted\nfrom mine import set\nfrom datetime import date as day\n")
    names = harmless_names(tree)
    assert {"os", "day", "len"} <= names
    assert not {"sorted", "set", "mine", "date"} & names
