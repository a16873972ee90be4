"""Finds the files an answer to a workspace task changes, in every form models use to name them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from harness.grading.extract import paths
from harness.grading.extract.fences import Block, outside, scan
from harness.grading.extract.overlay import Change, Overlay, edit
from harness.grading.extract.patches import FileDiff, has_edits, parse_diff, parse_edits
from harness.grading.extract.source import Reader, has_definition
from harness.grading.extract.text import with_newline
from harness.tasks.globs import matches
from harness.types import Task

MAX_CHANGES = 1000
"""Changes looked at in one answer."""
LOOK_BACK = 12
"""Lines before a block in which its path may stand."""

_ELEMENT = re.compile(r"^[ \t]{0,8}<file\b(?P<attributes>[^>\n]{0,2000})>", re.MULTILINE)
_ELEMENT_END = re.compile(r"</file>")
_ATTRIBUTE = re.compile(r"\b(?:path|name|filename)[ \t]?=[ \t]?(?:\"([^\"\n]{0,1000})\"|'([^'\n]{0,1000})')")
_FENCE_LINE = re.compile(r"[ \t>]{0,40}(?:`{3,}|~{3,})(?P<info>[^\n`]{0,400})")
_GONE = re.compile(r"delet|remov", re.IGNORECASE)
_RAW_DIFF = re.compile(r"^(?:diff --git [^\n]{1,600}|--- [^\n]{1,300}\n\+\+\+ [^\n]{1,300})$", re.MULTILINE)
_SHELL = frozenset(
    {
        "bash",
        "sh",
        "shell",
        "zsh",
        "console",
        "terminal",
        "powershell",
        "cmd",
        "text",
        "txt",
        "plaintext",
        "output",
        "log",
    }
)


class Collector:
    """Reads one answer; `changes` is what it says, in order."""

    def __init__(self, task: Task, answer: str) -> None:
        self.task = task
        self.known = frozenset(task.workspace)
        self.changes: list[Change] = []
        self.nameless: list[Block] = []
        """Blocks that may be a file but do not say which."""
        self.refused: list[tuple[str, str]] = []
        self.blocks: list[Block] = []
        self.unclosed = False
        self.prose = False
        self._edited = ""
        self._elements(answer)

    def add(self, change: Change) -> None:
        """Note a change, as long as there are not too many."""
        if len(self.changes) < MAX_CHANGES:
            self.changes.append(change)
        else:
            self.refused.append((change.path, f"more than {MAX_CHANGES} changes"))

    def _elements(self, answer: str) -> None:
        """Take out `<file path="...">...</file>`, read the text around them."""
        opening = list(_ELEMENT.finditer(answer))
        endings = [match.start() for match in _ELEMENT_END.finditer(answer)]
        position = 0
        for index, element in enumerate(opening):
            if element.start() < position:
                continue
            path = _ATTRIBUTE.search(element["attributes"])
            if not path:
                continue
            following = opening[index + 1].start() if index + 1 < len(opening) else len(answer)
            at = bisect_left(endings, element.end())
            closed = at < len(endings)
            stop = endings[at] if closed else following
            self._edits(_without_fence_ends(answer[position : element.start()], first=position == 0))
            self._element(paths.normal(path[1] or path[2] or ""), element["attributes"], answer[element.end() : stop])
            self.unclosed = self.unclosed or not closed
            position = stop + len("</file>") if closed else stop
        self._edits(_without_fence_ends(answer[position:], last=True) if position else answer)

    def _element(self, path: str, attributes: str, content: str) -> None:
        content = content.removeprefix("\n")
        inner = scan(content)
        if len(inner) == 1 and not any(part.strip() for part in outside(content, inner)):
            content = inner[0].text
        if not content.strip() and _GONE.search(attributes):
            self.add(Change(path, "delete"))
        elif has_edits(content):
            for found in parse_edits(content):
                self.add(edit(path, found.search, found.replacement))
        else:
            self.add(Change(path, "whole", text=_ended(content)))

    def _edits(self, text: str) -> None:
        """Take out SEARCH/REPLACE blocks, fenced or not, read the text around them."""
        found = parse_edits(text)[:MAX_CHANGES] if has_edits(text) else []
        for number, change in enumerate(found):
            before = _without_fence_ends(change.before, first=number == 0)
            self._fences(before)
            path = self._edit_path(change.before, before) or self._edited or self._only_file_with(change.search)
            self._edited = path
            if path:
                self.add(edit(path, change.search, change.replacement))
            else:
                self.refused.append(("(unnamed)", "a SEARCH/REPLACE block that names no file"))
        rest = text[found[-1].end :] if found else text
        self._fences(_without_fence_ends(rest, last=True) if found else rest)

    def _edit_path(self, text: str, without_fence: str) -> str:
        last = text.rstrip().rpartition("\n")[2]
        fence = _FENCE_LINE.match(last)
        named = paths.of_info(fence["info"].strip(), self.known) if fence else None
        return named or self._heading(without_fence)[0] or self._mentioned(without_fence) or ""

    def _only_file_with(self, search: str) -> str:
        names = [name for name, text in self.task.workspace.items() if search.strip() and search in text]
        return names[0] if len(names) == 1 else ""

    def _fences(self, text: str) -> None:
        blocks = scan(text)
        parts = outside(text, blocks)
        self.blocks += blocks
        self.unclosed = self.unclosed or any(not block.closed for block in blocks)
        for part, block in zip(parts, [*blocks, None], strict=True):
            self._prose(part)
            if block is not None:
                self._block(block, part)

    def _prose(self, part: str) -> None:
        """Deletions and diffs that stand outside blocks."""
        seen = ""
        for word in _GONE.finditer(part[: 1024 * 1024]):
            line = _line_at(part, word.start())
            found = paths.heading(line, self.known) if line != seen else None
            seen = line
            if found and found[1]:
                self.add(Change(found[0], "delete"))
        diff = _RAW_DIFF.search(part)
        if diff:
            self._diff(parse_diff(part[diff.start() :], strict=True), "")
        elif part.strip() and not self.prose:
            lines = (line for line in part[-2000:].split("\n") if line.strip())
            self.prose = len(part) > 2000 or not all(paths.heading(line, self.known) for line in lines)

    def _block(self, block: Block, before: str) -> None:
        heading, gone = self._heading(before)
        if block.language in _SHELL and not heading.endswith((".sh", ".txt", ".log")):
            heading = ""  # how to run it, shown below a list of files
        path = paths.of_info(block.info, self.known) or heading
        if gone:
            return  # the heading's deletion is noted already, the block under it is what is gone
        files = parse_diff(block.text) if _is_diff(block) and not path.endswith((".diff", ".patch")) else []
        if any(file.hunks or file.deletes or file.old_path for file in files):
            self._diff(files, path)
            return
        text = block.text
        first, _, rest = text.partition("\n")
        if not path:
            path = paths.of_comment(first.strip(), self.known) or ""
            if path and not self.task.workspace.get(path, "").startswith(first):
                text = rest
        if not path and block.language not in _SHELL:
            path = self._mentioned(before)
        if path:
            self.add(Change(path, "whole", text=text))
        elif block.language not in _SHELL:
            self.nameless.append(block)

    def _diff(self, files: list[FileDiff], named: str) -> None:
        for file in files:
            old, new = (_stripped(path, self.known) for path in (file.old_path, file.new_path))
            path = (old if file.deletes else new) or named or old
            if not path or path == "/dev/null":
                self.refused.append(("(unnamed)", "a diff that names no file"))
            elif file.deletes:
                self.add(Change(path, "delete"))
            elif file.creates:
                lines = [line for hunk in file.hunks for line in hunk.new]
                bare = bool(file.hunks) and file.hunks[-1].ends_bare
                self.add(Change(path, "whole", text="\n".join(lines) + ("\n" if lines and not bare else "")))
            else:
                moved = old if old and new and old != new else ""
                if moved or file.hunks:
                    self.add(Change(path, "patch", hunks=tuple(file.hunks), moved_from=moved))

    def _heading(self, before: str) -> tuple[str, bool]:
        for distance, line in enumerate(_last_lines(before)):
            found = paths.heading(line, self.known)
            # What stands below a deleted file's heading, but not at once, is something else.
            if found and (not found[1] or distance == 0):
                return found
            if found:
                break
        return "", False

    def _mentioned(self, before: str) -> str:
        for line in _last_lines(before):
            if line.rstrip().endswith(":") or line.lstrip().startswith("#"):
                found = paths.mention(line, self.known)
                if found:
                    return found
        return ""


def read(task: Task, answer: str, reader: Reader) -> tuple[Overlay, Collector, str]:
    """The workspace with the answer's changes, how they were found, and a note on a file that had to be guessed."""
    collector = Collector(task, answer)
    overlay = Overlay(task)
    note = ""
    if not collector.changes:
        guess = _guess(task, answer, collector, reader)
        if guess:
            collector.changes.append(guess)
            note = f"no file is named; taken as {guess.path}, the only editable file"
    for path, reason in collector.refused:
        overlay.refuse(path, reason)
    for change in collector.changes:
        overlay.apply(change)
    return overlay, collector, note


