"""What can be counted and found in plain text: words, sentences, numbers, phrases, Markdown, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_EVENED = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "‐": "-", "‑": "-", "–": "-",
     "—": "-", "−": "-", "…": "...", "\u00ad": "", "\u200b": "", "\ufeff": ""}
)  # fmt: skip
_NOT_AN_END = frozenset(
    ("mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "fig", "jr", "sr", "a.m", "p.m", "approx")
)
"""What a full stop can follow without ending a sentence."""
_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-+]?)(?:(?P<whole>\d+) +)?(?P<top>\d+) ?/ ?(?P<bottom>\d+)(?![\w/])"
    r"|(?<![\w.])(?P<plain>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\.\d+)"
)
LOOKED_AT = 20_000
"""Characters that are searched for Markdown: a reply that has none in so many has none."""


def evened(text: str) -> str:
    """Text to compare by: lower case, straight quotes, plain dashes, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_EVENED).casefold().split())


def holds(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text that is evened already, as whole words."""
    wanted = evened(phrase)
    start = 0
    while (at := text.find(wanted, start)) >= 0:
        end = at + len(wanted)
        begins = at == 0 or not (_letter(text[at - 1]) and _letter(wanted[0]))
        ends = end == len(text) or not (_letter(text[end]) and _letter(wanted[-1]))
        if begins and ends:
            return True
        start = at + 1
    return False


def _letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def words(text: str) -> int:
    """What stands between spaces and has a letter or a digit: `don't` and `well-known` are one, a lone dash is none."""
    return sum(any(character.isalnum() for character in item) for item in text.split())


def sentences(text: str) -> int:
    """Ends of sentences by punctuation and by empty lines; abbreviations, decimals and `...` within one are none."""
    count = 0
    for paragraph in re.split(r"\n\s*\n", text):
        tokens = paragraph.split()
        open_end = False
        for place, token in enumerate(tokens):
            bare = token.rstrip("\"'”’)]}*_")
            following = tokens[place + 1] if place + 1 < len(tokens) else ""
            if bare.endswith((".", "!", "?", "…")) and _ends(bare, following):
                count += 1
                open_end = False
            elif any(character.isalnum() for character in token):
                open_end = True
        count += open_end
    return count


def _ends(token: str, following: str) -> bool:
    if not any(character.isalnum() for character in token):
        return False
    if token.endswith(("!", "?")):
        return True
    word = token.rstrip(".…").lstrip("\"'“‘([{").casefold()
    if token.endswith(("...", "…")):
        return not following[:1].islower()
    if word in _NOT_AN_END or (len(word) == 1 and word.isalpha() and word != "i"):
        return not following
    return True


def numbers(text: str) -> Iterator[float]:
    """The numbers of a text in order: thousands by comma, decimals, exponents, fractions (`3/4`, `1 3/4`)."""
    for found in _NUMBER.finditer(text.translate(_EVENED)):
        if found["plain"] is not None:
            yield float(found["plain"].replace(",", ""))
        elif int(found["bottom"][:300]):
            whole, top, bottom = (float(found[name] or 0) for name in ("whole", "top", "bottom"))
            yield (whole + top / bottom) * (-1 if found["sign"] == "-" else 1)


def markdown(text: str) -> str:
    """What Markdown a text uses, in one word: `heading`, `list`, ...; empty for none."""
    try:
        tokens = _parser().parse(text[:LOOKED_AT])
    except (ValueError, RecursionError):
        return ""
    items = 0
    for token in tokens:
        if token.type in _BLOCKS:
            return _BLOCKS[token.type]
        items += token.type == "list_item_open"
        if token.type == "ordered_list_open":
            # A sentence that begins with a year is none.
            items += 1 if int(token.attrGet("start") or 1) <= 1 else 0
        for child in token.children or ():
            if child.type in _SPANS:
                return _SPANS[child.type]
    return "list" if items > 1 else ""


_BLOCKS = {
    "heading_open": "heading", "fence": "code block", "bullet_list_open": "list", "blockquote_open": "quote",
    "hr": "rule", "table_open": "table",
}  # fmt: skip
_SPANS = {"strong_open": "bold", "em_open": "emphasis", "s_open": "strike", "code_inline": "code", "image": "image",
          "link_open": "link"}  # fmt: skip


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Four spaces in front of a line are no code block to people, and no tag is Markdown.
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["code", "html_block"])


def emoji_in(text: str) -> str:
    """The first emoji of a text; empty for none. Signs that are letters to people (©, ®, ™) are none."""
    import emoji

    for found in emoji.emoji_list(text):
        if found["emoji"] not in ("©", "®", "™"):
            return str(found["emoji"])
    return ""
