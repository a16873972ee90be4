"""Changes to one file that are written relative to it: unified diffs and SEARCH/REPLACE blocks.

Models miscount the lines of a hunk and invent line numbers. Libraries for diffs go by both, as the format demands: they
refuse such a hunk, cut it short, or apply it in the wrong place. Here only the text of a hunk counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.grading.extract.text import lines_of


class PatchError(Exception):
    """The change does not fit the file; the message says why."""


@dataclass(slots=True)
class Hunk:
    """Neighbouring lines before and after a change."""

    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    kept: list[tuple[int, int]] = field(default_factory=list)
    """(index in old, index in new) of every context line."""
    line: int | None = None
    """Where the diff says it starts in the old file, from 1."""
    ends_bare: bool = False
    """The last new line has no line break after it."""
    speaks_of_end: bool = False
    """It says of some line that no line break follows: a change of that is a change, even if no text differs."""

    def keep(self, text: str) -> None:
        """Add a context line."""
        self.kept.append((len(self.old), len(self.new)))
        self.old.append(text)
        self.new.append(text)


@dataclass(slots=True)
class FileDiff:
    """What a diff does to one file."""

    old_path: str = ""
    """Empty where the diff names none, `/dev/null` for a new file."""
    new_path: str = ""
    hunks: list[Hunk] = field(default_factory=list)
    deletes: bool = False

    @property
    def creates(self) -> bool:
        return self.old_path == "/dev/null"


_HUNK = re.compile(r"@@(?: -(\d{1,9}))?")


def parse_diff(text: str, *, strict: bool = False) -> list[FileDiff]:
    """The files of a unified diff, git's or plain, whatever its line counts say. What is no diff is skipped.

    `strict` ends a hunk at the first line without a mark, for a diff that stands in prose; otherwise that is a context
    line that lost its leading space.
    """
    reader = _DiffReader(lines_of(text), strict)
    for file in reader.files:
        for hunk in file.hunks:
            _trim(hunk)
        file.hunks = [hunk for hunk in file.hunks if hunk.old != hunk.new or (hunk.speaks_of_end and hunk.old)]
    return reader.files


class _DiffReader:
    """Reads the lines of a diff; `files` is the result."""

    def __init__(self, lines: list[str], strict: bool) -> None:
        self.files: list[FileDiff] = []
        self.hunk: Hunk | None = None
        self.strict = strict
        self.in_git_header = False
        self._read(lines)

    def _read(self, lines: list[str]) -> None:
        skip = False
        for index, line in enumerate(lines):
            following = lines[index + 1] if index + 1 < len(lines) else ""
            if skip:
                skip = False
            # A removed line "-- x" reads "--- x" too; only a header is followed by "+++".
            elif line.startswith("--- ") and following.startswith("+++ "):
                self._file_header(line, following)
                skip = True
            elif line.startswith("diff --git "):
                self.files.append(_git_header(line))
                self.hunk, self.in_git_header = None, True
            elif line.startswith("@@"):
                self._hunk_header(line)
            elif self.hunk is not None:
                self._hunk_line(self.hunk, line, lines[index - 1])
            elif self.in_git_header:
                _git_detail(self.files[-1], line)

    def _file_header(self, old: str, new: str) -> None:
        if not self.in_git_header:
            self.files.append(FileDiff())
        file = self.files[-1]
        file.old_path, file.new_path = _header_path(old), _header_path(new)
        file.deletes = file.new_path == "/dev/null"
        self.hunk, self.in_git_header = None, False

    def _hunk_header(self, line: str) -> None:
        if not self.files:
            self.files.append(FileDiff())
        found = _HUNK.match(line)
        self.hunk = Hunk(line=int(found[1]) if found and found[1] else None)
        self.files[-1].hunks.append(self.hunk)
        self.in_git_header = False

    def _hunk_line(self, hunk: Hunk, line: str, before: str) -> None:
        if line.startswith("\\"):
            # "\ No newline at end of file" speaks of the line before it.
            hunk.ends_bare, hunk.speaks_of_end = not before.startswith("-"), True
        elif line.startswith("+"):
            hunk.new.append(line[1:])
            hunk.ends_bare = False
        elif line.startswith("-"):
            hunk.old.append(line[1:])
        elif self.strict and line and line[0] not in " \t":
            self.hunk = None
        else:
            hunk.keep(line[1:] if line.startswith(" ") else line)


def _header_path(line: str) -> str:
    return line[4:].split("\t")[0].strip().strip('"')


def _git_header(line: str) -> FileDiff:
    rest = line.removeprefix("diff --git ")
    old, separator, new = rest.partition(" b/")
    return FileDiff(old.strip(), f"b/{new.strip()}") if separator else FileDiff()


def _git_detail(file: FileDiff, line: str) -> None:
    if line.startswith("deleted file"):
        file.deletes = True
    elif line.startswith("new file"):
        file.old_path = "/dev/null"
    elif line.startswith("rename from "):
        file.old_path = f"a/{line[12:].strip()}"
    elif line.startswith("rename to "):
        file.new_path = f"b/{line[10:].strip()}"


def _trim(hunk: Hunk) -> None:
    """Blank context lines at the end are more often the reply's than the file's."""
    while hunk.kept and hunk.kept[-1] == (len(hunk.old) - 1, len(hunk.new) - 1) and not hunk.old[-1].strip():
        hunk.kept.pop()
        hunk.old.pop()
        hunk.new.pop()


def apply_diff(text: str, hunks: list[Hunk]) -> str:
    """The file after the hunks. Raises PatchError when one does not fit, or fits in several places alike."""
    crlf = "\r\n" in text
    lines = lines_of(text.replace("\r\n", "\n"))
    newline = not lines or text.endswith("\n")
    shift, after = 0, 0
    for number, hunk in enumerate(hunks, 1):
        hint = hunk.line - 1 + shift if hunk.line is not None else None
        at = _find(lines, hunk.old, after, hint, f"hunk {number}")
        new = list(hunk.new)
        for old_index, new_index in hunk.kept:
            new[new_index] = lines[at + old_index]
        if at + len(hunk.old) == len(lines) and new:
            newline = not hunk.ends_bare
        lines[at : at + len(hunk.old)] = new
        shift += len(new) - len(hunk.old)
        after = at + len(new)
    result = "\n".join(lines) + ("\n" if newline and lines else "")
    return result.replace("\n", "\r\n") if crlf else result


def _find(lines: list[str], old: list[str], after: int, hint: int | None, what: str) -> int:
    """Index at which the old lines stand: exactly, or else but for blanks at line ends."""
    if not old:
        if not lines:
            return 0
        raise PatchError(f"{what} has no line of the file to place it by")
    for normal in (str, str.rstrip):
        places = _places([normal(line) for line in lines], [normal(line) for line in old])
        if hint in places and hint is not None:
            return hint
        later = [place for place in places if place >= after]
        if len(later) == 1:
            return later[0]
        if len(later or places) > 1:
            raise PatchError(f"{what} fits in {len(places)}{'+' if len(places) >= _MAX_PLACES else ''} places")
        if places:
            return places[0]
    raise PatchError(f"{what} does not match the file")


_MAX_PLACES = 100


def _places(lines: list[str], old: list[str]) -> list[int]:
    """Indexes at which `old` stands in `lines`, at most a hundred, found by text search: linear where lists are not."""
    text = "\n" + "\n".join(lines) + "\n"
    wanted = "\n" + "\n".join(old) + "\n"
    found: list[int] = []
    position = text.find(wanted)
    counted, line = 0, 0
    while position >= 0 and len(found) < _MAX_PLACES:
        line += text.count("\n", counted, position)
        counted = position
        found.append(line)
        position = text.find(wanted, position + 1)
    return found


_SEARCH = re.compile(r"^[ \t]{0,8}<{5,9} ?SEARCH\b[^\n]*$", re.MULTILINE)
_DIVIDER = re.compile(r"^[ \t]{0,8}={5,9}[ \t]*$", re.MULTILINE)
_REPLACE = re.compile(r"^[ \t]{0,8}>{5,9} ?(?:REPLACE|UPDATED)\b[^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """One SEARCH/REPLACE block."""

    before: str
    """Text between the block before it and this one: where the path may stand."""
    search: str
    replacement: str
    end: int
    """Offset after it."""


def has_edits(text: str) -> bool:
    """Whether there is a SEARCH/REPLACE block in a text."""
    return bool(_SEARCH.search(text))


def parse_edits(text: str) -> list[Edit]:
    """The complete SEARCH/REPLACE blocks of a text, in order."""
    edits: list[Edit] = []
    position = 0
    while search := _SEARCH.search(text, position):
        divider = _DIVIDER.search(text, search.end())
        end = _REPLACE.search(text, divider.end()) if divider else None
        if divider is None or end is None:
            break
        edits.append(
            Edit(
                before=text[position : search.start()],
                search=text[search.end() + 1 : divider.start()],
                replacement=text[divider.end() + 1 : end.start()],
                end=end.end(),
            )
        )
        position = end.end()
    return edits
