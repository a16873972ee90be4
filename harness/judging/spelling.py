"""How names of models are written, as patterns: ends of a name, separators between its parts, what may follow it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from harness.judging.ordinary import NAMESAKES, ORDINARY

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts that put no blanks between words (or particles right behind them): no end of a name is seen there."""
WORD = rf"[^\W{UNSPACED}]"
STARTS = rf"(?:(?<!{WORD})(?<!\d[.,](?=\d))|(?=[{UNSPACED}]))"
ENDS = rf"(?:(?!{WORD}|(?<=\d)[.,]\d)|(?<=[{UNSPACED}]))"
MARKS = r"[\"'*_`“‘]*"
BLANK = r"[ \u00a0]"
SOLID = r"[-_:/.@\u2010-\u2015]"
"""Between parts that are all ordinary words: `my model` and `mymodel` are no name."""
SEPARATOR = r"[-_:/.@ \u00a0\u2010-\u2015]?"
POINT = r"[-_:/.@ \u00a0\u2010-\u2015]"
"""Between two numbers, which run together without: 4.5 is `4-5`, never 45."""

_STOP = rf"(?=_{{0,3}}(?!{WORD}))"
_RANK = (
    "opus|sonnet|haiku|flash|ultra|nano|turbo|mini|nemo|coder|instruct|lite|pro|omni|distill|scout|maverick|"
    "nemotron|advanced"
)
_CAPITAL = (
    "Large|Medium|Small|Tiny|Base|Chat|Code|Vision|Thinking|Reasoning|Reasoner|Math|Preview|Instant|Air|Max|Plus|High|"
    "Llama|Qwen|Lightning|Fast|Exp|Experimental|Latest|Next|Oss|OSS|VL|MoE|It"
)
COUNTED = "times|years?|days?|hours?|minutes?|seconds?|weeks?|months?|tokens?|questions?|points?|percent|of"
_NUMBER = r"v?\d+(?:\.\d+)*+(?:x\d+)?[a-z]{0,2}"
_CHUNK = (
    r"[-:/](?!(?:based|compatible|like|style|powered|generated|trained|specific|family|models?)\b)"
    r"[a-z0-9]+(?:[._][a-z0-9]+)*"
)
UNCOUNTED = rf"(?:(?<!{BLANK}\d)(?<!{BLANK}\d\d)|(?!{BLANK}(?:{COUNTED})\b))"
"""Behind a name: "a GLM 4 times" has none that ends with a number."""
RANK = rf"(?:{_RANK}|large|medium|small|instant|preview|chat)"
"""Words of rank that make of a number a version."""
TAIL = (
    rf"(?>(?:[-_]?|{BLANK}){_NUMBER}{_STOP}(?!{BLANK}(?:{COUNTED})\b)"
    rf"|(?:[-_:]|{BLANK})(?:{_RANK}|r\d|(?-i:{_CAPITAL}))\+?{_STOP}"
    rf"|{_CHUNK}{_STOP})*"
)
"""Version, size and rank behind the name of a family: ` 2.5 Coder 7B`. A word that is ordinary, too, has a capital.
There is one way to read each, so that a name that ends amiss is given up at once."""
SOLID_TAIL = rf"(?>[-_]?{_NUMBER}{_STOP}|{_CHUNK}{_STOP})*"
"""The same in a program, where a blank ends a name."""
LONGEST = 200
"""Characters of a name whose beginning is looked for together with that of others."""

_Tree = dict[str, "_Tree"]


def forms(name: str) -> Iterable[str]:
    """Letters with accents are written in one character or in two."""
    return {unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}


def tells(name: str) -> bool:
    """Whether a name in a text can only mean the model."""
    words = re.findall(r"[a-z]+", name.lower()) if name.isascii() else []
    return len(name) >= 3 and any(
        len(word) > 2 and not {word, word.removesuffix("s")} & (ORDINARY | NAMESAKES) for word in words
    )


def is_id(name: str) -> bool:
    """Whether a name has a form that words have not."""
    letters = [letter for letter in unicodedata.normalize("NFC", name) if letter.isalpha()]
    mixed = any(letter.isdecimal() for letter in name) or re.search(r"[^\W_][-_:][^\W_]", name)
    return bool(letters) and bool(mixed or not all(map(str.isascii, letters)))


