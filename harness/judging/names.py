"""Texts without the names of models: those of the catalogue, those that everybody knows.

How a name is looked for depends on what else it may mean:

distinct   `zephyrus-9b`: a word of its own; masked wherever it stands, with whatever version follows
stem       `zephyrus` of the same: likewise, but never in the statements of a program
id         `o4-mini`, `R1`, `my-model`, `模型-甲`: letters with digits, parts with separators, letters beyond ASCII;
           masked in prose in any case and with any separators, in the statements of a program only as it is written
plain      `fast`, `m`, `2`, `=2+3`, stems that are words (`solar`, `phi`): masked only where a text speaks of itself
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from operator import itemgetter

from harness.config import ModelProfile
from harness.judging import known
from harness.judging.ordinary import GRAMMAR, NAMESAKES
from harness.judging.passages import INLINE, LITERAL, QUOTED, SENTENCE, TEMPLATE, apart, blocks
from harness.judging.speaking import NOBODY_ELSE, called, labelled, made, namely, pattern, plain_places
from harness.judging.spelling import (
    ENDS,
    SOLID_TAIL,
    STARTS,
    TAIL,
    UNCOUNTED,
    any_of,
    forms,
    is_id,
    loosely,
    namesakes,
    spellings,
    spelt,
    stands_in_code,
    tells,
    versioned,
)

MASK = "[name]"

_WELL_KNOWN = re.compile(rf"\b(?:{known.AMBIGUOUS})(?![^\W\d_])", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"(?<![\w/.@-])(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co|ollama\.com|openrouter\.ai)/)?"
    r"(?P<who>[^\W_][\w.-]{0,40}+)/(?P<what>\w[\w:-]{0,80}+(?:\.[\w:-]{1,40}+){0,4}+)(?![\w/-])"
)
"""`org/name`, as models are published."""
_FILE = re.compile(r"\.(?:py|md|[jt]sx?|json|ya?ml|txt|html?|css|c|h|cc|cpp|rs|go|java|sh|toml|csv|png|jpe?g|ipynb)\Z")


class Names:
    """The names that a judge must not read, and the texts without them."""

    def __init__(self, profiles: Iterable[ModelProfile]) -> None:
        """`profiles`: every model there is a name of, whether it takes part or not."""
        profiles = list(profiles)
        given = _all(name for profile in profiles for name in _names(profile))
        stems = [name for name in _all(_stems(given)) if name not in given]
        formed = [name for name in given if tells(name) or is_id(name)]
        begun = [name for name in stems if tells(name) or is_id(name)]
        plain = [name for name in given if name not in formed and re.search(r"[^\W_]", name)]
        words = [name for name in plain if re.fullmatch(r"\w+", name)]
        signs = any_of(spelt(name) for name in plain if name not in words)
        more = [name for name in [*formed, *begun] if versioned(name)]
        tailed = any_of((tokens for name in more for tokens in spellings(name)), known.KNOWN)
        others = any_of(tokens for name in formed if name not in more for tokens in spellings(name))
        # What may be longer comes first: no name of the others begins as one of these.
        names = (
            rf"(?:{tailed}){UNCOUNTED}{TAIL}(?:(?<=[- ]r)\+(?![\w+]))?"
            rf"|(?:{known.VERSIONED}){TAIL}{known.UNCALLED}|(?:{others}){UNCOUNTED}"
        )
        variables = _all(_untagged(profiles))
        written = [name for name in given if name not in variables]
        whole = any_of(spelt(name) for name in written if tells(name))
        exact = any_of(spelt(name) for name in written if name in formed and is_id(name) and stands_in_code(name))
        coded = rf"(?:{whole}){SOLID_TAIL}|(?-i:{exact})"
        before, after = rf"{STARTS}(?P<before>_{{0,3}})", rf"(?P=before){ENDS}"
        self._prose, self._code = pattern(before, names, after), pattern(before, coded, after)
        alike = {name for name in words if name.lower() in NAMESAKES}
        told = any_of(map(spelt, {*alike, *set(stems) - set(begun)}), known.AMBIGUOUS)
        makers = any_of(loosely(maker) for maker in _all(_publishers(given)))
        loose = any_of(loosely(name) for name in more if not tells(name))
        labels = any_of(map(spelt, _all(_labels(given))))
        self._own = re.compile(rf"\b(?:{labels})(?![^\W\d_])", re.IGNORECASE)
        self._label, self._entry = labelled(labels)
        self._made = tuple(made(names, told, makers))
        self._told, self._namely = re.compile(told, re.IGNORECASE), tuple(namely(told, makers))
        self._itself = (
            *called(rf"{names}|(?:{loose}){TAIL}", signs),
            *self._namely,
            *_plainly([name for name in words if name.lower() not in NAMESAKES], told),
            *self._made,
        )
        self._kept = lru_cache(maxsize=8)(self._mentioned)

    def masked(self, text: str, topic: str = "", *, program: bool = False) -> str:
        """`text` without names; those that `topic`, the task's own text, mentions are what it is about, and stay,
        except where the text calls itself so. `program`: the text is source code, as fenced blocks always are."""
        kept, said = self._kept(topic), set[str]()
        parts = [(True, text)] if program else list(blocks(self._unlabelled(self._label, text, kept)))
        done = [(code, (self._in_code if code else self._in_prose)(part, kept, said)) for code, part in parts]
        more = [name for name in said if name[0].isupper() and _folded(name) not in kept]
        return "".join(_again(code, part, more) if more else part for code, part in done)

    def _in_prose(self, text: str, kept: frozenset[str], said: set[str]) -> str:
        text = self._unlabelled(self._entry, text, kept)
        text = self._unsaid(self._unpublished(text, kept), said)

        def inline(code: str) -> str:
            found = self._without(self._prose, code, kept)
            return found if found.strip("` ") == MASK else self._in_code(code, kept, said)

        return apart(INLINE, text, inline, lambda part: self._without(self._prose, part, kept))

    def _in_code(self, text: str, kept: frozenset[str], said: set[str]) -> str:
        """An id is looked for in comments and strings as in prose, in statements only as the catalogue writes it: with
        a model `R1`, `r1 = 5` is a variable. `for i, phi in ...` is no self-introduction: it takes a comment, a string,
        or a line that begins as no statement does."""

        def speech(part: str) -> str:
            return self._without(self._prose, self._unsaid(self._unpublished(part, kept), said), kept)

        def template(found: re.Match[str]) -> str:
            return f"`{self._unsaid(found[0][1:-1], set())}`"

        def statement(part: str) -> str:
            return self._without(self._code, part, kept)

        return apart(
            LITERAL,
            TEMPLATE.sub(template, SENTENCE.sub(lambda line: speech(line[0]), text)),
            lambda part: statement(part) if part[0].isalpha() else speech(part),
            statement,
        )

    def _unpublished(self, text: str, kept: frozenset[str]) -> str:
        """The text without ids of models as they are published. Who published one tells of it, too."""

        def masked(found: re.Match[str]) -> str:
            what = self._without(self._prose, found["what"], kept)
            one = what == MASK or (what != found["what"] and re.search(r"\d", found["what"]))
            return MASK if one and not _FILE.search(found["what"]) else found[0]

        return _PUBLISHED.sub(masked, text) if "/" in text else text

    def _unlabelled(self, label: re.Pattern[str], text: str, kept: frozenset[str]) -> str:
        """The text without labels. Who is spoken of elsewhere no label tells: what has one may be explained."""

        def masked(found: re.Match[str]) -> str:
            own = map(_folded, self._own.findall(found["name"]))
            return found[0] if kept.issuperset(own) else found["before"] + MASK

        return label.sub(masked, text)

    def _unsaid(self, text: str, said: set[str]) -> str:
        """The text without what it calls itself, which is put to `said`, except where it quotes somebody. Code spans
        are left alone, but for those that are but the name."""
        told = self._told.search(text)
        for place in self._itself:
            if place in self._namely and not told:
                continue
            if place.search(text):
                spans, quoted = ([span.span() for span in part.finditer(text)] for part in (INLINE, QUOTED))
                more = set[str]() if place in self._made else said
                text = place.sub(partial(_named, text, spans, quoted, more), text)
        return text

    def _without(self, looked_for: re.Pattern[str], text: str, kept: frozenset[str]) -> str:
        def masked(found: re.Match[str]) -> str:
            return found[0] if kept and _folded(found["name"]) in kept else f"{found['before']}{MASK}{found['before']}"

        return looked_for.sub(masked, text)

    def _mentioned(self, topic: str) -> frozenset[str]:
        """The names in a task's text, and their beginnings: where it says Qwen2.5, an answer may say Qwen."""
        found: set[str] = set()
        for name in self._prose.finditer(topic):
            parts = re.findall(r"[^\W\d_]+|\d+", name["name"].lower())
            found.update("".join(parts[:count]) for count in range(1, len(parts) + 1))
        found.update(map(_folded, (*_WELL_KNOWN.findall(topic), *self._own.findall(topic))))
        return frozenset(found)


