"""What is done to every text before anything is looked for in it."""

from __future__ import annotations

import re

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with lone surrogates replaced by U+FFFD and pairs of them joined, so that it can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", _PAIR.sub(_joined, text))
    return text


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def clean(text: str) -> str:
    """A reply or file as it is read from here on: encodable, no byte order mark, lines end in LF."""
    return encodable(text).removeprefix("\ufeff").replace("\r\n", "\n")


def lines_of(text: str) -> list[str]:
    """The lines without their ends; a last line break does not start another line.

    Not `str.splitlines`, which also splits at form feeds and U+2028 and would change code that contains them.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def with_newline(text: str) -> str:
    """The text without blank lines at its start, ending in exactly one line break."""
    lead = len(text) - len(text.lstrip(" \t\n"))
    start = text.rfind("\n", 0, lead) + 1
    return text[start:].rstrip() + "\n"
