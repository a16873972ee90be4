"""Values of cases.yaml: the characters of the file as a Python literal, never evaluated, never guessed."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.sandbox import wire
from harness.tasks import cases, literal
from harness.types import Returns


def read(text: str) -> Any:
    """The value of `returns` in a document."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return literal.from_yaml(text, root.value[0][1])


def same(got: Any, wanted: Any) -> bool:
    return wire.same(wire.encode(got), wire.encode(wanted))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("300", 300),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("1_000", 1000),
        ("0o17", 15),
        ("-1", -1),
        ("--1", 1),
        ("2 - 3j", 2 - 3j),
        ('"text"', "text"),
        ("'text'", "text"),
        ('"two" "parts"', "twoparts"),
        ('b"raw\\x00"', b"raw\x00"),
        ('bytearray(b"x")', bytearray(b"x")),
        ("True", True),
        ("None", None),
        ("inf", math.inf),
        ("-inf", -math.inf),
        ("nan", math.nan),
        ('float("nan")', math.nan),
        ("[1, 2]", [1, 2]),
        ("(1, 2)", (1, 2)),
        ("(1,)", (1,)),
        ("()", ()),
        ("1, 2", (1, 2)),
        ("set()", set()),
        ("frozenset({1})", frozenset({1})),
        ('{"a": (1, None), "b": [inf]}', {"a": (1, None), "b": [math.inf]}),
        ("[(1, {2}), {3: b'4'}]", [(1, {2}), {3: b"4"}]),
    ],
)
def test_a_literal(written: str, value: Any) -> None:
    assert same(literal.parse(written), value)
    assert same(read("returns: |\n  " + written), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("returns: 300", 300),
        ("returns: 300  # seconds", 300),
        ('returns: "text"  # said', "text"),
        ("returns: (1, 2)", (1, 2)),
        ("returns: {1, 2}", {1, 2}),
        ("returns: {1: 2}", {1: 2}),
        ("returns: b'raw'", b"raw"),
        ("returns: [1, # one\n  2]", [1, 2]),
        ("returns: nan", math.nan),
        ("returns: true", True),
        ("returns: null", None),
        ("returns: ~", None),
        ("returns: [true, null]", [True, None]),
        ("returns:\n  - 1\n", [1]),
        ("returns:\n  - 1\n  - 2j\n", [1, 2j]),
        ("returns:\n- (1,)\n- null\n- - 5\n", [(1,), None, [5]]),
        ('returns:\n  "a": 1\n  2: {3}\n', {"a": 1, 2: {3}}),
        ("returns: |\n  [\n    1,\n    2,\n  ]\n", [1, 2]),
        ('returns: |\n  "one "\n  "two"\n', "one two"),
        ("returns: >\n  (1,\n  2)\n", (1, 2)),
        ("# über 😀\nreturns: 'ü😀'", "ü😀"),
    ],
)
def test_from_the_characters_of_the_file(text: str, value: Any) -> None:
    assert same(read(text), value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("returns: hello", "hello"),
        ("returns: yes", "yes"),
        ("returns: 2024-01-01", "not a Python literal"),
        ("returns: [hello]", "hello"),
        ("returns:\n  a: 1", "not a Python literal: a"),
        ("returns: len('x')", "len"),
        ("returns: 1 + 1", "1 + 1"),
        ("returns: f'x'", "f'x'"),
        ("returns: ...", "not a Python literal"),
        ("returns: !!str 5", "not a Python literal"),
        ("returns: [x for x in ()]", "not a Python literal"),
        ("returns: lambda", "not a Python literal"),
        ("returns:", "there is no value"),
        ("returns: |\n\n", "there is no value"),
        ("returns: |\n  # nothing\n", "there is no value"),
        ("returns: 'a\\nb'", "means one thing to YAML and another to Python"),
        ("returns: 'it''s'", "means one thing to YAML and another to Python"),
        ("returns: |\n  '\\d'", "invalid escape sequence"),
        ("returns: {[1]: 2}", "unhashable"),
        ("returns: |\n  {[1], 2}", "unhashable"),
        ("returns: |\n  {1: 2, 1: 3}", "the key 1 stands twice"),
        ("returns: frozenset(1)", "frozenset(1)"),
        ("returns: bytearray(99999999999999999)", "bytearray"),
    ],
)
def test_not_a_literal(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        read(text)


def test_nothing_is_ever_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for source in (f"__import__('pathlib').Path({str(victim)!r}).touch()", f"open({str(victim)!r}, 'w')"):
        with pytest.raises(ValueError, match="not a Python literal"):
            literal.parse(source)
        with pytest.raises(ValueError, match="not a Python literal"):
            literal.call(f"f({source})")
    assert not victim.exists()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("f()", ("f", (), {})),
        ('  f("PT5M") ', ("f", ("PT5M",), {})),
        ("f(1, (2,), key={3})", ("f", (1, (2,)), {"key": {3}})),
        ("f(\n  1,\n)", ("f", (1,), {})),
        ("größe(-inf)", ("größe", (-math.inf,), {})),
    ],
)
def test_a_call(source: str, found: Any) -> None:
    assert literal.call(source) == found


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("f(", "not a call"),
        ("f", "not a call"),
        ("a.b(1)", "not a call"),
        ("f(1)(2)", "not a call"),
        ("f(1); g(2)", "not a call"),
        ("f(x)", "not a Python literal: x"),
        ("f(*[1])", "not a Python literal"),
        ("f(**{})", "** is not possible"),
        ("f(a=1, a=2)", "the argument a stands twice"),
        ("f({[1]: 2})", "unhashable"),
        ("f('\\d')", "invalid escape sequence"),
        ("f(\0)", "not a call"),
    ],
)
def test_not_a_call(source: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        literal.call(source)


few = settings(max_examples=60, deadline=None)
finite = st.complex_numbers(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | finite
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashable, inner, max_size=3),
        st.sets(hashable, max_size=3),
    ),
    max_leaves=12,
)


@few
@given(value=values)
def test_any_value_written_with_repr_reads_back(value: Any) -> None:
    assert same(read(f"returns: |\n  {value!r}\n"), value)


@few
@given(value=values)
def test_and_so_it_does_as_an_argument(value: Any) -> None:
    document = f"call: {json.dumps(f'f({value!r}, key={value!r})', ensure_ascii=False)}\n"
    source = yaml.safe_load(document)["call"]
    name, args, kwargs = literal.call(source)
    assert name == "f"
    assert same(args[0], value)
    assert same(kwargs["key"], value)


# Above U+FFFF JSON escapes in pairs, which are two characters to Python.
plain_text = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))


@few
@given(value=st.recursive(st.integers() | st.booleans() | st.none() | plain_text, st.lists, max_leaves=8))
def test_json_is_a_way_to_write_values_too(value: Any) -> None:
    assert same(read(f"returns: {json.dumps(value, ensure_ascii=True)}\n"), value)


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_bytes(b"- call: f(1)\r\n  returns: |\r\n    (1,\r\n     2)\r\n- call: f(2)\r\n  returns: 'x'\r\n")
    found = cases.call_cases(path, "f")
    assert [case.expect for case in found] == [Returns(value=(1, 2)), Returns(value="x")]
    assert [case.id for case in found] == ["case-01", "case-02"]
