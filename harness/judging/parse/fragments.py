"""Finds the JSON objects of a text by their braces, in linear time.

A brace counts unless it stands in a string or a comment, and where strings are depends on where reading starts: a quote
in the prose before an object must not turn it inside out. So every `{` is a start of its own. What lies between a start
and its end is worked out for all starts at once, from the end of the text back: what follows a place outside of strings
does not depend on how one came there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A run of backslashes is looked at once, from its start.
_EVENT = re.compile(r"(?<!\\)\\*+[\"'“”„‘’]|[{}\n]|//|/\*|\*/|#")
ENDS_STRING = re.compile(r"\s*+(?:[,:}\]]|//|/\*|#|\Z)")
"""What may follow the quote that ends a string; any other quote is part of the string, though it should be escaped."""
CLOSERS = {
    '"': '"',
    "'": "'",
    "“": '“”"',
    "”": '“”"',
    "„": '“”"',
    "‘": "‘’'",
    "’": "‘’'",
}
"""Opening quote -> those that may close it."""

_COMMENTS = r"(?:\s++|//[^\n]{0,200}\n|/\*[^*]{0,200}\*/|#[^\n]{0,200}\n){0,6}+"
_OBJECT = re.compile(
    rf"\{{{_COMMENTS}(?:[\"“”„][^\"“”„\n{{}}]{{0,80}}[\"“”]\s*:|['‘][^'‘’\n{{}}]{{0,80}}['’]\s*:|[A-Za-z_]\w{{0,40}}\s*:)"
)
"""The start of an object: a brace, a key and a colon. `{smile}` and `{ x | x > 0 }` are none."""
_CUT = re.compile(r"\{\s*(?:[\"'“][^\"'“”{}\n:]{0,40}[\"'”]?\s*)?\Z")
"""The start of an object right where the text ends."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A balanced `{...}` of a text that starts like an object."""

    start: int
    end: int
    """Offset after the closing brace."""
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    fragments: tuple[Fragment, ...]
    """In their order; none lies in another."""
    unclosed: int | None
    """Offset of the last start of an object that is never closed, and does not lie in a fragment."""


def scan(text: str) -> Found:
    """All outermost balanced `{...}` of a text that start like an object."""
    kinds, places, ends = _events(text)
    match = _matches(kinds, ends)
    fragments: list[Fragment] = []
    unclosed: int | None = None
    resume = 0
    for index, kind in enumerate(kinds):
        start = places[index]
        if kind != "{" or start < resume:
            continue
        end = match[index]
        if end < 0:
            if _OBJECT.match(text, start) or _CUT.match(text, start):
                unclosed = start
        elif _OBJECT.match(text, start):
            resume = places[end] + 1
            fragments.append(Fragment(start, resume, text[start:resume]))
    return Found(tuple(fragments), unclosed)


def _events(text: str) -> tuple[list[str], list[int], list[bool]]:
    """What can open or close something: its characters, its offset, and for a quote whether it can end a string."""
    kinds: list[str] = []
    places: list[int] = []
    ends: list[bool] = []
    for found in _EVENT.finditer(text):
        last = found.end() - 1
        kind = text[last] if text[last] in CLOSERS else found[0]
        kinds.append(kind)
        places.append(last if kind in CLOSERS else found.start())
        escaped = kind in CLOSERS and (last - found.start()) % 2 == 1
        ends.append(kind in CLOSERS and not escaped and ENDS_STRING.match(text, last + 1) is not None)
    return kinds, places, ends


def _matches(kinds: list[str], ends: list[bool]) -> list[int]:
    """For every `{` the index of its `}`, -1 if it has none.

    `close[i]` is the first `}` at or after event i that nothing after i opened, reading from i outside of strings.
    """
    count = len(kinds)
    close = [-1] * (count + 2)
    match = [-1] * count
    closer = dict.fromkeys(CLOSERS, -1)
    line_end = block_end = -1
    for index in range(count - 1, -1, -1):
        kind = kinds[index]
        then = index
        if kind == "}":
            close[index] = index
            continue
        if kind == "{":
            then = match[index] = close[index + 1]
        elif kind in closer:
            then = closer[kind]
            if ends[index]:
                for opening, closing in CLOSERS.items():
                    if kind in closing:
                        closer[opening] = index
        elif kind in ("//", "#"):
            then = line_end
        elif kind == "/*":
            then = block_end
        elif kind == "\n":
            line_end = index
        else:
            block_end = index
        close[index] = close[then + 1] if then >= 0 else -1
    return match
