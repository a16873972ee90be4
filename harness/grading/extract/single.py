"""Finds the one file a function, program or write_tests task asks for in an answer's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.grading.extract import spans
from harness.grading.extract.fences import Block, outside, scan
from harness.grading.extract.goals import FunctionGoal, Goal, ProgramGoal, Source
from harness.grading.extract.source import Reader, has_definition, reads_as_prose
from harness.grading.extract.text import with_newline

# Labels of blocks that are never the answer to a task that names no function, even if they happen to parse.
_OTHER_LANGUAGES = frozenset(
    {
        "bash",
        "sh",
        "shell",
        "zsh",
        "console",
        "terminal",
        "powershell",
        "cmd",
        "bat",
        "text",
        "txt",
        "plaintext",
        "plain",
        "output",
        "stdout",
        "json",
        "jsonl",
        "yaml",
        "yml",
        "toml",
        "ini",
        "csv",
        "xml",
        "html",
        "css",
        "sql",
        "diff",
        "patch",
        "markdown",
        "md",
        "rst",
        "log",
        "javascript",
        "js",
        "typescript",
        "ts",
        "java",
        "c",
        "cpp",
        "c++",
        "go",
        "rust",
        "ruby",
    }
)
MAX_OTHERS = 100
"""Blocks beside the chosen one that are asked for what it needs."""


@dataclass(frozen=True, slots=True)
class Found:
    """The file, or why there is none."""

    text: str | None
    choice: str
    blocks: Sequence[Block] = ()
    prose: bool = False
    """There is text beside the code."""


def find(goal: Goal, answer: str, reader: Reader) -> Found:
    """The part of an answer that is meant as the solution. `docs/answers.md` states the rules in this order."""
    tree = reader.parse(answer)
    if tree is not None and goal.fits(tree) and not (reads_as_prose(tree.body[0]) or reads_as_prose(tree.body[-1])):
        return Found(with_newline(answer), f"the whole reply: it {goal.what}")
    blocks = scan(answer)
    parts = outside(answer, blocks)
    prose = any(part.strip() for part in parts)
    sources = [_source(block, number, goal, reader) for number, block in enumerate(blocks, 1)]
    found = (
        _from_complete(goal, sources, blocks, reader)
        or _from_transcript(goal, sources, reader)
        or _from_other_language(goal, sources, blocks)
        or _from_prose(goal, parts, reader, fenced=bool(blocks))
        or _from_broken(goal, sources, blocks)
        or _from_wrong_name(goal, sources, blocks)
        or _from_broken_prose(goal, parts, reader)
    )
    if found is None:
        return Found(None, _nothing(goal, blocks), blocks, prose)
    text, choice = found
    unfenced = not blocks and text.strip() != answer.strip()
    return Found(with_newline(text), choice, blocks, prose if blocks else unfenced)


_Choice = tuple[str, str] | None


def _source(block: Block, number: int, goal: Goal, reader: Reader) -> Source:
    text = block.text
    tree = reader.parse(text) if text.strip() else None
    if tree is None and not block.closed and block.maybe_python:
        # Nobody knows where an unclosed block ends: prose after the code is cut off, code that was cut off stays.
        span = spans.best(spans.spans(text, reader), goal.fits)
        if span is not None and not goal.starts(text.replace(span.text, "", 1)):
            text, tree = span.text, span.tree
    return Source(text, tree, number, block.language)


def _from_complete(goal: Goal, sources: list[Source], blocks: list[Block], reader: Reader) -> _Choice:
    usable = [source for source, block in zip(sources, blocks, strict=True) if block.maybe_python]
    fitting = [source for source in usable if source.tree is not None and goal.fits(source.tree)]
    if not fitting:
        return None
    chosen = goal.pick(fitting)
    broken = [source for source in _broken(goal, sources, blocks) if len(source.text) > 2 * len(chosen[0].text)]
    if isinstance(goal, ProgramGoal) and broken:
        return None  # the script itself does not parse; what parses is an aside
    parts = _with_needed(chosen, [source for source in usable if source.tree is not None], reader)
    names = ", ".join(str(source.number) for source in parts)
    if len(parts) > 1:
        text = "".join(source.text for source in parts)
        return text, f"blocks {names} of {len(sources)} joined: together they are the code"
    if len(sources) == 1:
        return chosen[0].text, f"the only block: it {goal.what}"
    others = f", {goal.which} of {len(fitting)} that do" if len(fitting) > 1 else ""
    return chosen[0].text, f"block {names} of {len(sources)}: it {goal.what}{others}"


def _with_needed(chosen: list[Source], usable: list[Source], reader: Reader) -> list[Source]:
    """The chosen blocks and, in the order of the reply, the other ones that define what they use and do not define."""
    taken = {source.number: source for source in chosen}
    first = chosen[0].number
    bound: set[str] = set()
    missing: set[str] = set()
    for source in chosen:
        bound |= source.names
        missing |= source.needs
    # Nearest before the answer first, then what comes after it.
    others = [source for source in usable if source.number not in taken]
    others.sort(key=lambda source: (source.number > first, abs(source.number - first)))
    del others[MAX_OTHERS:]
    index = 0
    while index < len(others):
        names = others[index].names
        if names & (missing - bound) and not names & bound:
            source = others.pop(index)
            taken[source.number] = source
            bound |= names
            missing |= source.needs
            index = 0  # what was passed over may be needed now
        else:
            index += 1
    parts = [taken[number] for number in sorted(taken)]
    # Joining must not break the code: a `from __future__` that is no longer first does.
    if len(parts) > 1 and reader.parse("".join(source.text for source in parts)) is None:
        return chosen
    return parts


def _from_transcript(goal: Goal, sources: list[Source], reader: Reader) -> _Choice:
    for source in reversed(sources):
        text = spans.without_prompts(source.text)
        tree = reader.parse(text) if text else None
        if tree is not None and goal.fits(tree) and has_definition(tree):
            return text, f"block {source.number} of {len(sources)}: a session that {goal.what}, prompts removed"
    return None


def _from_other_language(goal: Goal, sources: list[Source], blocks: list[Block]) -> _Choice:
    named = not isinstance(goal, ProgramGoal)
    fitting = [
        source
        for source, block in zip(sources, blocks, strict=True)
        if source.tree is not None and goal.fits(source.tree) and not block.maybe_python
        if named or source.label not in _OTHER_LANGUAGES
    ]
    if not fitting:
        return None
    source = goal.pick(fitting)[-1]
    return source.text, f"block {source.number} of {len(sources)}: labelled {source.label[:30]!r}, but it {goal.what}"


def _from_prose(goal: Goal, parts: list[str], reader: Reader, *, fenced: bool) -> _Choice:
    if fenced and isinstance(goal, ProgramGoal):
        return None  # a stray word beside the blocks is no program
    candidates = [
        span
        for part in parts
        if part.strip()
        for span in spans.spans(part, reader)
        if goal.fits(span.tree) and (isinstance(goal, FunctionGoal) or not goal.starts(part.replace(span.text, "", 1)))
    ]
    if not candidates:
        return None
    picked = goal.pick([Source(span.text, span.tree, number) for number, span in enumerate(candidates, 1)])
    where = "the lines beside the blocks that are" if fenced else "the lines that are"
    return "".join(source.text for source in picked), f"{where} Python: the longest part that {goal.what}"


def _broken(goal: Goal, sources: list[Source], blocks: list[Block]) -> list[Source]:
    broken = [source for source in sources if source.tree is None and goal.starts(source.text)]
    return [source for source in broken if blocks[source.number - 1].maybe_python]


def _from_broken(goal: Goal, sources: list[Source], blocks: list[Block]) -> _Choice:
    broken = _broken(goal, sources, blocks)
    if not broken:
        return None
    source = goal.pick(broken)[-1]
    cut = "" if blocks[source.number - 1].closed else ", and its fence was never closed"
    return source.text, f"block {source.number} of {len(sources)} as it is: it does not parse{cut}"


def _from_wrong_name(goal: Goal, sources: list[Source], blocks: list[Block]) -> _Choice:
    pairs = zip(sources, blocks, strict=True)
    others = [source for source, block in pairs if block.maybe_python and source.tree and has_definition(source.tree)]
    if not others:
        return None
    source = others[-1]
    return (
        source.text,
        f"block {source.number} of {len(sources)}: no block {goal.what}, it is the last that defines something",
    )


def _from_broken_prose(goal: Goal, parts: list[str], reader: Reader) -> _Choice:
    for part in reversed(parts):
        if not goal.starts(part):
            continue
        pieces = spans.pieces(part, reader)
        first = next((i for i, piece in enumerate(pieces) if goal.starts(piece.text)), None)
        if first is None:
            continue
        while first and pieces[first - 1].tree is not None and pieces[first - 1].text.strip():
            first -= 1
        text = "".join(piece.text for piece in pieces[first:])
        return text, "the reply from its first line of code on, as it is: it does not parse"
    for part in parts:
        for span in reversed(spans.spans(part, reader)):
            if has_definition(span.tree):
                return span.text, f"the lines that are Python: nothing {goal.what}, this is what is defined"
    return None


def _nothing(goal: Goal, blocks: Sequence[Block]) -> str:
    if not blocks:
        return f"no code: nothing in the reply {goal.what}"
    return f"no code to run: none of {len(blocks)} blocks {goal.what}"