def _named(
    text: str, spans: list[tuple[int, int]], quoted: list[tuple[int, int]], said: set[str], found: re.Match[str]
) -> str:
    start, end = found.span("name")
    span = _around(spans, start)
    if span and (found.start() >= span[0] or text[span[0] : span[1]].strip("`\"'*_ ") != found["name"]):
        return found[0]
    if not _around(quoted, found.start()):
        said.update(_WELL_KNOWN.findall(found["name"]))
    return found["before"] + MASK + text[end : found.end()]


def _around(spans: list[tuple[int, int]], position: int) -> tuple[int, int] | None:
    """The span that the position is in."""
    index = bisect(spans, position, key=itemgetter(0)) - 1
    return spans[index] if index >= 0 and position < spans[index][1] else None


def _again(code: bool, text: str, said: list[str]) -> str:
    """The text without names it calls itself by elsewhere: of those that everybody knows, where they are written with
    the same capital; elsewhere, as in statements, they mean something else."""
    place = pattern(r"(?P<before>(?<![-\w]))", rf"(?-i:{any_of(map(spelt, said))}){TAIL}", ENDS + NOBODY_ELSE)

    def without(part: str) -> str:
        return place.sub(MASK, part)

    return apart(LITERAL, text, without, str) if code else apart(INLINE, text, str, without)


