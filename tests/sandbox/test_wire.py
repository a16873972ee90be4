"""The comparison of values on the host: strict about types, and never surprised by what comes in."""

from __future__ import annotations

import importlib
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import content_package
from harness.sandbox import wire

runner = importlib.import_module(f"{content_package('sandboxes')}.runner.wire")

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(list("nbifcsylSuFdY")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
_hashable = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4)
_plain = st.recursive(
    _hashable,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_hashable, inner, max_size=3)
        | st.sets(_hashable, max_size=3)
    ),
    max_leaves=8,
)


def same(got: Any, expected: Any, tolerance: float | None = None) -> bool:
    return wire.same(wire.encode(got), wire.encode(expected), tolerance)


@given(_plain)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)
    assert same(value, value, 1e-9)
    assert not same([value], value)
    assert not same([value], (value,))


@given(_plain, _plain)
def test_what_differs_in_python_differs_here(left: Any, right: Any) -> None:
    if left != right and "nan" not in repr([left, right]):
        assert not same(left, right)
    assert same(left, right) == same(right, left)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (True, 1),
        (1, 1.0),
        (True, 1.0),
        (False, 0),
        (None, False),
        (1, 1 + 0j),
        ("a", b"a"),
        (b"a", bytearray(b"a")),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({1}, [1]),
        ({1}, {True}),
        ({1, 2}, {2, True}),
        ({1: 2}, {1.0: 2}),
        ({1: 2}, {1: 2.0}),
        ([], ()),
        ({}, set()),
        ("", b""),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ("a", "A"),
        ("é", "e\u0301"),
        ([[1], 2], [1, [2]]),
        (0.1 + 0.2, 0.3),
        (math.inf, -math.inf),
        (math.nan, 0.0),
        (1, "0x1"),
    ],
)
def test_different(got: Any, expected: Any) -> None:
    assert not same(got, expected)
    assert not same(expected, got)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (math.nan, float("nan")),
        ([math.nan], [float("-nan")]),
        (-0.0, 0.0),
        (complex(-0.0, math.nan), complex(0.0, math.nan)),
        ({3, 1, 2}, {1, 2, 3}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({(1, "x"), (0, "y")}, {(0, "y"), (1, "x")}),
        ({frozenset({1, 2}): {9, 8}}, {frozenset({2, 1}): {8, 9}}),
        ({None, 1, "a", b"a", 2.5, (1,)}, {(1,), 2.5, b"a", "a", 1, None}),
        ("\ud800", "\ud800"),
    ],
)
def test_equal(got: Any, expected: Any) -> None:
    assert same(got, expected)
    assert same(expected, got)


@pytest.mark.parametrize(
    ("got", "expected", "close"),
    [
        (1.0000001, 1.0, True),
        (1.1, 1.0, False),
        (1e-7, 0.0, True),
        (1e12 + 1, 1e12, True),
        (1, 1.0, False),
        (1.0, 1, False),
        (3, 4, False),
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (math.inf, 1e308, False),
        (complex(1, 1e-8), complex(1, 0), True),
        ([1.0, 2.0000001], [1.0, 2.0], True),
        ([1.0], [1.0, 2.0], False),
        ({"a": 0.30000000001}, {"a": 0.3}, True),
        ({9.99999999, 10.5}, {10.0, 10.5}, True),
        ({10.00000001: "x", 9.5: "y"}, {9.5: "y", 10.0: "x"}, True),
        ({10.00000001: "x", 9.5: "y"}, {9.5: "x", 10.0: "y"}, False),
        ({(1.0, 5), (1.00000000001, 3)}, {(1.0, 3), (1.0000000001, 5)}, True),
        ({1.0, 2.0}, {1.0, 3.0}, False),
        ("1.0000001", "1.0", False),
    ],
)
def test_tolerance(got: Any, expected: Any, close: bool) -> None:
    assert same(got, expected, 1e-6) is close


@given(_json, _plain)
def test_a_forged_form_equals_nothing_and_never_raises(form: Any, value: Any) -> None:
    expected = wire.encode(value)
    for tolerance in (None, 1e-6):
        if wire.same(form, expected, tolerance):
            assert wire.same(wire.encode(wire._values.decode(form)), expected, tolerance)
            assert json.dumps(wire.encode(wire._values.decode(form))).count('"') == json.dumps(form).count('"')
    wire.show(form)
    wire.fingerprint(form)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (["l", ""], []),
        (["l", {}], []),
        (["l", None], []),
        (["l"], []),
        (["u", ""], ()),
        (["S", ""], set()),
        (["d", ""], {}),
        (["d", {}], {}),
        (["n", None], None),
        (["n", 1], None),
        ("n", None),
        ({"0": "n"}, None),
        (["c", "11"], 1 + 1j),
        (["c", ["0x1.0000000000000p+0", "0x1.0000000000000p+0", "x"]], 1 + 1j),
        (["f", "1.0"], 1.0),
        (["f", 1.0], 1.0),
        (["f", "NAN"], math.nan),
        (["f", "0x1p99999"], math.inf),
        (["i", 1], 1),
        (["i", "1"], 1),
        (["i", "0X1"], 1),
        (["b", 1], True),
        (["b", "true"], True),
        (["s", ["a"]], "a"),
        (["y", "YQ"], b"a"),
        (["S", [["i", "0x1"], ["i", "0x1"]]], {1}),
        (["d", [[["i", "0x1"], ["i", "0x2"]], [["i", "0x1"], ["i", "0x2"]]]], {1: 2}),
        (["d", [[["i", "0x1"]]]], {1: 2}),
        (["?", "0x1"], 1),
        ([["i"], "0x1"], 1),
        ([None], None),
        (None, None),
        ([], []),
    ],
)
def test_forms_that_no_encoder_makes(form: Any, value: Any) -> None:
    for tolerance in (None, 1e-6):
        assert not wire.same(form, wire.encode(value), tolerance)
        assert not wire.same(wire.encode(value), form, tolerance)
        assert not wire.same(["l", [form]], wire.encode([value]), tolerance)


