"""Reads one `{...}` as JSON, strictly or after small repairs that change how it is written, never what it says.

Repaired are comments, trailing commas, keys and words without quotes, single and curly quotes, Python's True, False and
None, line breaks and tabs in strings, unknown escapes, and quotes in a string that were not escaped. Nothing is closed
that was left open and nothing is filled in: `8/10` without quotes becomes the text "8/10", which the schema judges.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from harness.judging.parse.fragments import strings

MAX_DEPTH = 30
"""Objects and lists inside each other; a verdict has four."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|\#[^\n]*)
      | (?P<mark>[{}\[\],:])
      | (?P<quote>["'“”„‘’])
      | (?P<bare>(?:(?!//|/\*)[^{}\[\],:"“”„\n\#])+)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"}
_WORDS |= {"null": "null", "None": "null", "NaN": "NaN", "nan": "NaN", "Infinity": "NaN", "inf": "NaN"}
_WORDS |= {"-Infinity": "NaN", "-inf": "NaN", "-NaN": "NaN", "+Infinity": "NaN", "+inf": "NaN"}
_TO_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)|[\"\x00-\x1f]", re.DOTALL)
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SINGLE = "'‘’"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A fragment's object."""

    value: dict[str, Any]
    repaired: bool
    defects: tuple[tuple[str, str], ...] = ()
    """(code, detail) of what makes it no verdict whatever it says: keys given twice, NaN."""


def load(fragment: str) -> Loaded | None:
    """The fragment's object, None if it cannot be read."""
    found = _strict(fragment, repaired=False)
    if found is None:
        again = rewritten(fragment)
        found = None if again is None else _strict(again, repaired=True)
    return found


def _strict(text: str, *, repaired: bool) -> Loaded | None:
    defects: list[tuple[str, str]] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            names = [key for key, _ in items]
            twice = next(key for key in names if names.count(key) > 1) if len(names) < 1000 else "a key"
            defects.append(("duplicate_key", f"{twice!r:.60} is given twice"))
        return made

    def constant(name: str) -> None:
        defects.append(("not_finite", f"{name} is no score"))

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or _deep(value):
        return None
    return Loaded(value, repaired, tuple(defects))


def _integer(digits: str) -> int | float:
    # Python refuses to read integers of thousands of digits; as float they are merely too large.
    return int(digits) if len(digits) <= 15 else float(digits)


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def rewritten(text: str) -> str | None:
    """The fragment as JSON; None where a string or comment never ends. The result may still not be JSON."""
    out: list[str] = []
    position = 0
    ends = strings(text)
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        if token.lastgroup == "mark":
            _mark(token[0], out)
        elif token.lastgroup == "quote":
            end = ends.get(token.start(), -1)
            if end < 0 or (token[0] not in _SINGLE and _unpaired(text[position:end])):
                return None
            out.append('"' + _TO_ESCAPE.sub(_escaped, text[position:end]) + '"')
            position = end + 1
        elif token.lastgroup == "bare":
            word = token[0].strip()
            out.append(_WORDS.get(word) or (word if _NUMBER.fullmatch(word) else json.dumps(word)))
    return "".join(out)


def _mark(mark: str, out: list[str]) -> None:
    if mark in "}]" and out and out[-1] == ",":
        out.pop()
    elif mark == ":" and out and out[-1][0] != '"' and out[-1] not in "{}[],:":
        out[-1] = json.dumps(out[-1])  # {1: ...}
    out.append(mark)


def _unpaired(text: str) -> bool:
    """A quote in a string that was not escaped has no other: the string may go on where it seems to end."""
    plain = _ESCAPED.sub("", text)
    ascii_only = plain.count('"')
    return ascii_only % 2 == 1 and (ascii_only + sum(map(plain.count, "“”„"))) % 2 == 1


def _escaped(found: re.Match[str]) -> str:
    what = found[0]
    if what[0] != "\\":
        return json.dumps(what)[1:-1]
    if len(what) > 2 or what[1] in '"\\/bfnrt':
        return what
    if what[1] in "'“”‘’":
        return what[1]
    return "\\\\" + (json.dumps(what[1])[1:-1])
