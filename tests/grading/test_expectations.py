"""Mutated assertions of unittest: honest code fails exactly the named tests, and nothing that may pass is named."""

from __future__ import annotations

import random
import unittest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import syntax
from harness.grading import canaries
from harness.grading.expectations import spots
from harness.tasks import load
from harness.tasks.collect import collected

HEAD = "import unittest\nfrom unittest.mock import patch\n\n\n"
CHANGED = """
class EveryOne(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(double(2), 4)

    def test_turned(self):
        self.assertEqual(6, double(3), "six")

    def test_message(self):
        self.assertEqual(double(4), 8, msg="eight")

    def test_variable(self):
        numbers = [1, 2]
        expected = [2, 4]
        self.assertEqual([double(n) for n in numbers], expected)

    def test_annotated(self):
        expected: dict[str, int] = {"a": 2}
        result = {"a": double(1)}
        self.assertDictEqual(result, expected)

    def test_variable_of_a_plain_assertion(self):
        expected = "abab"
        assert double("ab") == expected

    def test_list(self):
        self.assertListEqual(double([1]), [1, 1])

    def test_tuple(self):
        self.assertTupleEqual(double((1,)), (1, 1))

    def test_sequence(self):
        self.assertSequenceEqual(double((1,)), [1, 1])

    def test_set(self):
        self.assertSetEqual(set(double([1, 2])), {1, 2})

    def test_lines(self):
        self.assertMultiLineEqual(double("a"), "aa")

    def test_count(self):
        self.assertCountEqual(double([1, 2]), [2, 2, 1, 1])

    def test_close(self):
        self.assertAlmostEqual(double(1.5), 3.0)

    def test_rather_close(self):
        self.assertAlmostEqual(double(1.6), 3.2, places=2)

    def test_within_one(self):
        self.assertAlmostEqual(double(2.0), 4, 1)

    def test_is(self):
        self.assertIs(double(1) == 2, True)

    def test_is_none(self):
        self.assertIs(nothing(), None)

    def test_true(self):
        self.assertTrue(double(1) == 2)

    def test_false(self):
        self.assertFalse(double(1) == 3, msg="no")

    def test_none(self):
        self.assertIsNone(nothing())

    def test_not_none(self):
        self.assertIsNotNone(double(1))

    def test_exception(self):
        with self.assertRaises(TypeError) as caught:
            double(None)
        self.assertEqual(caught.exception.args[0], "no None")

    def test_sub(self):
        with self.subTest("two"):
            self.assertEqual(double(2), 4)


    @patch("builtins.print")
    def test_patched(self, printed):
        self.assertEqual(double(1), 2)


@patch("builtins.print")
class Patched(unittest.TestCase):
    def test_whole(self, *_):
        self.assertEqual(double(1), 2)


class Mixed:
    def test_mixed(self):
        self.assertEqual(double(self.n), 2 * self.n)
        self.assertEqual(double(7), 14)


class First(Mixed, unittest.TestCase):
    n = 1


class Second(Mixed, unittest.TestCase):
    n = 2
"""
NAMES = {
    *(f"EveryOne::test_{name}" for name in ("equal", "turned", "message", "variable", "annotated", "list", "tuple")),
    *(
        f"EveryOne::test_{name}"
        for name in ("sequence", "set", "lines", "count", "close", "rather_close", "within_one")
    ),
    *(f"EveryOne::test_{name}" for name in ("is", "is_none", "true", "false", "none", "not_none", "exception", "sub")),
    *("EveryOne::test_patched", "Patched::test_whole"),
    *("EveryOne::test_variable_of_a_plain_assertion", "First::test_mixed", "Second::test_mixed"),
}
CODE = "def double(x):\n    if x is None: raise TypeError('no None')\n    return x * 2\ndef nothing(): pass\n"


