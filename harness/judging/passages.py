"""Which parts of a text are prose, and which are statements, comments and strings of a program."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n?", re.MULTILINE)
_PROSE = re.compile(r"(?:te?xt|plain(?:text)?|md|markdown|rst)\b.*", re.IGNORECASE)
SENTENCE = re.compile(r"^[ \t]*(?:(?:I['’]m|I am|My name is|Hello|Hi)\b|__author__\s?=)[^\n]*", re.MULTILINE)
"""A line of prose in a block, or a file, of code, and one that says whose it is."""
TEMPLATE = re.compile(r"(?<=[=(,:+?\s])`[^`\n]*+`")
"""A string of JavaScript: what it computes is a statement, but it may speak."""
INLINE = re.compile(r"`[^`\n]+`")
QUOTED = re.compile(
    r"(?<![\w\"])\"(?=[^\s\"])[^\"\n]*+\"|(?<![\w'])'(?=[^\s'])(?:[^'\n]|(?<=\w)'(?=\w))*+'|“[^“”\n]*+”|«[^«»\n]*+»"
    r"|„[^„“”\n]*+[“”]|「[^「」\n]*+」"
)
"""What somebody else says, or a string of a program; a docstring, in three marks, is none."""
LITERAL = re.compile(
    # What a module is called is part of a statement; it begins with a letter, as nothing else here does.
    r"\b(?:(?:from|import)\s?+|(?:require|import)\s?+\()(?:'[@\w./-]*+'|\"[@\w./-]*+\")|"
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?"
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|'(?:[^'\\\n]++|\\.)*+'?"
    r"|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|#[^\n]*|(?:^|[;{},])[ \t]*(?://|--)[^\n]*",
    re.MULTILINE | re.DOTALL,
)
"""Strings and comments of most languages, and names of modules that are written as strings."""


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    """The text in its order, and of each part whether it is a fenced block."""
    position, fence, prose = 0, "", False
    for line in _FENCE.finditer(text):
        if not fence:
            yield False, text[position : line.end()]
            position, fence = line.end(), line["fence"]
            prose = _PROSE.fullmatch(line["info"].strip()) is not None
        elif line["fence"].startswith(fence) and not line["info"].strip():
            yield not prose, text[position : line.start()]
            position, fence = line.start(), ""
    yield bool(fence) and not prose, text[position:]


def apart(special: re.Pattern[str], text: str, inside: Callable[[str], str], outside: Callable[[str], str]) -> str:
    """The text with what matches changed by one rule and what lies between by another."""
    done: list[str] = []
    position = 0
    for found in special.finditer(text):
        done += [outside(text[position : found.start()]), inside(found[0])]
        position = found.end()
    return "".join([*done, outside(text[position:])])
