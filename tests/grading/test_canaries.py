"""Mutated tests: exactly the named ones differ, honest code fails exactly those, and nothing gives them away."""

from __future__ import annotations

import ast
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.grading import canaries, expectations
from harness.tasks import literal

SOURCE = '''
"""Tests."""
from shop import double, echo

PRICES = [1, 2]


def helper():
    assert double(1) == 3


def test_int():
    assert double(2) == 4


def test_left():
    assert 6 == double(3)


def test_texts():
    text = "ünïcödé"; assert echo(text) == "ünïcödé"  # on one line, columns count bytes
    assert echo("it's") == "it's"


def test_many_lines():
    assert echo(
        """a
b"""
    ) == """a
b"""
    assert echo([1, {"k": (2, None)}]) == [
        1,
        {"k": (2, None)},
    ]


def test_nested_only():
    for n in range(2):
        assert double(n) == 2 * n
    if PRICES:
        assert double(1) == 2


def test_other_forms():
    assert double(1) < 3
    assert not double(1) == 3
    assert 1 < double(1) == 2
    assert 2 == 2
    assert double(1) == double(1)
    assert f"{double(1)}" != "3"
    assert double(1) == round(2.2)


@wrapped
def test_decorated():
    assert double(2) == 4


async def test_async():
    assert double(2) == 4


class TestGroup:
    def test_method(self):
        assert double(-1) == -2

    @staticmethod
    def test_static():
        assert double(1) == 2

    def check(self):
        assert double(1) == 9


class Helper:
    def test_no(self):
        assert double(1) == 9


def test_twice():
    assert double(1) == 9


def test_twice():
    assert double(5) == 10
'''
CAN_CHANGE = {"test_int", "test_left", "test_texts", "test_many_lines", "TestGroup::test_method", "test_twice"}


def outcomes(source: str, code: str = "def double(n): return 2 * n\ndef echo(x): return x") -> dict[str, bool]:
    """Which tests pass, run here: both are ours."""
    space: dict[str, Any] = {"wrapped": lambda function: function}
    exec(compile(code, "shop.py", "exec"), space)
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.ImportFrom)]
    exec(compile(tree, "test.py", "exec"), space)
    tests = {name: space[name] for name in space if name.startswith("test_") and name != "test_async"}
    group = space["TestGroup"]()
    tests |= {f"TestGroup::{name}": getattr(group, name) for name in dir(group) if name.startswith("test_")}
    found = {}
    for name, test in tests.items():
        try:
            test()
        except AssertionError:
            found[name] = False
        else:
            found[name] = True
    return found


@given(st.integers(), st.floats(0.0, 1.0))
def test_honest_code_fails_exactly_the_named_tests(seed: int, share: float) -> None:
    mutated, names = canaries.mutate(SOURCE, random.Random(seed), share)
    assert names
    assert set(names) < CAN_CHANGE  # never all of them
    assert outcomes(mutated) == {name: name not in names for name in outcomes(SOURCE)}


@given(st.integers())
def test_only_literals_of_the_named_tests_differ(seed: int) -> None:
    mutated, names = canaries.mutate(SOURCE, random.Random(seed))
    plain = canaries.normal(SOURCE)
    # Nothing but values differs: the same lines, the same shape.
    assert len(mutated.splitlines()) == len(plain.splitlines())
    differ = [pair for pair in zip(plain.splitlines(), mutated.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(differ) == len(names)
    for before, after in differ:
        assert before.lstrip().startswith("assert ")
        assert after.lstrip().startswith("assert ")
        assert before.count("==") == after.count("==")


def test_everything_that_can_change_does_some_time() -> None:
    seen: set[str] = set()
    for seed in range(60):
        seen |= set(canaries.mutate(SOURCE, random.Random(seed))[1])
    assert seen == CAN_CHANGE


def test_the_normal_form_does_the_same_in_one_style() -> None:
    plain = canaries.normal(SOURCE)
    assert outcomes(plain) == outcomes(SOURCE)
    assert "#" not in plain
    assert '"""a' not in plain
    assert canaries.normal(plain) == plain


@pytest.mark.parametrize(
    "source",
    ["", "def test_a():\n    pass\n", "def test_a():\n    assert f()\n", "import os\nX = 1\nassert f() == 2\n"],
)
def test_nothing_to_change(source: str) -> None:
    assert canaries.mutate(source, random.Random(1)) == (canaries.normal(source), [])


def test_a_single_test_is_changed_all_the_same() -> None:
    _, names = canaries.mutate("def test_a():\n    assert f() == 2\n", random.Random(1), share=0.0)
    assert names == ["test_a"]


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_scalars, inner, max_size=3)
        | st.sets(_scalars, max_size=3)
        | st.frozensets(_scalars, max_size=3)
    ),
    max_leaves=6,
)


@given(_values, st.integers())
def test_another_value_differs_and_can_be_written(value: Any, seed: int) -> None:
    another = expectations.other(value, random.Random(seed))
    assert another != value
    assert literal.parse(repr(another)) == another


@given(_values, st.integers(), st.booleans())
def test_a_test_of_any_literal_is_changed_into_one_that_fails(value: Any, seed: int, right: bool) -> None:
    sides = ("f()", repr(value)) if right else (repr(value), "f()")
    mutated, names = canaries.mutate(f"def test_a():\n    assert {sides[0]} == {sides[1]}\n", random.Random(seed))
    if isinstance(value, frozenset):
        assert names == []  # `frozenset(...)` is a call, which a test may have redefined
        return
    assert names == ["test_a"]
    space: dict[str, Any] = {"f": lambda: value}
    exec(mutated, space)
    with pytest.raises(AssertionError):
        space["test_a"]()


def test_every_shipped_test_file_has_a_normal_form(root: Path) -> None:
    files = sorted((root / "fixtures" / "real_dev").glob("*/tests/test_*.py"))
    assert files
    for path in files:
        source = path.read_text(encoding="utf-8")
        assert ast.dump(ast.parse(canaries.normal(source))) == ast.dump(ast.parse(source))
        assert "\n\n\n" not in canaries.normal(source)
