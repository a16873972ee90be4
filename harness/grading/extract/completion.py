"""Reads a reply that goes on where a code prefix stopped, and does not know where to stop itself."""

from __future__ import annotations

import ast

from harness.grading.extract.goals import FunctionGoal
from harness.grading.extract.source import MAX_PARSE, Reader, defined, is_stub, needed
from harness.grading.extract.spans import Piece, pieces
from harness.grading.extract.text import with_newline

MAX_TRIMS = 60
"""Lines taken off the end of a body that does not parse, one try each."""
_INDENT = "    "


def continued(entry: str, prefix: str, answer: str, reader: Reader) -> tuple[str, str] | None:
    """`prefix` and as much of the answer as belongs to the function; None if the answer does not continue it.

    Taken are what comes up to the end of the function, and of the top-level statements after it those that
    parse and that the function needs. The rest is the model writing on.
    """
    ways = [(prefix + answer, "")]
    if not FunctionGoal(entry).starts(answer):
        ways += _indented(prefix, answer)
    found = [(_function(entry, text, prefix, reader), note) for text, note in ways]
    # The first that loses nothing, or else the one that keeps most.
    best, note = max(found, key=lambda way: (way[0][1], 0 if way[0][1] else len(way[0][0])) if way[0] else (False, 0))
    if best is None:
        return None
    kept, whole = best
    left_out = "" if whole else ", what follows it left out"
    return with_newline(kept), f"the prompt's code and the reply as its continuation{note}{left_out}"


def _indented(prefix: str, answer: str) -> list[tuple[str, str]]:
    """Ways to give a body back what a server or model took off its start: the line break, the indentation."""
    body = answer.lstrip("\n")
    first = body.partition("\n")[0]
    if not prefix.rstrip().endswith(":") or not first.strip():
        return []
    head = prefix.rstrip() + "\n"
    if first[0] in " \t":
        return [(head + body, "")]
    every = "\n".join(_INDENT + line if line.strip() else line for line in body.split("\n"))
    return [(f"{head}{_INDENT}{body}", ", its first line indented"), (f"{head}{every}", ", indented")]


def _function(entry: str, text: str, prefix: str, reader: Reader) -> tuple[str, bool] | None:
    """The text up to the end of the function, and whether nothing but blank lines was left out."""
    start = text[:MAX_PARSE]
    parts = _repaired(pieces(start, reader), entry, len(prefix), reader)
    at = next((i for i, part in enumerate(parts) if part.tree is not None and entry in defined(part.tree)), None)
    if at is None or any(part.tree is None for part in parts[:at]):
        return None
    tree = parts[at].tree
    if tree is None or is_stub(tree, entry):
        return None
    kept = [part.text for part in parts[: at + 1]]
    kept += _wanted(entry, parts[at + 1 :], tree)
    result = "".join(kept)
    return result, not text.replace(result, "", 1).strip()


def _wanted(entry: str, later: list[Piece], tree: ast.Module) -> list[str]:
    """Of the statements after the function, up to the first that does not parse, those it needs, directly or not."""
    usable: list[tuple[Piece, set[str], set[str]]] = []
    for piece in later[:200]:
        if piece.tree is None or entry in defined(piece.tree):
            break
        usable.append((piece, defined(piece.tree), needed(piece.tree)))
    missing = needed(tree)
    chosen: set[int] = set()
    while True:
        more = [i for i, (_, names, _) in enumerate(usable) if i not in chosen and names & missing]
        if not more:
            return [usable[i][0].text for i in sorted(chosen)]
        for i in more:
            chosen.add(i)
            missing |= usable[i][2]


def _repaired(parts: list[Piece], entry: str, fixed: int, reader: Reader) -> list[Piece]:
    """The pieces, the end cut off the one that holds the function if that makes it parse."""
    offset = 0
    goal = FunctionGoal(entry)
    for index, part in enumerate(parts):
        if part.tree is None and goal.starts(part.text):
            lines = part.text.split("\n")
            least = part.text[: max(0, fixed - offset)].count("\n")
            for stop in range(len(lines) - 1, max(least, len(lines) - 1 - MAX_TRIMS), -1):
                text = "\n".join(lines[:stop]) + "\n"
                tree = reader.parse(text)
                if tree is not None:
                    return [*parts[:index], Piece(text, tree), Piece("\n".join(lines[stop:]), None)]
            return parts
        offset += len(part.text)
    return parts
