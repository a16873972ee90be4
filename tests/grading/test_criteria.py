"""Mechanical criteria: what they take and refuse, and that no reply breaks them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.grading import plain
from harness.grading.criteria import CHECKS, MOST, check, wanted
from harness.tasks.criteria import LISTS, READERS
from harness.types import TextCase


def ok(name: str, want: object, text: str) -> bool:
    return check(TextCase(id=name, check=name, want=want), text).ok


def test_what_an_author_may_write_is_what_is_checked() -> None:
    assert list(CHECKS) == list(READERS)
    assert set(LISTS) <= set(CHECKS)


@pytest.mark.parametrize(
    ("name", "want", "yes", "no"),
    [
        ("must_include", "friend", ["A FRIEND!", "my friend's", "“friend”"], ["friendly", "befriend", ""]),
        ("must_include", "I'd be happy", ["I’d  be\nhappy to"], ["I'd be happyish"]),
        ("must_include", ["seven", "7"], ["It is 7.", "Seven"], ["17", "70", "seventy"]),
        ("must_include", "F-R-I-E-N-D", ["f-r-i-e-n-d", "F–R–I–E–N–D!"], ["F-R-E-I-N-D"]),
        ("must_include", "C++", ["I like C++."], ["C+"]),
        ("must_include", "straße", ["STRASSE", "Straße"], ["strase"]),
        ("must_not_include", "wrong", ["wrongly", "all right"], ["That is wrong.", "WRONG"]),
        ("must_not_include", ["bad", "failed"], ["badge", "fine"], ["you failed"]),
        ("regex", r"(?i)f[ ,.-]*r[ ,.-]*i", ["F, R, I", "f-r-i"], ["R F I"]),
        ("not_regex", r"\d{3}", ["12 34"], ["123"]),
        ("max_words", 3, ["don't be well-known", "one — two"], ["one two three four"]),
        ("min_words", 2, ["two words"], ["one", "— —"]),
        ("max_chars", 4, ["abcd\n"], ["abcde"]),
        ("max_sentences", 1, ["Dr. Smith has 3.5 apples.", "Really?!", "Hmm... maybe"], ["One. Two.", "One\n\nTwo"]),
        ("max_lines", 2, ["a\n\nb\n"], ["a\nb\nc"]),
        ("equals", "Paris", ["paris.", " “Paris” "], ["Paris, France"]),
        ("starts_with", "yes", ["Yes, it is"], ["Oh yes"]),
        ("ends_with", "bye!", ["So: Bye!"], ["bye! Really"]),
        ("number", {"value": 12.5, "tolerance": 0.0}, ["3 and 12.5", "12.50 %"], ["12.5 or 13", "none"]),
        ("number", {"value": 1234, "tolerance": 0.0}, ["1,234.", "= 1234"], ["1,23", "1.234"]),
        ("number", {"value": -7, "tolerance": 0.0}, ["-7", "−7 degrees"], ["7"]),
        ("number", {"value": 0.75, "tolerance": 0.01}, ["3/4", "about 0.745"], ["4/3"]),
        ("number", {"value": 1.75, "tolerance": 0.0}, ["1 3/4 cups"], ["3/4"]),
        ("parses_as", "number", ["42", " 1,000.5\n", "```\n7\n```"], ["forty", "42 apples", "1 2", ""]),
        ("parses_as", "json", ['{"a": [1]}', "```json\n{}\n```"], ['{"a": NaN}', '{"a":1,"a":2}', "{} {}", "x"]),
        ("json_keys", ["a", "b"], ['{"b": 1, "a": 2}'], ['{"a": 1}', "[1]", "no"]),
        (
            "python_compiles",
            True,
            ["x = 1", "Here:\n```python\nprint(1)\n```"],
            ["x = ", "```\na\n```\n```\nb\n```", ""],
        ),
        (
            "plain_text",
            True,
            ["2 * 3 * 4", "snake_case_name", "1984. A year.", "a - b", "see http://x.y", "#1 friend", "<b>"],
            ["# Title", "- a\n- b", "1. a\n2. b", "**bold**", "*so*", "`x`", "[a](b)", "> q", "|a|b|\n|-|-|\n|1|2|"],
        ),
        ("no_emoji", True, ["plain ©™ :)", "5 # *"], ["hi 😀", "❤️", "👍🏽", "🇩🇪"]),
    ],
)
def test_checks(name: str, want: object, yes: list[str], no: list[str]) -> None:
    for text in yes:
        assert ok(name, want, text), (name, want, text)
    for text in no:
        assert not ok(name, want, text), (name, want, text)


def test_a_pattern_that_never_ends_is_a_failure_that_says_so() -> None:
    slow = TextCase(id="regex", check="regex", want=r"(a|aa)+$")
    found = check(slow, "a" * 5000 + "b")
    assert not found.ok
    assert "took longer" in found.found
    assert not check(slow.model_copy(update={"check": "not_regex"}), "a" * 5000 + "b").ok, "nothing was shown"


WANTS = {
    "must_include": ["a", "b c"], "must_not_include": "x", "regex": r"\d+", "not_regex": "z{3}", "max_words": 5,
    "min_words": 2, "max_chars": 9, "max_sentences": 2, "max_lines": 2, "equals": "a", "starts_with": "a",
    "ends_with": "a",
    "number": {"value": 1.0, "tolerance": 0.1}, "parses_as": "json", "json_keys": ["a"], "python_compiles": True,
    "plain_text": True, "no_emoji": True,
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(), max_size=300) | st.text("{}[]\"'`*_#-|<>\\\n 1/.,eE+a😀\u200d", max_size=300))
def test_no_reply_breaks_a_check(text: str) -> None:
    for name, want in WANTS.items():
        case = TextCase(id=name, check=name, want=want)
        assert isinstance(check(case, text).ok, bool)
        assert wanted(case)


@pytest.mark.parametrize(
    "text",
    ["{" * 100_000, "[" * 300_000, "*" * 200_000, "![" * 100_000, "`" * 99_999, "(" * 50_000 + "1", "1" * 100_000,
     "1/" * 50_000, "1e" + "9" * 5000, "-" * 100_000, "> " * 50_000, "a. " * 100_000, "\ud800", "_a" * 100_000,
     "x" * (MOST + 1), "1 " * 200_000 + "/0", "<" * 100_000, "|" * 100_000 + "\n" + "-|" * 50_000],
    ids=lambda text: f"{text[:4]!r}x{len(text)}",
)  # fmt: skip
def test_huge_and_nested_replies_are_read_in_time(text: str) -> None:
    began = time.process_time()
    for name, want in WANTS.items():
        check(TextCase(id=name, check=name, want=want), text)
    # Not how fast it is: that nothing is quadratic.
    assert time.process_time() - began < 20


def test_numbers_in_order() -> None:
    assert list(plain.numbers("From 1,000 to -2.5e3, v1.2 and 3/0; .5")) == [1000, -2500, 0.5]
