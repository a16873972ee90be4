"""Texts without the names of models: those of the catalogue, those that everybody knows.

How a name is looked for depends on what else it may mean:

distinct   `zephyrus-9b`: a word of its own; masked wherever it stands, with whatever version follows
id         `o4-mini`, `R1`, `my-model`, `模型-甲`: letters with digits, parts with separators, letters beyond ASCII;
           masked in prose in any case and with any separators, in the statements of a program only as it is written
plain      `fast`, `m`, `2`, `=2+3`: masked only where a text speaks of itself
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from harness.config import ModelProfile
from harness.judging.ordinary import GRAMMAR, ORDINARY

MASK = "[name]"

KNOWN = (
    r"qwen|qwq|chatgpt|openai|anthropic|deepseek|smollm|mixtral|codestral|devstral|ministral|chatglm|internlm|nemotron|"
    r"starcoder|wizardlm|vicuna|tinyllama|codellama|codegemma|gpt(?=[- ]?\d)|llama(?=[- ]?\d)|gemma(?=[- ]?\d)|"
    r"phi(?=-\d)|claude(?=[- ](?:\d|sonnet|opus|haiku|instant))|gemini(?=[- ](?:\d|pro|flash|ultra|nano))|"
    r"mistral(?=[- ](?:\d|ai|large|small|nemo))|glm(?=-?\d)|grok(?=-\d)|kimi(?=[- ]?k\d)|granite(?=-\d)|"
    r"olmo(?=[- ]?\d)|command-r|hugging ?face|alibaba cloud|google deepmind|meta ai|moonshot ai|zhipu"
)
"""Names that mean nothing but a model or its maker."""
AMBIGUOUS = (
    r"gpt|llama|gemma|phi|claude|gemini|mistral|glm|grok|kimi|granite|olmo|falcon|yi|bard|copilot|jamba|nova|aya|ernie|"
    r"hunyuan|doubao|reka"
)
MAKERS = (
    r"google|meta|microsoft|alibaba|amazon|ibm|nvidia|cohere|xai|apple|baidu|tencent|bytedance|mistral|databricks|"
    r"stability ai|hugging ?face"
)
"""Names that are also animals, people or companies: masked only where a text speaks of itself."""
VERSION = r"(?:[-_ ]?v?\d+(?:\.\d+)*[a-z]{0,2}\b)?(?:[-:/][a-z0-9]+(?:[._][a-z0-9]+)*)*"
FILLER = (
    r"(?:(?:an?|the|your|ai|assistant|chat ?bot|bot|large|language|model|called|named|known|as|friendly|helpful)\b"
    r"[\s,:]*){0,6}"
    r"[\"'*_`“‘]*"
)
ITSELF = (
    r"(?P<before>\b(?:i['’]?m|i\s+am|my\s+name(?:['’]s|\s+is)|call\s+me|speaking\s+as|powered\s+by|based\s+on)\s+"
    + FILLER
    + ")"
)
MADE_BY = (
    r"(?P<before>\b(?:i|i['’]m|me|model|assistant)\b[^.\n!?]{0,80}?\b(?:developed|trained|created|made|built|designed|"
    r"fine-?tuned)\s+by\s+(?:the\s+)?(?:(?:team|people|researchers)\s+(?:at|of)\s+)?)"
)
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts that put no blanks between words (or particles right behind them): no end of a name is seen there."""
WORD = rf"[^\W{UNSPACED}]"
STARTS = rf"(?:(?<!{WORD})(?<!\d[.,](?=\d))|(?=[{UNSPACED}]))"
ENDS = rf"(?:(?!{WORD}|(?<=\d)[.,]\d)|(?<=[{UNSPACED}]))"
SEPARATOR = r"[-_:/.@ \u00a0\u2010-\u2015]?"
SOLID = r"[-_:/.@\u2010-\u2015]"
"""Between parts that are all ordinary words: `my model` and `mymodel` are no name."""
MARKS = r"[\"'*_`“‘]*"
SPEAKS = r"\b(?:i['’]?m|i\s+am|my\s+name(?:['’]s|\s+is)|call\s+me|speaking\s+as|also\s+known\s+as)\s+"
ROLE = (
    r"(?:(?:(?:an?|the|your|ai|large|language|friendly|helpful)\b[\s,:]*){0,6}"
    r"(?:called|named|known\s+as|model|assistant|chat ?bot|bot)\b[\s,:]+){0,3}" + MARKS
)
SENT = (
    r"\b(?:greetings|hello|hi|regards|answer|reply|response|message|solution|written|signed|sent|brought\s+to\s+you)"
    r"[\s,:]+(?:from|by)\s+" + MARKS
)
CLAUSE = r"(?=[\"'*_`”’]*\s*(?:[.,;:!?)\]…]|\Z|(?:and|but)\b))"
LONGEST = 200
"""Characters of a name whose beginning is looked for together with that of others."""

_Tree = dict[str, "_Tree"]

