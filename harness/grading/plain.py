"""What can be counted and found in plain text: words, sentences, numbers, phrases, Markdown, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex
    from markdown_it import MarkdownIt

_EVENED = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "″": '"', "‐": "-", "‑": "-", "–": "-",
     "—": "-", "−": "-", "…": "...", "\u00ad": "", "\u200b": "", "\u2060": "",
     "\ufeff": ""}
)  # fmt: skip
_UNSEEN = str.maketrans("", "", "\u00ad\u200b\u2060\ufeff")
_TITLES = frozenset(["mr", "mrs", "ms", "dr", "prof", "st", "vs", "jr", "sr", "approx"])
"""What a full stop can follow without ending a sentence, whatever comes next."""
_BEFORE_A_NUMBER = frozenset(["no", "nr", "fig"])
_SHORT = frozenset(["etc", "e.g", "i.e", "a.m", "p.m", "inc", "ltd"])
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_WIDE_END = re.compile("[。！？]+[」』”’）]*")
_NUMBER = re.compile(
    r"(?<![\w./])(?P<sign>[-+]?)(?:(?P<whole>\d+) +)?(?P<top>\d+) ?/ ?(?P<bottom>\d+)(?![\w/])"
    r"|(?<![\w.])(?P<plain>[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\.\d+)"
)
LOOKED_AT = 20_000
"""Characters that are searched for Markdown: a reply that has none in so many has none."""


def evened(text: str) -> str:
    """Text to compare by: lower case, straight quotes, plain dashes, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_EVENED).casefold().split())


def holds(text: str, phrase: str) -> bool:
    """Whether a phrase stands in a text that is evened already, as whole words and whole numbers.

    `dog` stands in `the dog's`, `can` not in `can't`; `5` in `is 5.` and `3-5`, not in `3.5`, `5,000` or `-5`.
    """
    wanted = evened(phrase)
    return bool(wanted) and _whole(wanted).search(text) is not None


@lru_cache(maxsize=1024)
def _whole(wanted: str) -> regex.Pattern[str]:
    import regex

    # Underscores beside a word are emphasis, unless they hold two parts of a name together.
    begins = r"(?<!\p{M})(?<![^\W_]_{0,3})" if wanted[0].isalnum() else ""
    begins += r"(?<!\d[.,])(?<!(?<![\w)\]])-)" if wanted[0].isdigit() else ""
    # A mark belongs to the letter before it: `e` does not stand in `é`, however that is written.
    ends = r"(?!\p{M})"
    if regex.fullmatch(r"[\w\p{M}]", wanted[-1]):
        ends += r"(?!_{0,3}[^\W_])(?!'(?!s\b)[^\W\d_])"
    ends += r"(?![.,]\d)" if wanted[-1].isdigit() else ""
    return regex.compile(begins + regex.escape(wanted) + ends)


@cache
def _word() -> regex.Pattern[str]:
    import regex

    alone = r"\p{Han}\p{Hiragana}\p{Katakana}"
    run = rf"[[\w\p{{M}}]--[{alone}]]++"
    joint = r"['’@\-‐‑/]|(?<=\d)[.,:](?=\d)"
    return regex.compile(rf"https?://\S+|(?:\b[^\W\d_]\.){{2,}}|[{alone}]|{run}(?:(?:{joint}){run})*", regex.V1)


def words(text: str) -> int:
    """Words as people count them: `don't`, `well-known`, `and/or`, `3.5`, `U.S.A.`, an address are one, a lone dash is
    none; where words are not set apart, as in Chinese, every character is one."""
    return sum(1 for _ in _word().finditer(text.translate(_UNSEEN)))


def sentences(text: str) -> int:
    """Ends of sentences by punctuation, by empty lines and by the end of a list's item.

    Abbreviations, initials, decimals and `...` within one are none, nor is the mark of an item (`1.`).
    """
    count = 0
    for paragraph in re.split(r"\n\s*\n", _ITEM.sub("\n\n", text)):
        tokens = _WIDE_END.sub(r"\g<0> ", paragraph).split()
        open_end = False
        for token, following in zip(tokens, [*tokens[1:], ""], strict=False):
            bare = token.rstrip("\"'”’)]}*_")
            if bare.endswith((".", "!", "?", "…", "。", "！", "？")) and _ends(bare, following):
                count += 1
                open_end = False
            elif any(character.isalnum() for character in token):
                open_end = True
        count += open_end
    return count


def _ends(token: str, following: str) -> bool:
    if not any(character.isalnum() for character in token):
        return False
    if not token.endswith((".", "…")):
        return True
    word = token.rstrip(".…").lstrip("\"'“‘([{").casefold()
    if token.endswith(("...", "…")):
        return not following[:1].islower()
    if word in _TITLES or (len(word) == 1 and word.isalpha() and word != "i"):
        return not following
    if word in _BEFORE_A_NUMBER:
        return not following[:1].isdigit()
    if word in _SHORT or _INITIALS.fullmatch(word):
        # They can stand at the end too: the next word tells.
        return not following[:1].islower() and word not in ("e.g", "i.e")
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
        tokens = _parser().parse(_NO_EMPHASIS.sub(_kept, text[:LOOKED_AT]))
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


_NO_EMPHASIS = re.compile(r"(?<=\w)\*(?=\w)|(?<![\w`])__[a-z][a-z0-9_]*__(?!\w)")
"""`5*3*2` and `__init__`: CommonMark sees emphasis there, people do not."""


def _kept(found: re.Match[str]) -> str:
    return re.sub(r"[*_]", r"\\\g<0>", found[0])


_BLOCKS = {
    "heading_open": "heading", "fence": "code block", "bullet_list_open": "list", "blockquote_open": "quote",
    "hr": "rule", "table_open": "table",
}  # fmt: skip
_SPANS = {"strong_open": "bold", "em_open": "emphasis", "s_open": "strike", "code_inline": "code", "image": "image",
          "link_open": "link"}  # fmt: skip


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Four spaces in front of a line are no code block to people, and no tag is Markdown.
    return (
        MarkdownIt("commonmark", {"html": False})
        .enable(["table", "strikethrough"])
        .disable(["code", "html_block", "autolink"])
    )


@cache
def _emoji() -> regex.Pattern[str]:
    import regex

    # Unicode TR 51: what is a picture by itself unless it is asked to be a letter (VS15), what is asked to be a picture
    # (VS16), keycaps. So ©, ™, → and ✓ are letters. Linear, which searches for whole sequences are not.
    return regex.compile(r"\p{Emoji_Presentation}(?!\ufe0e)|[0-9#*]\ufe0f?\u20e3|(?![0-9#*])\p{Emoji}\ufe0f")


def emoji_in(text: str) -> str:
    """The first emoji of a text; empty for none. Signs that are letters to people (©, ®, ™, →) are none."""
    found = _emoji().search(text)
    return found[0] if found else ""
