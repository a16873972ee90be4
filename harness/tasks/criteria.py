"""The mechanical criteria of a conversation, as an author writes them -> cases. `grading.criteria` checks them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.tasks.yamlfile import Section, as_text
from harness.types import TextCase

Reader = Callable[[Section, str], Any]
"""(criteria, key) -> what the check is given. Raises TaskError."""


@dataclass(frozen=True)
class Criteria:
    """What a `criteria:` mapping says: check -> what it wants; a list where it has several items."""

    wanted: dict[str, Any] = field(default_factory=dict)

    def over(self, own: Criteria) -> Criteria:
        """These under a test's own: its single values replace ours, its lists are added to ours."""
        merged = dict(self.wanted)
        for check, want in own.wanted.items():
            both = check in LISTS and check in merged
            merged[check] = [*merged[check], *(item for item in want if item not in merged[check])] if both else want
        return Criteria(merged)

    def contradiction(self) -> str:
        """Why no reply can meet them all; empty where nothing is known to stand against it."""
        least, most = self.wanted.get("min_words"), self.wanted.get("max_words")
        if least and most and least > most:
            return f"min_words {least} is more than max_words {most}"
        if self.wanted.get("parses_as") == "number" and "json_keys" in self.wanted:
            return "a number has no json_keys"
        refused = {item.casefold() for item in self.wanted.get("must_not_include", ()) if isinstance(item, str)}
        for item in self.wanted.get("must_include", ()):
            if all(text.casefold() in refused for text in ([item] if isinstance(item, str) else item)):
                return f"{item!r} must be there, and must not"
        return ""

    def cases(self, turn: int | None = None) -> list[TextCase]:
        """A case each; `turn`: the model's reply that they are about, from 0."""
        prefix = "" if turn is None else f"turn{turn + 1}."
        return [
            TextCase(id=f"{prefix}{name}", check=check, want=want, turn=turn)
            for check, wants in self.wanted.items()
            if wants is not False
            for name, want in _items(check, wants)
        ]


def _items(check: str, wants: Any) -> Iterator[tuple[str, Any]]:
    if check not in LISTS:
        yield check, wants
        return
    for number, want in enumerate(wants, start=1):
        yield f"{check}:{number}", want


def criteria_of(section: Section) -> Criteria:
    """The criteria of a mapping. Raises TaskError for an unknown one, or one that wants something impossible."""
    wanted: dict[str, Any] = {}
    for check in section:
        if check not in READERS:
            raise section.error("no such criterion", check, f"known: {', '.join(READERS)}")
        wanted[check] = READERS[check](section, check)
    return Criteria(wanted)


def _seen(text: str) -> str:
    """What of a text is there to be seen."""
    return text.strip().strip("\u00ad\u200b\u2060\ufeff").strip()


def _phrases(section: Section, key: str) -> list[str | list[str]]:
    """A list of texts, or of lists of alternatives; a single text is a list of one."""
    found = section.value(key)
    items = [found] if isinstance(found, str) else found
    if not isinstance(items, list) or not items:
        raise section.error(f"expected a list of texts, found {found!r}", key, "put quotes around each item")
    for item in items:
        several = item if isinstance(item, list) else [item]
        if not several or not all(isinstance(text, str) and _seen(text) for text in several):
            told = f"expected a text, or a list of alternatives, found {item!r}"
            raise section.error(told, key, "put quotes around it")
    return items


def _patterns(section: Section, key: str) -> list[str]:
    import regex

    found = section.words(key)
    if not found or not all(found):
        raise section.error("expected a pattern, or a list of them", key)
    for pattern in found:
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise section.error(f"not a regular expression: {error}: {pattern}", key) from None
    return list(found)


def _count(section: Section, key: str) -> int:
    found = section.value(key)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise section.error(f"expected a whole number of 1 or more, found {found!r}", key)
    return found


def _text(section: Section, key: str) -> str:
    found = section.value(key)
    node = section.node(key)
    # An author who writes `equals: 42` means these characters; to YAML `12:30` is 750, and `010` is 8.
    plain = isinstance(found, int | float) and not isinstance(found, bool) and str(found) == getattr(node, "value", "")
    text = str(found) if plain else found
    if not isinstance(text, str) or not _seen(text):
        raise section.error(f"expected a text, found {found!r}", key, as_text(found))
    return text.strip()


def _number(section: Section, key: str) -> dict[str, float]:
    found = section.value(key)
    if isinstance(found, dict):
        below = section.section(key)
        value, tolerance = below.number("value"), below.number("tolerance", 0.0)
        below.finish("value, tolerance")
    else:
        value, tolerance = section.number(key), 0.0
    if value is None or tolerance is None or not (math.isfinite(value) and 0 <= tolerance < math.inf):
        raise section.error(f"expected a number, or value and tolerance, found {found!r}", key)
    return {"value": value, "tolerance": tolerance}


def _form(section: Section, key: str) -> str:
    found = section.text_value(key)
    if found not in ("number", "json"):
        raise section.error(f"expected number or json, found {found!r}", key)
    return found


def _keys(section: Section, key: str) -> list[str]:
    found = section.words(key)
    if not found:
        raise section.error("expected the names of keys", key)
    return list(found)


def _flag(section: Section, key: str) -> bool:
    """`false` is for a test that does not want what its file wants of all."""
    return section.flag(key)


READERS: dict[str, Reader] = {
    "must_include": _phrases,
    "must_not_include": _phrases,
    "regex": _patterns,
    "not_regex": _patterns,
    "max_words": _count,
    "min_words": _count,
    "max_chars": _count,
    "max_sentences": _count,
    "max_lines": _count,
    "equals": _text,
    "starts_with": _text,
    "ends_with": _text,
    "number": _number,
    "parses_as": _form,
    "json_keys": _keys,
    "python_compiles": _flag,
    "plain_text": _flag,
    "no_emoji": _flag,
}
"""Check -> what reads what it is given."""
LISTS = ("must_include", "must_not_include", "regex", "not_regex")
"""Checks with several items, a case each."""
