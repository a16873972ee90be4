"""Finds the JSON objects of a text by their braces, in linear time.

A brace counts unless it stands in a string or a comment, and where strings are depends on where reading starts: a quote
in the prose before an object must not turn it inside out. So every `{` is a start of its own. What lies between a start
and its end is worked out for all starts at once, from the end of the text back: what follows a place outside of strings
does not depend on how one came there.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from harness.grading.extract.fences import Block
from harness.grading.extract.fences import scan as fences

# A run of backslashes is looked at once, from its start. `{` alone in backticks is spoken of.
_EVENT = re.compile(r"(?P<value>:[ \t\r]*+)?+(?<!\\)\\*+[\"'“”„‘’]|(?<!`)[{}]|[{}](?!`)|\n|//|/\*|\*/|#")
_ENDS_STRING = re.compile(r"\s*+(?:[,:;}\]]|//|/\*|#|\Z)")
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

_DATA = frozenset({"", "json", "jsonc", "json5", "jsonl", "text", "txt"})
"""Languages of blocks in which a verdict may be that was cut off."""
_BLANKS = re.compile(r"\s*+")
_COMMENTS = frozenset({"//", "/*", "#"})
_MAX_COMMENTS = 20
"""Before a key."""
_BARE_KEY = re.compile(r"\w[^\"“”„{}\[\],:;=<>|()?\\\n]*+:")
"""A key without quotes. `{smile}` and `{ x | x > 0 }` have none."""
_BARE_KEY_CUT = re.compile(r"\w[^\s\"“”„{}\[\],:;=<>|()?\\]*+:")
"""The same of what is never closed, where a sentence may follow: `it opens { and ends: wrong`."""
_BARE_WORD = re.compile(r"\w[\w$.\-]*+\s*+:")
"""The same after a value, where a sentence may be that goes on: `"Paris", not London: wrong"`."""
_LEAD = re.compile(r"\{[\s*`\"'“”„‘]*+")
_CUT = re.compile(r"\{\s*(?:[\"'“][^\"'“”{}\n:]*+[\"'”]?\s*)?\Z")
"""The start of an object right where the text ends."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A balanced `{...}` of a text that is an object, though perhaps not a readable one."""

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


def scan(text: str, ours: re.Pattern[str] | None = None) -> Found:
    """All outermost balanced `{...}` of a text that are objects: with a key and a colon.

    What starts in a fenced block of code ends there or is none: code of another language has other strings, or was cut.
    Unless what is `ours` is in it: then it is what we look for, and never closed.
    """
    code = [block for block in fences(text) if block.closed and block.language not in _DATA]
    return _scan(text, code, ours)


def _scan(text: str, code: list[Block], ours: re.Pattern[str] | None) -> Found:
    events = _Events(text)
    following = deque(code)
    fragments: list[Fragment] = []
    unclosed: int | None = None
    resume = 0
    for index, kind in enumerate(events.kinds):
        start = events.places[index]
        if kind != "{" or start < resume:
            continue
        while following and following[0].end <= start:
            following.popleft()
        if following and following[0].start <= start:
            resume = following[0].end
            inside = _scan(text[start:resume], [], ours)
            if inside.unclosed is not None and ours and ours.search(text, start, resume):
                unclosed = start + inside.unclosed
            # What lies in an object that is never closed says nothing by itself.
            whole = inside.fragments if inside.unclosed is None else ()
            fragments += [Fragment(start + each.start, start + each.end, each.text) for each in whole]
            continue
        end = events.match[index]
        if end < 0:
            if events.keyed[index] or _CUT.match(text, start) or (ours and ours.match(text, _lead(text, start))):
                unclosed = start
        elif events.keyed[index]:
            resume = events.places[end] + 1
            fragments.append(Fragment(start, resume, text[start:resume]))
    return Found(tuple(fragments), unclosed)


def _lead(text: str, start: int) -> int:
    """Where the first key of an object is, whatever stands round it."""
    return _LEAD.match(text, start).end()  # type: ignore[union-attr]


def strings(text: str) -> dict[int, int]:
    """Offset of every quote -> offset of the one that ends the string, if it opens one."""
    events = _Events(text)
    quotes = [index for index, kind in enumerate(events.kinds) if kind in CLOSERS and events.match[index] >= 0]
    return {events.places[index]: events.places[events.match[index]] for index in quotes}


