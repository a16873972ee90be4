"""Finds fenced code blocks the way models write them, which is not the way CommonMark defines them.

By CommonMark's rules a block ends at the first bare fence, also inside a docstring, an unclosed block runs to the end
of the text, and one missing fence costs the rest of a reply. Here a fence line with a language after it starts a block
even if the one before was never closed, and a bare fence inside an open triple-quoted string or inside a Markdown
file's own example does not end the block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MAX_FENCES = 5_000
"""Fence lines looked at; what follows belongs to the block or prose that is open then."""
MAX_RETRIES = 50
"""How often a fence that was held to be content is taken to be the end after all."""

PYTHON = frozenset({"python", "py", "python3", "py3", "python2", "python-repl", "ipython", "pycon"})
MARKDOWN = frozenset({"markdown", "md", "mdx", "rst"})

# Every repetition is bounded or of one class followed by a different one, so a line is read in linear time.
_FENCE = re.compile(
    r"^(?P<lead>[ \t>]{0,40}(?:(?:[-*+]|\d{1,3}[.)])[ \t]{1,4})?)(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE
)
_WORD = re.compile(r"[\w+#.\-]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a text."""

    text: str
    """What is between the fences, every line ended; empty for an empty block."""
    info: str
    """What follows the opening fence, stripped."""
    start: int
    """Offset of the opening fence's line in the text."""
    end: int
    """Offset after the closing fence's line."""
    closed: bool

    @property
    def language(self) -> str:
        """First word of the info string in lower case, `{.python}` without its decoration; empty if there is none."""
        words = self.info.replace("{", " ").replace("}", " ").replace(":", " ").replace(",", " ").split()
        word = words[0].lstrip(".").lower() if words else ""
        return "" if "=" in word else word

    @property
    def is_python(self) -> bool:
        """Labelled as Python, or with the name of a Python file."""
        return self.language in PYTHON or self.language.endswith(".py")

    @property
    def maybe_python(self) -> bool:
        """Python, or not labelled at all."""
        return not self.language or self.is_python


def scan(text: str) -> list[Block]:
    """All blocks of a text, in order, in linear time."""
    return _Scanner(text).blocks() if "```" in text or "~~~" in text else []


def outside(text: str, blocks: list[Block]) -> list[str]:
    """The text between the blocks: one part before each of them and one after the last."""
    edges = [0, *(edge for block in blocks for edge in (block.start, block.end)), len(text)]
    return [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]