def outcomes(source: str) -> dict[str, bool]:
    """Which tests pass, run here by unittest itself: all of it is ours."""
    space: dict[str, Any] = {"__name__": "odd_test"}
    exec(compile(CODE + source, "odd_test.py", "exec"), space)
    found = {}
    for name, cls in space.items():
        if isinstance(cls, type) and issubclass(cls, unittest.TestCase):
            for method in unittest.defaultTestLoader.getTestCaseNames(cls):
                result = unittest.TestResult()
                cls(method).run(result)
                found[f"{name}::{method}"] = result.wasSuccessful() and not result.skipped
    return found


@given(st.integers(), st.floats(0.0, 1.0))
def test_honest_code_fails_exactly_the_named_tests(seed: int, share: float) -> None:
    mutated, names = canaries.mutate(HEAD + CHANGED, random.Random(seed), share)
    assert names
    assert set(names) < NAMES
    assert outcomes(mutated) == {name: name not in names for name in outcomes(HEAD + CHANGED)}
    assert len(mutated.splitlines()) == len(canaries.normal(HEAD + CHANGED).splitlines())


def test_everything_that_can_change_does_some_time() -> None:
    seen: set[str] = set()
    for seed in range(60):
        seen |= set(canaries.mutate(HEAD + CHANGED, random.Random(seed))[1])
    assert seen == NAMES
    assert all(outcomes(HEAD + CHANGED).values())


METHOD = "class A(unittest.TestCase):\n    def test_a(self):\n        "


@pytest.mark.parametrize(
    "source",
    [
        # What is expected is used for something else too.
        METHOD + "x = [1]\n        self.assertEqual(double(x), x)\n",
        METHOD + "x = [1]\n        y = x\n        x.append(2)\n        self.assertEqual(f(), x)\n",
        METHOD + "x = 1\n        x = 2\n        self.assertEqual(f(), x)\n",
        METHOD + "global x\n        x = 2\n        self.assertEqual(f(), x)\n",
        METHOD + "x = f()\n        self.assertEqual(f(), x)\n",
        METHOD + "for x in [1]:\n            self.assertEqual(f(), x)\n",
        # It may not be reached, or not once.
        METHOD + "if f():\n            return\n        self.assertEqual(f(), 1)\n",
        METHOD + "if f():\n            self.assertEqual(f(), 1)\n",
        METHOD + "for n in f():\n            self.assertEqual(f(n), 1)\n",
        METHOD + "with self.assertRaises(AssertionError):\n            self.assertEqual(f(), 1)\n",
        METHOD.replace("    def", "    @wrapped('builtins.open')\n    def") + "self.assertEqual(f(), 1)\n",
        METHOD.replace("class", "@wrapped('builtins.open')\nclass") + "self.assertEqual(f(), 1)\n",
        METHOD.replace("def", "async def") + "self.assertEqual(f(), 1)\n",
        # Another value may do as well.
        METHOD + "self.assertAlmostEqual(f(), 1.5, delta=20)\n",
        METHOD + "self.assertAlmostEqual(f(), 1.5, places=-2)\n",
        METHOD + "self.assertAlmostEqual(f(), 2, places=0)\n",
        METHOD + "self.assertAlmostEqual(f(), 2, 0)\n",
        METHOD + "self.assertAlmostEqual(f(), 1.5, places=digits)\n",
        METHOD + "self.assertAlmostEqual(f(), 1.5, None, '', 20)\n",
        METHOD + "self.assertCountEqual(f(), {'a': 1})\n",
        METHOD + "self.assertEqual(f(), float('nan'))\n",
        METHOD + "self.assertEqual(*f())\n",
        METHOD + "self.assertEqual(1, 1)\n",
        METHOD + "self.assertTrue(True)\n",
        METHOD + "self.assertNotEqual(f(), 1)\n",
        METHOD + "self.assertEqual(first=f(), second=1)\n",
        METHOD + "other.assertEqual(f(), 1)\n",
        # The assertion is the file's own.
        METHOD + "self.assertEqual(f(), 1)\n    def assertEqual(self, a, b): ...\n",
        "class B(unittest.TestCase):\n    def assertTrue(self, x): ...\n"
        + METHOD.replace("unittest.TestCase", "B")
        + "self.assertTrue(f())\n",
        # No test.
        METHOD.replace("(unittest.TestCase)", "") + "self.assertEqual(f(), 1)\n",
        METHOD.replace("test_a", "check") + "self.assertEqual(f(), 1)\n",
    ],
)
def test_what_is_not_certain_to_fail_is_left_alone(source: str) -> None:
    tests = collected(syntax.module(HEAD + source))
    assert [spot for test in tests for spot in spots(test)] == []


