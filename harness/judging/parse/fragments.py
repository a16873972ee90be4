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

_BLANKS = re.compile(r"\s*+")
_COMMENTS = frozenset({"//", "/*", "#"})
_MAX_COMMENTS = 20
"""Before a key."""
_BARE_KEY = re.compile(r"\w[^\"“”„{}\[\],:;=<>|()?\\\n]*+:")
"""A key without quotes. `{smile}` and `{ x | x > 0 }` have none."""
_CUT = re.compile(r"\{\s*(?:[\"'“][^\"'“”{}\n:]*+[\"'”]?\s*)?\Z")
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
    """All outermost balanced `{...}` of a text that start like an object: with a key and a colon."""
    events = _Events(text)
    fragments: list[Fragment] = []
    unclosed: int | None = None
    resume = 0
    for index, kind in enumerate(events.kinds):
        start = events.places[index]
        if kind != "{" or start < resume:
            continue
        end = events.match[index]
        if end < 0:
            if events.keyed[index] or _CUT.match(text, start):
                unclosed = start
        elif events.keyed[index]:
            resume = events.places[end] + 1
            fragments.append(Fragment(start, resume, text[start:resume]))
    return Found(tuple(fragments), unclosed)


class _Events:
    """What can open or close something in a text, and what closes it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.kinds: list[str] = []
        """Their characters."""
        self.places: list[int] = []
        """Their offsets."""
        self._follows: list[str] = []
        """For a quote that can end a string the character after it, blanks aside."""
        for found in _EVENT.finditer(text):
            last = found.end() - 1
            kind = text[last] if text[last] in CLOSERS else found[0]
            self.kinds.append(kind)
            self.places.append(last if kind in CLOSERS else found.start())
            escaped = kind not in CLOSERS or (last - found.start()) % 2 == 1
            after = None if escaped else ENDS_STRING.match(text, last + 1)
            self._follows.append("" if after is None else after[0][-1:] or "\n")
        count = len(self.kinds)
        self._after = [-1] * count
        """For what opens a string or a comment that which ends it; for a brace its `}`."""
        self.match = self._after
        self.keyed = [False] * count
        """For a quote: it opens a string that a colon follows. For a `{`: a key and a colon follow."""
        self._link()

    def _link(self) -> None:
        """Works out all ends, from the last to the first.

        `close[i]` is the first `}` at or after event i that nothing after i opened, reading from i outside of strings.
        """
        close = [-1] * (len(self.kinds) + 1)
        closer = dict.fromkeys(CLOSERS, -1)
        line_end = block_end = brace = -1
        for index in range(len(self.kinds) - 1, -1, -1):
            kind = self.kinds[index]
            then = index
            if kind == "}":
                close[index] = index
                continue
            if kind == "{":
                then = close[index + 1]
                self.keyed[index] = self._key_follows(index)
                brace = index
            elif kind in closer:
                then = closer[kind]
                # Prose that names a quote goes on to an object on another line; a key has not both in it.
                prose = 0 <= line_end < then and 0 <= brace < then
                self.keyed[index] = then >= 0 and self._follows[then] == ":" and not prose
                if self._follows[index]:
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
            self._after[index] = then
            close[index] = close[then + 1] if then >= 0 else -1

    def _key_follows(self, index: int) -> bool:
        """A key and a colon follow an event, blanks and comments aside."""
        position = self.places[index] + 1
        for _ in range(_MAX_COMMENTS):
            position = _BLANKS.match(self._text, position).end()  # type: ignore[union-attr]
            while index < len(self.places) and self.places[index] < position:
                index += 1
            kind = self.kinds[index] if index < len(self.places) and self.places[index] == position else ""
            if kind in CLOSERS:
                return self.keyed[index]
            if kind not in _COMMENTS:
                return _BARE_KEY.match(self._text, position) is not None
            index = self._after[index]
            if index < 0:
                return False
            position = self.places[index] + len(self.kinds[index])
        return False
