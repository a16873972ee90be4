"""Finds the lines of a text that are Python, where code and prose stand side by side without fences."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.grading.extract.source import Reader, reads_as_prose
from harness.grading.extract.text import lines_of

MAX_MERGES = 50
"""How many pieces that end inside a string or bracket are joined with the pieces after them."""
MAX_MERGED = 400
"""Pieces joined to one."""
MAX_TEXT = 512 * 1024
"""Characters of a text that are looked at; models do not write more code than that in one reply."""

_CONTINUES = re.compile(r"(?:[)\]}]|(?:else|elif|except|finally)\b)")
_PROMPT = re.compile(r"^[ \t]{0,40}(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One top-level statement or line of prose, with the blank lines after it."""

    text: str
    tree: ast.Module | None


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring pieces that parse, words at either end left out."""

    text: str
    tree: ast.Module


def pieces(text: str, reader: Reader) -> list[Piece]:
    """The text, cut before every line that can start a top-level statement; statements cut in two are joined again."""
    parts = _split(text[:MAX_TEXT])
    found: list[Piece] = []
    merges = MAX_MERGES
    index = 0
    while index < len(parts):
        tree = reader.parse(parts[index])
        if tree is None and merges and _Balance().add(parts[index]):
            merges -= 1
            joined, stop = _joined(parts, index, reader)
            if joined is not None:
                found.append(joined)
                index = stop
                continue
        found.append(Piece(parts[index], tree))
        index += 1
    return found


def spans(text: str, reader: Reader) -> list[Span]:
    """Every longest run of neighbouring pieces that parse together."""
    found: list[Span] = []
    run: list[Piece] = []
    for piece in [*pieces(text, reader), Piece("", None)]:
        if piece.tree is not None:
            run.append(piece)
            continue
        span = _trimmed(run, reader)
        if span:
            found.append(span)
        run = []
    return found


def best(found: list[Span], fits: Callable[[ast.Module], bool]) -> Span | None:
    """The longest span that fits, the last of equally long ones."""
    return max((span for span in reversed(found) if fits(span.tree)), key=lambda span: len(span.text), default=None)


def without_prompts(text: str) -> str:
    """The input lines of an interpreter transcript, without their prompts; empty if there are none."""
    if not _PROMPT.search(text):
        return ""
    lines = []
    for line in lines_of(text):
        stripped = line.lstrip(" \t")
        if stripped.startswith((">>>", "...")):
            lines.append(stripped[3:].removeprefix(" ") + "\n")
    return "".join(lines)


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    continued = _comments_within(lines)
    parts: list[list[str]] = [[]]
    pending = False  # the lines so far do not end a statement: a decorator, a backslash
    for index, line in enumerate(lines):
        starts = bool(line.strip()) and line[0] not in " \t" and not _CONTINUES.match(line) and not continued[index]
        if starts and not pending and parts[-1]:
            parts.append([])
        parts[-1].append(line)
        if line.strip():
            pending = line.endswith("\\") or line.startswith("@")
    joined = ["\n".join(part) for part in parts]
    return [part + "\n" for part in joined[:-1]] + joined[-1:]


def _comments_within(lines: list[str]) -> list[bool]:
    """For each line, whether it is a comment at the margin with an indented line after it: inside a body, that is."""
    within = [False] * len(lines)
    indented = False
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line.startswith("#"):
            within[index] = indented
        elif line.strip():
            indented = line[0] in " \t"
    return within


@dataclass(slots=True)
class _Balance:
    """Triple quotes and brackets counted so far. Strings and comments are not told apart: a guess worth one parse."""

    double: int = 0
    single: int = 0
    brackets: int = 0

    def add(self, text: str) -> bool:
        """Count a text; whether what was counted so far plausibly ends inside a string or brackets."""
        self.double += text.count('"""')
        self.single += text.count("'''")
        self.brackets += sum(text.count(mark) for mark in "([{") - sum(text.count(mark) for mark in ")]}")
        return bool(self.double % 2 or self.single % 2) or self.brackets > 0


def _joined(parts: list[str], index: int, reader: Reader) -> tuple[Piece | None, int]:
    """The pieces from `index` on that together parse, and where they end."""
    balance = _Balance()
    for stop in range(index, min(index + MAX_MERGED, len(parts))):
        if not balance.add(parts[stop]):
            text = "".join(parts[index : stop + 1])
            tree = reader.parse(text)
            return (Piece(text, tree) if tree is not None else None), stop + 1
    return None, index


def _trimmed(run: list[Piece], reader: Reader) -> Span | None:
    first, last = 0, len(run)
    while first < last and _is_words(run[first].tree):
        first += 1
    while last > first and _is_words(run[last - 1].tree):
        last -= 1
    text = "".join(piece.text for piece in run[first:last])
    tree = reader.parse(text) if text.strip() else None
    if tree is None or not tree.body:
        return None
    return Span(text, tree)


def _is_words(tree: ast.Module | None) -> bool:
    return tree is not None and bool(tree.body) and all(reads_as_prose(statement) for statement in tree.body)