@given(st.integers())
def test_what_is_rounded_both_ways_is_honest(seed: int) -> None:
    source = HEAD + METHOD + "self.assertAlmostEqual(double(1.25), 2, places=0)\n"
    mutated, names = canaries.mutate(source, random.Random(seed))
    assert (outcomes(source), names) == ({"A::test_a": True}, ["A::test_a"])
    assert outcomes(mutated) == {"A::test_a": False}


def test_what_another_test_calls_is_left_alone() -> None:
    source = METHOD + "self.assertEqual(double(1), 2)\n    def test_b(self):\n        self.assertEqual(double(2), 4)\n"
    source += "class B(A):\n    def test_a(self):\n        super().test_a()\n"
    for seed in range(20):
        mutated, names = canaries.mutate(HEAD + source, random.Random(seed))
        assert names == ["A::test_b", "B::test_b"]
        assert outcomes(mutated) == {name: name not in names for name in outcomes(HEAD + source)}


LOOP = METHOD + "for n, twice in zip([1, 2], [2, 4]):\n            self.assertEqual(double(n), twice)\n"
PATCHED = (
    "    @patch('builtins.print')\n    def test_b(self, printed):\n"
    "        for n in [1, 2]:\n            self.assertEqual(double(n), n * 2)\n"
)


@given(st.integers())
def test_a_test_without_a_literal_gets_a_sentinel(seed: int) -> None:
    source = HEAD + LOOP + PATCHED
    mutated, names = canaries.mutate(source, random.Random(seed))
    assert names in (["A::test_a"], ["A::test_b"])
    assert outcomes(mutated) == {name: name not in names for name in ("A::test_a", "A::test_b")}
    plain = canaries.normal(source)
    assert all(outcomes(plain).values())
    # What differs are arguments of lines that both have.
    differ = [pair for pair in zip(plain.splitlines(), mutated.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(differ) == 2
    assert all(line.lstrip().startswith("self.assertEqual(") for pair in differ for line in pair)


@pytest.mark.parametrize(
    "source",
    [
        LOOP + "            return\n",
        LOOP + "        yield\n",
        LOOP.replace("    def", "    @wrapped\n    def"),
        LOOP.replace("    def", "    @unittest.skip('x')\n    def"),
        LOOP.replace("class", "@wrapped\nclass"),
        LOOP.replace("def", "async def"),
        LOOP + "    def assertEqual(self, a, b): ...\n",
        METHOD + "self.assertEqual(f(), 1)\nclass B(A):\n    def assertEqual(self, a, b): ...\n",
        LOOP + "class B(A):\n    def assertEqual(self, a, b): ...\n",
        LOOP.replace("(unittest.TestCase)", "").replace("class A", "class TestA"),
    ],
)
def test_a_sentinel_that_might_be_missed_is_not_put(source: str) -> None:
    assert canaries.mutate(HEAD + source, random.Random(1))[1] == []
    assert "assertEqual(2" not in canaries.normal(HEAD + source)


def test_every_case_of_the_shipped_track_is_changed_some_time(root: Path) -> None:
    for task in load(root / "fixtures" / "exercism_style").tasks:
        changed = {
            f"{path}::{name}"
            for path, text in task.tests.items()
            for seed in range(40)
            for name in canaries.mutate(text, random.Random(seed))[1]
        }
        # One that runs several times is left alone.
        assert {case.id for case in task.cases} - changed <= {"meteor_watch_test.py::test_active"}