class _Events:
    """What can open or close something in a text, and what closes it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.kinds: list[str] = []
        """Their characters."""
        self.places: list[int] = []
        """Their offsets."""
        self._ends: list[int] = []
        """For a quote that can end a string the offset after what shows that, -1 for anything else."""
        self._values: list[bool] = []
        """For a quote: a colon stands before it, so that it opens no key."""
        for found in _EVENT.finditer(text):
            last = found.end() - 1
            quote = text[last] in CLOSERS
            self.kinds.append(text[last] if quote else found[0])
            self.places.append(last if quote else found.start())
            self._values.append(found["value"] is not None)
            escaped = (last - max(found.start(), found.end("value"))) % 2 == 1
            end = _ENDS_STRING.match(text, last + 1) if quote and not escaped else None
            self._ends.append(-1 if end is None else end.end())
        count = len(self.kinds)
        self._after = [-1] * count
        """For what opens a string or a comment that which ends it; for a brace its `}`."""
        self.match = self._after
        self.keyed = [False] * count
        """For a quote: it opens a string that a colon follows. For a `{`: it opens an object, by a key and a colon."""
        self._link()

    def _link(self) -> None:
        """Works out all ends, from the last to the first.

        `close[i]` is the first `}` at or after event i that nothing after i opened, reading from i outside of strings.
        `key[i]`: a quoted key and its colon stand before that.
        """
        close = [-1] * (len(self.kinds) + 1)
        key = [False] * (len(self.kinds) + 1)
        closer = {value: dict.fromkeys(CLOSERS, -1) for value in (False, True)}
        line_end = block_end = brace = -1
        for index in range(len(self.kinds) - 1, -1, -1):
            kind = self.kinds[index]
            then = index
            if kind == "}":
                close[index] = index
                continue
            if kind == "{":
                then = close[index + 1]
                self.keyed[index] = (then >= 0 and key[index + 1]) or self._key_follows(index, closed=then >= 0)
                brace = index
            elif kind in CLOSERS:
                then = closer[self._values[index]][kind]
                end = closer[False][kind]
                # Prose that names a quote goes on to an object on another line; a key has not both in it.
                prose = 0 <= line_end < end and 0 <= brace < end
                self.keyed[index] = end >= 0 and self._sign(end) == ":" and not prose
                for value in closer if self._ends[index] >= 0 else ():
                    if self._ends_value(index) if value else self._sign(index) != ";":
                        closer[value] |= {opening: index for opening, closing in CLOSERS.items() if kind in closing}
            elif kind in ("//", "#"):
                then = line_end
            elif kind == "/*":
                then = block_end
            elif kind == "\n":
                line_end = index
            else:
                block_end = index
            self._after[index] = then
            close[index] = close[then + 1] if then >= 0 else -1
            key[index] = (kind in CLOSERS and self.keyed[index]) or (then >= 0 and key[then + 1])

    def _sign(self, index: int) -> str:
        """What shows that a quote can end a string."""
        return self._text[self._ends[index] - 1]

    def _ends_value(self, index: int) -> bool:
        """A quote can end a string that is a value in an object: only the last of `"It says "Paris", not "Rome"."`."""
        sign = self._sign(index)
        if sign not in ",;]":
            return True
        index, position = self._beyond(index, self._ends[index])
        kind = self.kinds[index] if index < len(self.kinds) and self.places[index] == position else ""
        follows = kind == "}" or (self.keyed[index] if kind in CLOSERS else _BARE_WORD.match(self._text, position))
        return sign != "]" and bool(follows)

    def _key_follows(self, index: int, *, closed: bool) -> bool:
        """A key and a colon follow a `{`: what shows that it opens an object that is never closed, or has bare keys."""
        index, position = self._beyond(index, self.places[index] + 1)
        if index < len(self.kinds) and self.places[index] == position and self.kinds[index] in CLOSERS:
            return self.keyed[index]
        return (_BARE_KEY if closed else _BARE_KEY_CUT).match(self._text, position) is not None

    def _beyond(self, index: int, position: int) -> tuple[int, int]:
        """The offset behind blanks and comments after an event, and the first event from there on."""
        for _ in range(_MAX_COMMENTS):
            position = _BLANKS.match(self._text, position).end()  # type: ignore[union-attr]
            while index < len(self.places) and self.places[index] < position:
                index += 1
            if index == len(self.places) or self.places[index] > position or self.kinds[index] not in _COMMENTS:
                break
            end = self._after[index]
            if end < 0:
                break
            index, position = end, self.places[end] + len(self.kinds[end])
        return index, position