def _plainly(words: list[str], told: str) -> Iterator[re.Pattern[str]]:
    bare = [name for name in words if name.isdecimal() or name.lower() in GRAMMAR]
    return plain_places(
        any_of(spelt(name) for name in words if name not in bare), any_of(spelt(name) for name in bare), told
    )


def _names(profile: ModelProfile) -> Iterable[str]:
    """What a model is called: in the catalogue, on its server, and in its family."""
    last = profile.model.rpartition("/")[2]
    bare = _bare(profile.model)
    return (profile.name, profile.model, last, last.partition(":")[0], bare, bare.partition(":")[0], profile.family)


def _bare(name: str) -> str:
    """A name without who publishes or serves the model: of `google/gemma-3` and `us.amazon.nova-pro` what comes last,
    unless that says nothing."""
    last = name.rpartition("/")[2]
    bare = re.sub(r"^(?:[^\W\d_]+\.)+(?=[^\W\d_])", "", last)
    return bare if versioned(bare) else last


def _publishers(names: Iterable[str]) -> Iterator[str]:
    """Who publishes or serves models: words that answers need (`amazon`, `azure`, `perplexity`), and no names."""
    for name in names:
        for word in re.split(r"[/.]", name.removesuffix(_bare(name))):
            if versioned(word):
                yield word


def _untagged(profiles: Iterable[ModelProfile]) -> Iterator[str]:
    """Beginnings of ids that a variable may be called, too: of `olmo2:7b` the `olmo2`."""
    for profile in profiles:
        begun, tag, _ = _bare(profile.model).partition(":")
        # A family that is called so makes a name of it.
        if tag and re.fullmatch(r"[^\W\d]\w*\d", begun) and begun != profile.family:
            yield begun


def _stems(names: Iterable[str]) -> Iterator[str]:
    """Beginnings of names: the first word, and all words before a version; and words that models are called by. Of two
    letters or of grammar they say nothing, and well-known ones have rules of their own."""
    for name in names:
        bare = _bare(name)
        first = re.split(r"[\d.:@_-]", bare, maxsplit=1)[0]
        for word in {first, *namesakes(bare)}:
            if len(word) > 2 and word.isalpha() and word.lower() not in GRAMMAR and not _WELL_KNOWN.fullmatch(word):
                yield word
        words = re.match(r"[^\W\d]+(?:[-_:@/][^\W\d_]+)+(?=[-_:@/]v?\d)", name)
        if words and versioned(words[0]):
            yield words[0]


def _labels(names: Iterable[str]) -> Iterator[str]:
    """Names that are words, too, by which a label may call a model: of `nova-lite` the first, of `command-r` none."""
    for name in names:
        bare = _bare(name)
        yield from _WELL_KNOWN.findall(bare)
        first = re.split(r"[\d.:@_]|-(?!\w\b)", bare, maxsplit=1)[0]
        if first.lower() in NAMESAKES:
            yield first


def _all(names: Iterable[str]) -> list[str]:
    return sorted({form for name in names if name.strip() for form in forms(name.strip())})


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())
