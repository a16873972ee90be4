"""Python values as tagged lists: what goes in comes out, and nothing else can be made to look like it."""

from __future__ import annotations

import collections
import enum
import importlib
import json
import math
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.content import content_package

values = importlib.import_module(f"{content_package('sandboxes')}.runner.values")
wire = importlib.import_module(f"{content_package('sandboxes')}.runner.wire")

_text = st.text(st.characters(codec=None, categories=("L", "N", "P", "S", "Z", "C", "Cs")), max_size=8)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**4000), max_value=2**4000)
    | st.floats()
    | st.complex_numbers()
    | _text
    | st.binary(max_size=8)
)
_keys = st.recursive(_scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
PLAIN = st.recursive(
    _scalars | st.binary(max_size=8).map(bytearray) | st.frozensets(_keys, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(_keys, inner, max_size=4)
        | st.sets(_keys, max_size=4)
    ),
    max_leaves=12,
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(list("nbifcsylSuFdY")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def identical(left: Any, right: Any) -> bool:
    """Equal with the same types all the way down; NaN is itself, 0.0 is not -0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return bool(left.hex() == right.hex())
    if isinstance(left, complex):
        return identical(left.real, right.real) and identical(left.imag, right.imag)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict):
        return identical(list(left.items()), list(right.items()))
    if isinstance(left, set | frozenset):
        rest = list(right)
        for item in left:
            place = next((n for n, other in enumerate(rest) if identical(item, other)), None)
            if place is None:
                return False
            del rest[place]
        return not rest
    return bool(left == right)


@given(PLAIN)
def test_what_goes_in_comes_out(value: Any) -> None:
    form = values.encode(value)
    assert identical(values.decode(form), value)
    # Host and container write and read it with JSON parts of their own.
    assert json.loads(wire.dumps(form)) == form
    assert wire.loads(json.dumps(form)) == form


@given(PLAIN)
def test_no_json_numbers(value: Any) -> None:
    def walk(form: Any) -> None:
        assert type(form) in (list, str, bool)
        if isinstance(form, list):
            for item in form:
                walk(item)

    walk(values.encode(value))


@given(JSON)
def test_forged_forms_are_refused_or_plain(form: Any) -> None:
    try:
        value = values.decode(form)
    except ValueError:
        return
    assert identical(values.decode(values.encode(value)), value)


class Int(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class Text(str):
    __slots__ = ()


class Several(list[int]):
    pass


class Named(NamedTuple):
    x: int


class Default(collections.defaultdict[str, int]):
    pass


class Colour(enum.IntEnum):
    red = 1


@pytest.mark.parametrize(
    "value",
    [Int(1), Text("a"), Several([1]), Named(1), Default(int), Colour.red, object(), range(3), iter([]), len, int, ...],
    ids=lambda value: type(value).__name__,
)
def test_only_exact_types_count(value: Any) -> None:
    for form in (value, [value], {"key": value}, (1, (2, value))):
        with pytest.raises(values.Unsupported, match="is not a plain value"):
            values.encode(form)


def test_dictionaries_of_collections_are_dictionaries() -> None:
    default: collections.defaultdict[str, int] = collections.defaultdict(int)
    default["a"] += 1
    for value in (default, collections.OrderedDict(a=1), collections.Counter("a")):
        assert values.encode(value) == values.encode({"a": 1})


def test_a_class_that_only_calls_itself_defaultdict_is_refused() -> None:
    fake = type("defaultdict", (dict,), {"__module__": "collections"})
    with pytest.raises(values.Unsupported):
        values.encode(fake(a=1))


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: (x,), lambda x: {"k": x}, lambda x: frozenset([x])])
def test_depth_is_limited_on_both_sides(wrap: Any) -> None:
    value: Any = 1
    for _ in range(values.MAX_DEPTH):
        value = wrap(value)
    form = values.encode(value)
    assert values.encode(values.decode(form)) == form
    with pytest.raises(values.Unsupported, match="nested deeper"):
        values.encode(wrap(value))
    with pytest.raises(ValueError, match="not a tagged value"):
        values.decode(["l", [form]])


def test_a_list_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(values.Unsupported, match="nested deeper"):
        values.encode(value)


def test_huge_integers_are_no_decimal_text() -> None:
    value = 7**100_000
    assert values.decode(values.encode(value)) == value
    assert values.decode(values.encode(-value)) == -value


def test_special_floats() -> None:
    for value in (math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7976931348623157e308):
        assert identical(values.decode(values.encode(value)), value)
    assert math.isnan(values.decode(values.encode(math.nan)))