def stands_in_code(name: str) -> bool:
    """Whether an id, as it stands, is a name and no part of a program: `m-1`, `phi-1`, `phi4`, `my_id` are not."""
    first, *others = re.split(r"[-_:]", name.lower())
    short = re.compile(r"[a-z]{1,2}|\d+")
    sum_like = (first in NAMESAKES or short.fullmatch(first)) and others and all(map(short.fullmatch, others))
    variable = re.fullmatch(r"([a-z]+)\d+", name.lower())
    if variable and variable[1] in NAMESAKES:
        return False
    return not sum_like and bool(re.search(r"\d|[^\W_][-:][^\W_]|[^\x00-\x7f]", name))


def spelt(name: str) -> list[str]:
    """A name exactly as it stands, as tokens of a pattern."""
    return [re.escape(name)] if len(name) > LONGEST else [re.escape(letter) for letter in name]


def versioned(name: str) -> bool:
    """Whether more of a name may follow this one: of `Solar 10.7B`, but of no `R1`."""
    return tells(name) or bool(namesakes(name))


def namesakes(name: str) -> set[str]:
    """The words of a name that models are called by and that mean something else."""
    return set(re.findall(r"[^\W\d_]+", name.lower())) & NAMESAKES


def spellings(name: str) -> Iterator[list[str]]:
    """A name with any separators between its parts, as tokens of a pattern, and as it stands.

    What has the same beginning has the same tokens there, so that of two names the longer is found.
    """
    parts = _parts(name)
    # Abbreviations: with a number behind them `glm 5` and `gpt 4` mean nothing else.
    if not all(len(part) == 1 or part.isdecimal() or part in (ORDINARY | NAMESAKES) - {"glm", "gpt"} for part in parts):
        tokens = _joined(parts, SEPARATOR)
        yield tokens
        if re.fullmatch("".join(tokens), name, re.IGNORECASE):
            return
    elif len(parts) > 1:
        yield _joined(parts, SOLID)
        if namesakes(name):
            # `Stable Code` is a name, `stable code` is none.
            yield _joined([part.capitalize() for part in parts], SEPARATOR)
            yield _joined([part.upper() for part in parts], SEPARATOR)
    yield spelt(name.lower())


def loosely(name: str) -> list[str]:
    """An id with blanks between its parts, however it is written: for where a text speaks of itself."""
    return _joined(_parts(name), SEPARATOR)


def any_of(names: Iterable[list[str]], *more: str) -> str:
    """A pattern of any of the names, longest first; common beginnings are tried once, however many names there are."""
    tree: _Tree = {}
    for tokens in names:
        node = tree
        for token in tokens:
            node = node.setdefault(token, {})
        node[""] = {}
    return "|".join(part for part in (_branches(tree), *more) if part) or r"(?!)"


def _branches(node: _Tree) -> str:
    branches = [token + _branches(inner) for token, inner in sorted(node.items()) if token]
    if len(branches) == 1 and "" not in node:
        return branches[0]
    return f"(?:{'|'.join(branches)})" + ("?" if "" in node else "") if branches else ""


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[-_:/@\s]+|\.(?!\d)|(?<!\d)\.", name.lower()) if part]


def _joined(parts: Iterable[str], separator: str) -> list[str]:
    tokens: list[str] = []
    before = ""
    for part in parts:
        # In `glm5` and `7.5` another part begins, in `r1` none.
        for index, piece in enumerate(re.split(r"(?<=[^\W\d_]{3})(?=\d)|(?<=\d)\.(?=\d)", part)):
            if before:
                tokens.append(_between(before, piece, SEPARATOR if index else separator))
            tokens += _letters(piece)
            before = piece
    return tokens


def _between(before: str, after: str, separator: str) -> str:
    if before[-1].isdecimal() and after[0].isdecimal():
        return SOLID if separator == SOLID else POINT
    # `glm5` is written for `glm-5`; `judge2` is not written for `judge-2`.
    return f"{SOLID}?" if separator == SOLID and before in NAMESAKES and after[0].isdecimal() else separator


def _letters(piece: str) -> list[str]:
    """A part that is given with a capital has one."""
    return [f"(?-i:{letter})" if letter.isascii() and letter.isupper() else re.escape(letter) for letter in piece]
