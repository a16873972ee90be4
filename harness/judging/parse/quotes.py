"""What stands in the prompt: an object that is repeated from there is a quotation and no verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from harness.judging.parse.fragments import scan
from harness.judging.parse.repair import load
from harness.judging.parse.views import MAX_WRAPPERS

MAX_SEARCHED = 1000
"""Different objects that are looked up. A search takes as long as the prompt is; no judge gives so many verdicts."""

_ASIDE = re.compile(r"[\s\"'`“”„‘’\\|]+")
"""Not compared: a judge that quotes evens blanks, quotes and escapes, and drops bars that start a line, ours or a
candidate's own."""


class Shown:
    """A text that the judge was shown, and whether objects of its reply stand in it."""

    def __init__(self, text: str) -> None:
        self._text = _ASIDE.sub("", text)
        self._found: dict[str, bool] = {}
        self.exhausted = False
        """There were more objects than are looked up."""

    def has(self, text: str) -> bool:
        """It stands there word for word, blanks and quotes aside."""
        if not self._text:
            return False
        plain = _ASIDE.sub("", text)
        if plain not in self._found:
            if len(self._found) >= MAX_SEARCHED:
                self.exhausted = True
                return True
            self._found[plain] = plain in self._text
        return self._found[plain]

    def inside(self, fragment: str) -> set[str]:
        """The objects inside this one that stand there, as `canonical` has them: whatever way they are written."""
        found = set()
        for text in _inner(fragment, MAX_WRAPPERS + 1) if self._text else ():
            if self.has(text) and (loaded := load(text)) is not None:
                found.add(canonical(loaded.value))
        return found


def canonical(value: Any) -> str:
    """The same text for the same value."""
    return json.dumps(value, sort_keys=True)


def _inner(fragment: str, depth: int) -> Iterator[str]:
    """The texts of the objects inside of an object, those inside of them too."""
    for found in scan(fragment[1:-1]).fragments if depth else ():
        yield found.text
        yield from _inner(found.text, depth - 1)