_FENCE = re.compile(r"^[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)\n?", re.MULTILINE)
_INLINE = re.compile(r"`[^`\n]+`")
_LITERAL = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?'
    r"|'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?"
    r'|"(?:[^"\\\n]++|\\.)*+"?'
    r"|'(?:[^'\\\n]++|\\.)*+'?"
    r"|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|#[^\n]*|(?:^|[;{},])[ \t]*(?://|--)[^\n]*",
    re.MULTILINE | re.DOTALL,
)
"""Strings and comments of most languages."""


class Names:
    """The names that a judge must not read, and the texts without them."""

    def __init__(self, profiles: Iterable[ModelProfile]) -> None:
        """`profiles`: every model there is a name of, whether it takes part or not."""
        given = sorted({form for profile in profiles for name in _names(profile) for form in _forms(name)})
        distinct = [name for name in given if _tells(name)]
        ids = [name for name in given if _is_id(name)]
        plain = [name for name in given if not _tells(name) and not _is_id(name) and re.search(r"[^\W_]", name)]
        words = [name for name in plain if re.fullmatch(r"\w+", name)]
        bare = [name for name in words if name.isdecimal() or name.lower() in GRAMMAR]
        words = [name for name in words if name not in bare]
        signs = [name for name in plain if not re.fullmatch(r"\w+", name)]
        models = rf"(?:{_any(map(_spelt, distinct), KNOWN)}){VERSION}"
        spoken = _any(part for name in ids for part in _spellings(name))
        exact = _any(_spelt(name) for name in ids if _stands_in_code(name))
        self._prose = _pattern(rf"{STARTS}(?P<before>_{{0,3}})", f"{models}|{spoken}", rf"(?P=before){ENDS}")
        self._code = _pattern(rf"{STARTS}(?P<before>_{{0,3}})", f"{models}|(?-i:{exact})", rf"(?P=before){ENDS}")
        literal = _any(map(_spelt, signs))
        self._itself = (
            _pattern(ITSELF, f"(?:{models}|(?:{AMBIGUOUS}){VERSION})|{spoken}|{literal}", ENDS),
            _pattern(
                rf"(?P<before>\bas\s+{FILLER})",
                f"(?:{models}|(?:{AMBIGUOUS}){VERSION})|{spoken}|{literal}",
                r"(?=,?\s+(?:i|my)\b)",
            ),
            _pattern(MADE_BY, f"(?:{models}|(?:{MAKERS}){VERSION})|{spoken}|{literal}", ENDS),
            _pattern(rf"(?P<before>(?:\b(?:this\s+is|from|by)\s+{MARKS}|{SPEAKS}{ROLE}))", literal, ENDS),
            *_plainly(_any(map(_spelt, words)), _any(map(_spelt, bare))),
        )
        self._kept = lru_cache(maxsize=8)(self._mentioned)

    def masked(self, text: str, topic: str = "", *, program: bool = False) -> str:
        """`text` without names; those that `topic`, the task's own text, mentions are what it is about, and stay,
        except where the text calls itself so. `program`: the text is source code, as fenced blocks always are."""
        for pattern in self._itself:
            text = pattern.sub(lambda found: found["before"] + MASK, text)
        kept = self._kept(topic)
        if program:
            return self._in_code(text, kept)
        return "".join(
            self._in_code(part, kept) if code else self._in_prose(part, kept) for code, part in _blocks(text)
        )

    def _in_prose(self, text: str, kept: frozenset[str]) -> str:
        def inline(code: str) -> str:
            found = self._without(self._prose, code, kept)
            return found if found.strip("` ") == MASK else self._in_code(code, kept)

        return _apart(_INLINE, text, inline, lambda part: self._without(self._prose, part, kept))

    def _in_code(self, text: str, kept: frozenset[str]) -> str:
        """An id is looked for in comments and strings as in prose, in statements only as the catalogue writes it: with
        a model `R1`, `r1 = 5` is a variable."""
        return _apart(
            _LITERAL,
            text,
            lambda part: self._without(self._prose, part, kept),
            lambda part: self._without(self._code, part, kept),
        )

    def _without(self, pattern: re.Pattern[str], text: str, kept: frozenset[str]) -> str:
        def masked(found: re.Match[str]) -> str:
            return found[0] if kept and _folded(found["name"]) in kept else f"{found['before']}{MASK}{found['before']}"

        return pattern.sub(masked, text)

    def _mentioned(self, topic: str) -> frozenset[str]:
        """The names in a task's text, and their beginnings: where it says Qwen2.5, an answer may say Qwen."""
        found: set[str] = set()
        for name in self._prose.finditer(topic):
            parts = re.findall(r"[^\W\d_]+|\d+", name["name"].lower())
            found.update("".join(parts[:count]) for count in range(1, len(parts) + 1))
        return frozenset(found)


