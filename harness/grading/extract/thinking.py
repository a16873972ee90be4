"""Cuts a model's thinking out of the text of its reply."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from harness.grading.extract.fences import Block, scan

_NAMES = "think|thinking|thought|reasoning"
_TAG = re.compile(rf"<(?P<slash>/?)(?:{_NAMES})>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply's text without thinking."""

    text: str
    thinking: bool = False
    """Something was cut out."""
    unclosed: bool = False
    """The thinking never ended: whatever answer it was to lead to is not there."""


def strip_thinking(text: str) -> Answer:
    """Cut `<think>...</think>` and its spellings, what is before a lone `</think>`, what follows an unclosed `<think>`.

    A tag counts where a model's thinking puts it: an opening tag at the start of a line outside code blocks, a lone
    closing tag alone on its line, or at either end of a line outside code blocks. So code that handles such tags
    stays as it is.
    """
    tags = list(_TAG.finditer(text))
    if not tags:
        return Answer(text)
    start = _after_leading(text, tags)
    if start is None:
        return Answer("", thinking=True, unclosed=True)
    body = text[start:]
    cut = start > 0
    tags = list(_TAG.finditer(body))
    if not tags:
        return Answer(body, thinking=cut)
    blocks = scan(body)
    starts = [block.start for block in blocks]
    lone = _last_lone(body, tags, blocks, starts)
    if lone:
        body, cut = body[lone:], True
        tags = list(_TAG.finditer(body))
        blocks = scan(body) if tags else []
        starts = [block.start for block in blocks]
    kept, more, unclosed = _cut_later(body, tags, blocks, starts)
    return Answer(kept, thinking=cut or more, unclosed=unclosed)


def _after_leading(text: str, tags: list[re.Match[str]]) -> int | None:
    """Offset after the thinking at the start of the text, 0 without any, None if it never ends."""
    position = 0
    following = iter(tags)
    for tag in following:
        if tag["slash"] or text[position : tag.start()].strip():
            break
        closing = next((later for later in following if later["slash"]), None)
        if closing is None:
            return None
        position = closing.end()
    return position


def _inside(offset: int, blocks: list[Block], starts: list[int]) -> bool:
    index = bisect_right(starts, offset) - 1
    return index >= 0 and offset < blocks[index].end


def _line(text: str, tag: re.Match[str]) -> tuple[str, str]:
    """What stands before and after a tag on its line. 200 characters a side at most: lines can be long."""
    before = text[max(0, tag.start() - 200) : tag.start()].rpartition("\n")[2]
    after = text[tag.end() : tag.end() + 200].partition("\n")[0]
    return before.strip(), after.strip()


def _last_lone(text: str, tags: list[re.Match[str]], blocks: list[Block], starts: list[int]) -> int:
    """Offset after the last closing tag that no opening tag of its own precedes; 0 without one."""
    found, depth = 0, 0
    for tag in tags:
        before, after = _line(text, tag)
        fenced = _inside(tag.start(), blocks, starts)
        if not tag["slash"]:
            depth += not before and not fenced
        elif depth:
            depth -= 1
        elif (not before and not after) or (not fenced and (not before or not after)):
            found = tag.end()
    return found


def _cut_later(text: str, tags: list[re.Match[str]], blocks: list[Block], starts: list[int]) -> tuple[str, bool, bool]:
    """Cut thinking that starts in the middle: the text that is left, whether any was cut, whether it never ended."""
    kept: list[str] = []
    position = 0
    opened: int | None = None
    for tag in tags:
        if opened is None and not tag["slash"]:
            if not _line(text, tag)[0] and not _inside(tag.start(), blocks, starts):
                opened = tag.start()
        elif opened is not None and tag["slash"]:
            kept.append(text[position:opened])
            position, opened = tag.end(), None
    if opened is not None:
        return "".join([*kept, text[position:opened]]), True, True
    return "".join([*kept, text[position:]]), bool(kept), False
