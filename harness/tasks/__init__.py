"""Readers: a directory or a dataset file becomes a Suite of Tasks.

`load` picks the reader; a new layout is a module of this package with a `read_suite(path)`.
"""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import TaskError, UsageError
from harness.types import Suite, Task


def load(path: Path) -> Suite:
    """The suite at a path. Raises TaskError naming file, line and key."""
    from harness.tasks import native

    with _readable(path):
        if not path.exists():
            raise TaskError("no such file or directory", path=path)
        if not path.is_dir():
            raise TaskError(
                "expected a directory of tasks", path=path, remedy="give the suite's directory, or one task's"
            )
        return native.read_suite(path)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TaskError(f"cannot be read: {error.strerror or error}", path=error.filename or path) from None


def load_tasks(paths: Iterable[Path], globs: Sequence[str] = ()) -> list[Task]:
    """The tasks of several paths, each id once, filtered by globs over name or id.

    Raises TaskError for a broken task, UsageError when nothing is left or two tasks share an id.
    """
    found: dict[str, Task] = {}
    for path in paths:
        for task in load(Path(path)).tasks:
            known = found.get(task.id)
            if known is not None and known.directory != task.directory:
                raise UsageError(f"two tasks are called {task.id}: {known.directory} and {task.directory}")
            found[task.id] = task
    if not found:
        raise UsageError("no task was given")
    return [found[ident] for ident in chosen(list(found), globs)]


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


def task_directories(path: Path) -> list[Path]:
    """The directories that `load` would read one by one; the path itself when it is a task, or no suite.

    Raises TaskError for a path that is no directory.
    """
    from harness.tasks import native

    with _readable(path):
        if not path.is_dir():
            load(path)
        return [path] if native.is_task(path) else native.task_folders(path) or [path]
