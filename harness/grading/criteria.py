"""Mechanical criteria of a reply: pure functions of its text and of what the author wants. Nothing is ever run.

What an author may write, and how it becomes a case: `tasks/criteria.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from harness import syntax
from harness.grading import plain
from harness.types import TextCase

REGEX_S = 1.0
"""Seconds a pattern may search one reply."""
MOST = 2_000_000
"""Characters of a reply that are looked at; a longer one fails what it is asked."""
_FENCE = re.compile(r"\s*```[^\n`]*\n(.*?)\n?```\s*", re.DOTALL)
_BLOCK = re.compile(r"^```[^\n`]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_PLAIN_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,4})?%?")


class Finding(NamedTuple):
    """What a check says of a reply."""

    ok: bool
    found: str
    """For people: what there was."""


Check = Callable[[str, Any], Finding]


def check(case: TextCase, text: str) -> Finding:
    """Whether a reply meets a criterion. Never raises for what a reply holds."""
    if len(text) > MOST:
        return Finding(False, f"{len(text)} characters, more than the {MOST} that are looked at")
    try:
        return CHECKS[case.check](text, case.want)
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return Finding(False, f"could not be checked: {type(error).__name__}: {error}"[:300])


def wanted(case: TextCase) -> str:
    """What a criterion asks for, in words."""
    want = case.want
    if isinstance(want, list):
        want = " or ".join(repr(item) for item in want) if case.check != "json_keys" else ", ".join(want)
    elif isinstance(want, dict):
        within = f" within {want['tolerance']:g}" if want["tolerance"] else ""
        want = f"{want['value']:g}{within}"
    elif want is True:
        want = "yes"
    return f"{case.check.replace('_', ' ')}: {want}"


def _alternatives(want: str | list[str]) -> list[str]:
    return [want] if isinstance(want, str) else want


def _includes(text: str, want: str | list[str]) -> Finding:
    even = plain.evened(text)
    found = next((item for item in _alternatives(want) if plain.holds(even, item)), None)
    return Finding(found is not None, "not there" if found is None else repr(found))


def _includes_not(text: str, want: str | list[str]) -> Finding:
    there, found = _includes(text, want)
    return Finding(not there, found if there else "not there")


def _matches(text: str, pattern: str) -> Finding:
    import regex

    try:
        found = regex.search(pattern, text, timeout=REGEX_S)
    except TimeoutError:
        return Finding(False, f"the pattern took longer than {REGEX_S:g} s on this reply")
    return Finding(found is not None, repr(found[0][:80]) if found else "no match")


def _matches_not(text: str, pattern: str) -> Finding:
    there, found = _matches(text, pattern)
    # A pattern that did not get to an end has shown nothing.
    return Finding(not there and not found.startswith("the pattern"), found)


def _at_most(count: Callable[[str], int], unit: str) -> Check:
    def within(text: str, want: int) -> Finding:
        number = count(text)
        return Finding(number <= want, f"{number} {unit}")

    return within


def _at_least(text: str, want: int) -> Finding:
    number = plain.words(text)
    return Finding(number >= want, f"{number} words")


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _bare(text: str) -> str:
    return plain.evened(text).rstrip(" .!?,;:").strip("\"'`* ").rstrip(" .!?,;:")


def _equals(text: str, want: str) -> Finding:
    return Finding(_bare(text) == _bare(want), repr(text.strip()[:80]))


def _starts(text: str, want: str) -> Finding:
    return Finding(plain.evened(text).startswith(plain.evened(want)), repr(text.strip()[:40]))


def _ends(text: str, want: str) -> Finding:
    return Finding(plain.evened(text).endswith(plain.evened(want)), repr(text.strip()[-40:]))


def _number(text: str, want: dict[str, float]) -> Finding:
    last = None
    for last in plain.numbers(text):  # noqa: B007  the last one is wanted
        pass
    if last is None:
        return Finding(False, "no number")
    # What two decimal fractions differ by is no difference.
    tolerance = max(want["tolerance"], 1e-9 * max(1.0, abs(want["value"])))
    return Finding(abs(last - want["value"]) <= tolerance, f"{last:g}")


def _parses(text: str, form: str) -> Finding:
    inside = _FENCE.fullmatch(text)
    whole = (inside[1] if inside else text).strip()
    note = ", in a code fence" if inside else ""
    if form == "number":
        return Finding(_PLAIN_NUMBER.fullmatch(whole) is not None, f"{whole[:80]!r}{note}")
    document = _json(whole)
    return Finding(not isinstance(document, Broken), (document.why if isinstance(document, Broken) else "JSON") + note)


def _has_keys(text: str, want: list[str]) -> Finding:
    inside = _FENCE.fullmatch(text)
    document = _json((inside[1] if inside else text).strip())
    if isinstance(document, Broken):
        return Finding(False, document.why)
    if not isinstance(document, dict):
        return Finding(False, "no object")
    missing = [key for key in want if key not in document]
    return Finding(not missing, f"without {', '.join(missing)}" if missing else "all of them")


class Broken(NamedTuple):
    """Why a text is no JSON."""

    why: str


def _json(text: str) -> Any:
    """The document, strictly: no NaN, no key twice, nothing before or after it."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Broken(f"no JSON: {error}"[:200])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _compiles(text: str, want: bool) -> Finding:
    blocks = _BLOCK.findall(text)
    if len(blocks) > 1:
        return Finding(False, f"{len(blocks)} fenced blocks")
    source = blocks[0] if blocks else text
    if not source.strip():
        return Finding(False, "nothing")
    try:
        syntax.module(source)
    except SyntaxError as error:
        return Finding(False, f"line {error.lineno}: {error.msg}")
    return Finding(True, "Python")


def _plain(text: str, want: bool) -> Finding:
    found = plain.markdown(text)
    return Finding(not found, f"Markdown: {found}" if found else "plain")


def _no_emoji(text: str, want: bool) -> Finding:
    found = plain.emoji_in(text)
    return Finding(not found, found or "none")


CHECKS: dict[str, Check] = {
    "must_include": _includes,
    "must_not_include": _includes_not,
    "regex": _matches,
    "not_regex": _matches_not,
    "max_words": _at_most(plain.words, "words"),
    "min_words": _at_least,
    "max_chars": _at_most(lambda text: len(text.strip()), "characters"),
    "max_sentences": _at_most(plain.sentences, "sentences"),
    "max_lines": _at_most(_lines, "lines"),
    "equals": _equals,
    "starts_with": _starts,
    "ends_with": _ends,
    "number": _number,
    "parses_as": _parses,
    "json_keys": _has_keys,
    "python_compiles": _compiles,
    "plain_text": _plain,
    "no_emoji": _no_emoji,
}
"""Name of a check -> the check; the same names as `tasks.criteria.READERS`."""