def _plainly(words: str, bare: str) -> Iterator[re.Pattern[str]]:
    """Where a text calls itself by an ordinary word. "I am fast" is such a place if a model is called so, "a fast
    model" is none; of `a` or `2` only the end of a clause tells that it is a name."""
    yield _pattern(rf"(?P<before>{SPEAKS}{ROLE})", words, rf"(?!-?{WORD})")
    yield _pattern(rf"(?P<before>{SPEAKS}{ROLE})", bare, CLAUSE)
    either = f"{words}|{bare}"
    yield _pattern(rf"(?P<before>\bas\s+{ROLE})", either, r"(?=[\"'*_`”’]*,\s+(?:i|my)\b)")
    yield _pattern(rf"(?P<before>\bi,\s+{MARKS})", either, r"(?=[\"'*_`”’]*,\s)")
    yield _pattern(
        rf"(?P<before>\bthis\s+is\s+{MARKS})",
        either,
        r"(?=[\"'*_`”’]*,?\s+(?:speaking|here|answering|replying|responding|writing)\b)",
    )
    yield _pattern(rf"(?P<before>{SENT})", either, CLAUSE)


def _pattern(before: str, names: str, after: str) -> re.Pattern[str]:
    return re.compile(rf"{before}(?P<name>{names}){after}", re.IGNORECASE)


def _names(profile: ModelProfile) -> Iterable[str]:
    """What a model is called: in the catalogue, on its server, in its family, and that without a version."""
    last = profile.model.rpartition("/")[2]
    for name in (profile.name, profile.model, last, last.partition(":")[0], profile.family):
        if name.strip():
            yield name.strip()
            stem = re.split(r"[\d.:/@_-]", name, maxsplit=1)[0]
            if _tells(stem) and not re.fullmatch(AMBIGUOUS, stem, re.IGNORECASE):
                yield stem


def _forms(name: str) -> Iterable[str]:
    """Letters with accents are written in one character or in two."""
    return {unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)}


def _tells(name: str) -> bool:
    """Whether a name in a text can only mean the model."""
    words = re.findall(r"[a-z]+", name.lower()) if name.isascii() else []
    return len(name) >= 3 and any(len(word) > 2 and not {word, word.removesuffix("s")} & ORDINARY for word in words)


def _is_id(name: str) -> bool:
    """Whether a name has a form that words have not."""
    letters = [letter for letter in unicodedata.normalize("NFC", name) if letter.isalpha()]
    mixed = any(letter.isdecimal() for letter in name) or re.search(r"[^\W_][-_:][^\W_]", name)
    return bool(letters) and bool(mixed or not all(map(str.isascii, letters)))


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[-_:/@\s]+|\.(?!\d)|(?<!\d)\.", name.lower()) if part]


def _spellings(name: str) -> Iterator[list[str]]:
    """An id as it stands, and with other separators between its parts, as tokens of a pattern."""
    yield _spelt(name.lower())
    parts = _parts(name)
    ordinary = all(len(part) == 1 or part.isdecimal() or part in ORDINARY for part in parts)
    tokens: list[str] = []
    for part in parts:
        tokens += [SOLID if ordinary else SEPARATOR] if tokens else []
        # In `glm5` another part begins, in `r1` none.
        for index, piece in enumerate(re.split(r"(?<=[^\W\d_]{3})(?=\d)", part)):
            tokens += [*([SEPARATOR] if index else []), *_spelt(piece)]
    if len(parts) > 1 or SEPARATOR in tokens:
        yield tokens


def _stands_in_code(name: str) -> bool:
    """Whether an id, as it stands, is more likely a name than part of a program: `m-1` and `my_id` are not."""
    sum_like = re.fullmatch(r"(?:[a-z]{1,2}|\d+)(?:[-_:](?:[a-z]{1,2}|\d+))+", name.lower())
    return not sum_like and bool(re.search(r"\d|[^\W_][-:][^\W_]|[^\x00-\x7f]", name))


def _spelt(name: str) -> list[str]:
    return [re.escape(name)] if len(name) > LONGEST else [re.escape(letter) for letter in name]


def _any(names: Iterable[list[str]], more: str = "") -> str:
    """A pattern of any of the names, longest first; common beginnings are tried once, however many names there are."""
    tree: _Tree = {}
    for tokens in names:
        node = tree
        for token in tokens:
            node = node.setdefault(token, {})
        node[""] = {}
    return "|".join(part for part in (_branches(tree), more) if part) or r"(?!)"


def _branches(node: _Tree) -> str:
    branches = [token + _branches(inner) for token, inner in sorted(node.items()) if token]
    if len(branches) == 1 and "" not in node:
        return branches[0]
    return f"(?:{'|'.join(branches)})" + ("?" if "" in node else "") if branches else ""


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """The text in its order, and of each part whether it is a fenced block."""
    position, fence = 0, ""
    for line in _FENCE.finditer(text):
        if not fence:
            yield False, text[position : line.end()]
            position, fence = line.end(), line["fence"]
        elif line["fence"].startswith(fence) and not line["info"].strip():
            yield True, text[position : line.start()]
            position, fence = line.start(), ""
    yield bool(fence), text[position:]


def _apart(pattern: re.Pattern[str], text: str, inside: Callable[[str], str], outside: Callable[[str], str]) -> str:
    """The text with what matches changed by one rule and what lies between by another."""
    done: list[str] = []
    position = 0
    for found in pattern.finditer(text):
        done += [outside(text[position : found.start()]), inside(found[0])]
        position = found.end()
    return "".join([*done, outside(text[position:])])
