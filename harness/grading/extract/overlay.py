"""Puts the changes of an answer over a task's workspace, and refuses those that are not allowed or do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.grading.extract import paths
from harness.grading.extract.patches import Hunk, PatchError, apply_diff
from harness.grading.extract.text import lines_of
from harness.tasks.globs import matches
from harness.types import Task

MAX_FILES = 200
"""Files an answer may change, add or delete."""
MAX_FILE_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 8 * 1024 * 1024
"""All changed files of a candidate together."""
MAX_REPORTED = 200
MAX_PATCHED = 20 * 1024 * 1024
"""Characters of files searched for the places of hunks, over the whole answer."""


class Refused(Exception):
    """A change that is not taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an answer says about one file."""

    path: str
    kind: Literal["whole", "delete", "patch"]
    text: str = ""
    """The whole new content (kind whole)."""
    hunks: tuple[Hunk, ...] = ()
    moved_from: str = ""
    """The old path of a file that a diff renames (kind patch)."""


class Overlay:
    """The workspace with changes applied one after the other; `files` is the whole candidate."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.files = dict(task.workspace)
        self.taken: dict[str, None] = {}
        """Paths that were changed, in order."""
        self._rejected: dict[str, None] = {}
        self._refusals = 0
        self._patch_budget = MAX_PATCHED

    @property
    def rejected(self) -> tuple[str, ...]:
        """What was refused, `path: reason`."""
        more = self._refusals - MAX_REPORTED
        return (*self._rejected, *([f"and {more} more"] if more > 0 else []))

    def apply(self, change: Change) -> None:
        """Carry out a change, or record why it is refused. A file that is refused stays as it was."""
        try:
            self._check(change.path)
            if change.kind == "delete":
                self._delete(change.path)
            elif change.kind == "whole":
                self._write(change.path, change.text)
            else:
                self._patch(change)
        except Refused as refusal:
            self.refuse(change.path, str(refusal))

    def refuse(self, path: str, reason: str) -> None:
        """Record that a file of the answer is not taken."""
        entry = f"{paths.shown(path)}: {reason}"
        if entry not in self._rejected:
            self._refusals += 1
            if self._refusals <= MAX_REPORTED:
                self._rejected[entry] = None

    def _check(self, path: str) -> None:
        problem = paths.problem(path)
        if problem:
            raise Refused(problem)
        if not matches(path, self.task.editable):
            raise Refused("not editable")
        if path not in self.taken and len(self.taken) >= MAX_FILES:
            raise Refused(f"more than {MAX_FILES} files")

    def _delete(self, path: str) -> None:
        if path not in self.files:
            raise Refused("deleted, but there is no such file")
        del self.files[path]
        self.taken[path] = None

    def _write(self, path: str, text: str) -> None:
        size = len(text.encode())
        if size > MAX_FILE_BYTES:
            raise Refused(f"larger than {MAX_FILE_BYTES // 1024} KiB")
        others = sum(len(self.files[name].encode()) for name in self.taken if name in self.files and name != path)
        if others + size > MAX_TOTAL_BYTES:
            raise Refused(f"the changed files together are larger than {MAX_TOTAL_BYTES // 1024} KiB")
        parents = {path[:index] for index, letter in enumerate(path) if letter == "/"}
        if parents & self.files.keys():
            raise Refused("a directory of its path is a file")
        if any(name.startswith(f"{path}/") for name in self.files):
            raise Refused("its path is a directory")
        self.files[path] = text
        self.taken[path] = None

    def _patch(self, change: Change) -> None:
        source = change.moved_from or change.path
        if change.moved_from:
            try:
                self._check(change.moved_from)
            except Refused as refusal:
                raise Refused(f"renamed from {paths.shown(source)}: {refusal}") from None
        text = self.files.get(source)
        if text is None:
            if any(hunk.old for hunk in change.hunks) or change.moved_from or not change.hunks:
                raise Refused("a change to a file that does not exist")
            text = ""
        self._patch_budget -= (len(text) + 1) * len(change.hunks)
        if self._patch_budget < 0:
            raise Refused("too many changes to large files")
        try:
            result = apply_diff(text, list(change.hunks))
        except PatchError as error:
            raise Refused(str(error)) from None
        if change.moved_from:
            moved = self.files.pop(source)
            try:
                self._write(change.path, result)
            except Refused:
                self.files[source] = moved
                raise
            self.taken[source] = None
        else:
            self._write(change.path, result)


def edit(path: str, search: str, replacement: str) -> Change:
    """The change of a SEARCH/REPLACE block."""
    hunk = Hunk(old=lines_of(search) if search else [], new=lines_of(replacement) if replacement else [])
    return Change(path, "patch", hunks=(hunk,))