@dataclass(slots=True)
class _Open:
    """The block being read."""

    at: re.Match[str]
    nested: int = 0
    """Fences open inside a Markdown file or a string."""
    counted: int = 0
    """Offset up to which quotes were counted."""
    double: int = 0
    single: int = 0


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.fences = list(islice(_FENCE.finditer(text), MAX_FENCES))
        self.retries = MAX_RETRIES

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        index = 0
        while index < len(self.fences):
            fence = self.fences[index]
            if _is_inline(fence):
                found += _inline_block(fence)
                index += 1
                continue
            block, index = self._read(index)
            found.append(block)
        return found

    def _read(self, index: int) -> tuple[Block, int]:
        """The block that opens at fence `index`, and the index to go on with."""
        opened = _Open(at=self.fences[index], counted=self.fences[index].end())
        held: int | None = None
        for i, kind in self._relevant(index):
            fence = self.fences[i]
            if self._in_string(opened, fence.start()):
                # Fences in a string come in pairs. A second opening one shows that the first was this block's end.
                if kind == "open" and opened.nested:
                    break
                opened.nested = 0 if opened.nested else 1
            elif kind == "open" and not _is_markdown(opened.at):
                return self._block(opened.at, fence.start(), fence.start(), closed=False), i
            elif kind == "open":
                opened.nested += 1
                continue
            elif opened.nested and _is_markdown(opened.at):
                opened.nested -= 1
            else:
                return self._block(opened.at, fence.start(), fence.end() + 1, closed=True), i + 1
            held = i if held is None else held
        if held is not None and self.retries:
            # The string or example never ended: the first fence inside it was the end of the block.
            self.retries -= 1
            fence = self.fences[held]
            if self._closes(opened.at, fence) == "close":
                return self._block(opened.at, fence.start(), fence.end() + 1, closed=True), held + 1
            return self._block(opened.at, fence.start(), fence.start(), closed=False), held
        return self._block(opened.at, len(self.text), len(self.text), closed=False), len(self.fences)

    def _relevant(self, index: int) -> Iterator[tuple[int, str]]:
        # Once the retries are used up nothing is held any more, so each fence is looked at once more at most.
        for i in range(index + 1, len(self.fences)):
            kind = self._closes(self.fences[index], self.fences[i])
            if kind:
                yield i, kind

    def _closes(self, opening: re.Match[str], fence: re.Match[str]) -> str:
        """`close`, `open` (a new block starts) or nothing: what a fence line means inside a block."""
        mark, info = fence["mark"], fence["info"].strip()
        if mark[0] != opening["mark"][0] or len(mark) < len(opening["mark"]) or mark[0] in info:
            return ""
        if len(fence["lead"]) > len(opening["lead"]) + 3:
            return ""
        return "open" if info and _is_info(info) else "close"

    def _in_string(self, opened: _Open, upto: int) -> bool:
        """Whether an odd number of triple quotes stands between the opening fence and `upto`, in Python."""
        # Whoever chose a longer fence chose it for what is inside.
        if not self.retries or not _is_python(opened.at) or len(opened.at["mark"]) > 3:
            return False
        opened.double += self.text.count('"""', opened.counted, upto)
        opened.single += self.text.count("'''", opened.counted, upto)
        opened.counted = upto
        return bool(opened.double % 2 or opened.single % 2)

    def _block(self, opening: re.Match[str], stop: int, end: int, *, closed: bool) -> Block:
        body = self.text[min(opening.end() + 1, stop) : stop]
        if body and not body.endswith("\n"):
            body += "\n"
        return Block(
            text=_dedent(body, opening["lead"]),
            info=opening["info"].strip(),
            start=opening.start(),
            end=min(end, len(self.text)),
            closed=closed,
        )


def _is_info(info: str) -> bool:
    """A label, and not a sentence that was written on the closing fence's line."""
    words = info.split()
    if "=" in info or info.startswith("{"):
        return True
    return len(words) <= 2 and bool(_WORD.match(words[0].lstrip("./")))


def _is_python(opening: re.Match[str]) -> bool:
    words = opening["info"].split()
    return bool(words) and (words[0].lower() in PYTHON or words[0].endswith(".py"))


def _is_markdown(opening: re.Match[str]) -> bool:
    words = opening["info"].split()
    return bool(words) and (words[0].lower() in MARKDOWN or words[-1].rstrip("\"'").endswith(".md"))


def _is_inline(fence: re.Match[str]) -> bool:
    """A line such as ```` ```x = 1``` ````, or one that only mentions fences."""
    return fence["mark"][0] == "`" and "`" in fence["info"]


def _inline_block(fence: re.Match[str]) -> list[Block]:
    """The block of a line that opens and closes a fence; none if the line is something else."""
    inner = fence["info"].rstrip()
    code = inner.removesuffix(fence["mark"])
    if code == inner or not code.strip() or "`" in code:
        return []
    first, _, rest = code.strip().partition(" ")
    info = first if first.lower() in PYTHON and rest else ""
    return [Block(f"{rest if info else code.strip()}\n", info, fence.start(), fence.end(), closed=True)]


def _dedent(body: str, lead: str) -> str:
    """Take off the quote marks and the indentation that the opening fence has too."""
    if not lead or not body:
        return body
    lines = body.split("\n")
    if ">" in lead:
        lines = [_unquote(line, lead.count(">")) for line in lines]
        lead = lead.rpartition(">")[2].removeprefix(" ")
    width = len(lead)
    # A model that indents its fence and not the code means the code as it stands.
    if all(not line[:width].strip(" \t") for line in lines if line.strip()):
        lines = [line[width:] if line.strip() else line for line in lines]
    return "\n".join(lines)


def _unquote(line: str, depth: int) -> str:
    for _ in range(depth):
        stripped = line.lstrip(" \t")
        if not stripped.startswith(">"):
            return line
        line = stripped[1:].removeprefix(" ")
    return line
