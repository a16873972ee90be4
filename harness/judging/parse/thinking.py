"""Cuts a judge's thinking away, so that a verdict it only considered is never read.

`grading.extract` cuts what stands where models put their thinking, and spares code that is about such tags. A judge
writes no code: here every tag counts that is not inside a JSON object or named in quotes. The price of a wrong guess is
a verdict that is missing, and not one that was never given.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from harness.grading.extract.thinking import Answer, strip_thinking
from harness.judging.parse.fragments import scan
from harness.judging.parse.repair import load

CUT = "\x1f"
"""Left where thinking stood between other text. An object that has it was put together by the cutting, and nobody wrote
it so. It is a blank, for JSON as repaired and wherever texts are compared."""

_NAMES = (
    r"(?:seed:|ant)?(?:think|thinking|thoughts?|thought_process|reasoning|reason|reflection|scratchpad|analysis|reflect|"
    r"inner_monologue)"
)
# Possessive: how many blanks follow is settled at once. Backtracking over them takes time by their square.
_TAG = re.compile(
    rf"""<\s*+(?P<slash>/?)\s*+{_NAMES}(?:\s[^<>\n]{{0,80}})?>
       | \[(?P<square>/?)(?:THINK|THINKING|REASONING)\]
       | ◁(?P<kimi>/?)think(?:ing)?▷
       | <\|(?P<edge>begin|end|start)_(?:of_)?(?:thought|thinking|reasoning)\|>
       | <\|(?P<bar>/?)think(?:ing)?\|>
       | <\|(?:channel\|>\s*+(?P<channel>\w++)(?:[^<>\n]|<\|constrain\|>){{0,80}}<\|message)\|>""",
    re.VERBOSE | re.IGNORECASE,
)
_OPENING = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
"""The tags that open what `strip_thinking` cuts."""
_BARE_CHANNELS = re.compile(r"analysis(?=[A-Z\"'{]).*assistantfinal", re.DOTALL)
"""gpt-oss through servers that drop its markers and keep their words."""


def strip(text: str) -> Answer:
    """The reply without thinking, with CUT where some stood in it."""
    text = text.replace(CUT, " ")
    bare = _BARE_CHANNELS.match(text)
    if bare:
        return Answer(text[bare.end() :], thinking=True)
    if re.match(r"analysis[A-Z]", text):
        return Answer("", thinking=True, unclosed=True)
    answer = strip_thinking(_OPENING.sub(lambda tag: CUT + tag[0], text))
    # Where the tag is still there nothing was cut.
    left = re.sub(f"{CUT}(?={_OPENING.pattern})", "", answer.text, flags=re.IGNORECASE)
    answer = Answer(left, answer.thinking, answer.unclosed)
    if answer.unclosed or not _TAG.search(answer.text):
        return answer
    return _strictly(answer)


def _strictly(answer: Answer) -> Answer:
    text = answer.text
    objects = [fragment for fragment in scan(text).fragments if load(fragment.text) is not None]
    starts = [fragment.start for fragment in objects]
    kept: list[str] = []
    position = 0
    opened: int | None = None
    cut = answer.thinking
    for tag in _TAG.finditer(text):
        index = bisect_right(starts, tag.start()) - 1
        if (index >= 0 and tag.start() < objects[index].end) or _named(text, tag):
            continue
        cut = True
        if _opens(tag):
            opened = tag.start() if opened is None else opened
        elif opened is None:
            kept, position = [], tag.end()
        else:
            kept += [text[position:opened], CUT]
            position, opened = tag.end(), None
    if opened is not None:
        return Answer("".join([*kept, text[position:opened]]), thinking=True, unclosed=True)
    return Answer("".join([*kept, text[position:]]), thinking=cut)


def _opens(tag: re.Match[str]) -> bool:
    if tag["channel"]:
        return tag["channel"].lower() != "final"
    if tag["edge"]:
        return tag["edge"].lower() != "end"
    return not (tag["slash"] or tag["square"] or tag["kimi"] or tag["bar"])


def _named(text: str, tag: re.Match[str]) -> bool:
    """Talked about: between quotes or backticks."""
    before, after = text[tag.start() - 1 : tag.start()], text[tag.end() : tag.end() + 1]
    return (before, after) in {("`", "`"), ('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’")}