def nested(depth: int, core: Any, tag: str = "l") -> Any:
    for _ in range(depth):
        core = [tag, [core]]
    return core


def test_depth_is_no_weapon() -> None:
    deep: Any = nested(90_000, ["n"])
    for form in (deep, {"a": deep}, [deep, deep]):
        assert not wire.same(form, wire.encode([1]))
        assert wire.show(form).startswith("<")
        assert wire.fingerprint(form)
    # As deep as a value may be: the same on both sides.
    assert wire.same(nested(200, ["n"], "F"), nested(200, ["n"], "F"))
    assert wire.same(nested(200, ["n"], "F"), nested(200, ["n"], "F"), 1e-6)


def test_size_is_no_weapon() -> None:
    wide = ["S", [["i", hex(n)] for n in range(100_000)]]
    start = time.process_time()
    assert not wire.same(nested(190, wide, "F"), wire.encode(frozenset({1})), 1e-6)
    assert not wire.same(wide, wire.encode(set(range(5))), 1e-6)
    assert time.process_time() - start < 5


def test_shown_for_people() -> None:
    assert wire.show(wire.encode({"a": (1, None)})) == "{'a': (1, None)}"
    assert wire.show(wire.encode("x" * 5000)).endswith("… (5002 characters)")
    assert wire.show(wire.encode(10**10_000)).startswith('<["i", "0x')
    assert "\ud800" not in wire.show(wire.encode("\ud800"))


@given(_plain)
def test_a_value_is_shown_as_python_writes_it(value: Any) -> None:
    shown = wire.show(wire.encode(value))
    if len(shown) < wire.SHOWN and not any(word in shown for word in ("set", "{", "nan", "inf", "j", "bytearray")):
        assert shown == repr(value)


def test_showing_a_value_never_builds_it() -> None:
    """Keys that collide cost a dictionary the square of their number; a text does not mind."""
    assert wire.show(["d", [[["i", "0x1"], ["n"]], [["i", "0x1"], ["n"]]]]) == "{1: None, 1: None}"
    assert wire.show(["S", [["i", "0x2"], ["i", "0x1"], ["i", "0x1"]]]) == "{1, 1, 2}"


def test_the_fingerprint_ignores_the_order_of_sets() -> None:
    one = ["S", [["i", "0x1"], ["i", "0x2"]]]
    two = ["S", [["i", "0x2"], ["i", "0x1"]]]
    assert wire.fingerprint(one) == wire.fingerprint(two) != wire.fingerprint(["l", one[1]])


def test_what_cannot_be_sent_is_named() -> None:
    with pytest.raises(ValueError, match=r"builtins\.object is not a plain value"):
        wire.encode([object()])


@given(st.binary(max_size=40) | _json.map(lambda value: json.dumps(value).encode()))
def test_answers_are_objects_or_nothing(blob: bytes) -> None:
    found = wire.load_answer(blob)
    assert found is None or isinstance(found, dict)


def test_odd_answers_are_nothing() -> None:
    for blob in (b"", b"[]", b"[" * 100_000, b'{"a":' + b"1" * 5000 + b"}", b"\xff", b"{} {}"):
        assert wire.load_answer(blob) is None


def test_exactly_means_every_type_of_json() -> None:
    truth = wire.Expected(True)
    assert truth.is_exactly(["b", True])
    assert not truth.is_exactly(["b", 1])
    assert not wire.Expected([1.0]).is_exactly(wire.encode([1]))
    # Equal all the same, which the slower comparison knows.
    assert not wire.Expected(0.0).is_exactly(wire.encode(-0.0))
    assert wire.same(wire.encode(-0.0), wire.Expected(0.0).form)
    assert not truth.is_exactly(nested(100_000, ["n"], "l"))


def test_what_is_remembered_is_bounded_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MEMORIES", 3)
    for _ in range(2):
        for number in range(10):
            assert wire.show(wire.encode(number)) == str(number)
            assert wire.fingerprint(wire.encode(number)) != wire.fingerprint(wire.encode(number + 1))
    assert wire.fingerprint(["b", 1]) != wire.fingerprint(["b", True])
