"""Readers: a directory or a dataset file becomes a Suite of Tasks.

`open_suite` picks the reader; a new layout is a module of this package with a `Reader`.
"""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from harness.errors import TaskError, UsageError
from harness.types import Suite, Task


class Reader(Protocol):
    """The tasks at a path, not read yet: one that is broken is nobody's trouble but of those who ask for it."""

    folders: list[Path]
    """The place of each task, resolved: its directory, or its file and its id below that."""

    def ident(self, folder: Path) -> str:
        """The id of a task, from names only."""

    def task(self, folder: Path) -> Task:
        """One task. Raises TaskError naming file, line and key."""

    def suite(self) -> Suite:
        """All of them. Raises as `task`."""


def open_suite(path: Path) -> Reader:
    """What reads the tasks at a path. Raises TaskError where there is none."""
    from harness.tasks import conversations, exercism, native

    with _readable(path):
        if not path.exists():
            raise TaskError("no such file or directory", path=path)
        if conversations.test_files(path):
            return conversations.Conversations(path)
        if not path.is_dir():
            raise TaskError(
                "expected a directory of tasks, or a YAML file of conversations",
                path=path,
                remedy=f"give the suite's directory, or one task's; {conversations.FORM}",
            )
        if not native.is_task(path) and exercism.is_track(path):
            return exercism.Track(path)
        return native.Directory(path)


def load(path: Path) -> Suite:
    """The suite at a path. Raises TaskError naming file, line and key."""
    reader = open_suite(path)
    with _readable(path):
        return reader.suite()


def read(reader: Reader, folder: Path) -> Task:
    """One task of a reader. Raises TaskError, also for what the file system refuses."""
    with _readable(folder):
        return reader.task(folder)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror or error}", path=error.filename or path) from None


def load_tasks(paths: Iterable[Path], globs: Sequence[str] = ()) -> list[Task]:
    """The tasks of several paths, each id once, those that globs over name or id mean. No other one is read.

    Raises TaskError for a broken task, UsageError when nothing is left or two tasks share an id.
    """
    found = listed(paths)
    if not found:
        raise UsageError("no task was given")
    return [read(*found[ident]) for ident in chosen(list(found), globs)]


def listed(paths: Iterable[Path]) -> dict[str, tuple[Reader, Path]]:
    """Task id -> (reader, directory) of everything at several paths. Raises UsageError when two tasks share an id."""
    found: dict[str, tuple[Reader, Path]] = {}
    for path in paths:
        reader = open_suite(Path(path))
        for folder in reader.folders:
            ident = reader.ident(folder)
            _, known = found.setdefault(ident, (reader, folder))
            if known != folder:
                raise UsageError(f"two tasks are called {ident}: {known} and {folder}")
    return found


def chosen(ids: Sequence[str], globs: Sequence[str]) -> list[str]:
    """The task ids that globs over name or id mean, all of them without globs. Raises UsageError for one in vain."""
    unused = [glob for glob in globs if not any(_means(glob, ident) for ident in ids)]
    if unused:
        raise UsageError(f"no task matches {', '.join(unused)}", remedy=f"tasks: {', '.join(sorted(ids))}")
    return [ident for ident in ids if not globs or any(_means(glob, ident) for glob in globs)]


def _means(glob: str, ident: str) -> bool:
    """A plain name or id always means its task, whatever characters are in it."""
    name = ident.rpartition("/")[2]
    return glob in (name, ident) or fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(ident, glob)