def _guess(task: Task, answer: str, collector: Collector, reader: Reader) -> Change | None:
    """The one block, or a reply that is code, as the only file that it can be."""
    editable = [path for path in task.workspace if matches(path, task.editable)]
    if not editable:
        editable = [glob for glob in task.editable if not set(glob) & set("*?[")]
    if len(editable) != 1:
        return None
    if len(collector.nameless) == 1:
        return Change(editable[0], "whole", text=collector.nameless[0].text)
    tree = reader.parse(answer) if not collector.blocks and editable[0].endswith(".py") else None
    return Change(editable[0], "whole", text=with_newline(answer)) if tree and has_definition(tree) else None


def _is_diff(block: Block) -> bool:
    if block.language in ("diff", "patch", "udiff"):
        return True
    start = block.text.lstrip("\n")[:4000]
    return start.startswith(("diff --git ", "@@ -")) or (start.startswith("--- ") and "\n+++ " in start)


def _stripped(path: str, known: frozenset[str]) -> str:
    """A diff's path without git's `a/` or `b/`, unless there is such a directory."""
    if path[:2] in ("a/", "b/") and path not in known:
        return path[2:]
    return paths.normal(path) if path != "/dev/null" else path


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _last_lines(text: str) -> Iterator[str]:
    """The last lines that are not blank, from the end. Only as much of the text as they can take up is looked at."""
    lines = [line for line in text[-4000:].split("\n") if line.strip()]
    yield from lines[: -LOOK_BACK - 1 : -1]


def _line_at(text: str, offset: int) -> str:
    """The line around an offset, 300 characters to either side at most."""
    return text[max(0, offset - 300) : offset].rpartition("\n")[2] + text[offset : offset + 300].partition("\n")[0]


def _without_fence_ends(text: str, *, first: bool = False, last: bool = False) -> str:
    """The text without a fence line that belongs to what was taken out before it or after it.

    `first` and `last` say that nothing was taken out on that side.
    """
    end = text.rstrip()
    if not last and _FENCE_LINE.fullmatch(end.rpartition("\n")[2]):
        text = end.rpartition("\n")[0] + "\n"
    start = text.lstrip()
    line = start.partition("\n")[0]
    if not first and _FENCE_LINE.fullmatch(line) and not line.strip("`~ \t"):
        text = start[len(line) :]
    return text
