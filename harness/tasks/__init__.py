"""Readers: a directory or a dataset file becomes a Suite of Tasks.

`load` picks the reader; a new layout is a module of this package with a `read_suite(path)`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import TaskError, UsageError
from harness.types import Suite, Task

def load(path: Path) -> Suite:
    """The suite at a path. Raises TaskError naming file, line and key."""
    if not path.exists():
        raise TaskError("no such file or directory", path=path)
    if not path.is_dir():
        raise TaskError(
            "expected a directory of tasks", path=path, remedy="give the suite's directory, or one task's"
        )
    from harness.tasks import native

    return native.read_suite(path)


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
    unused = [glob for glob in globs if not any(_matches(task, glob) for task in found.values())]
    if unused:
        raise UsageError(f"no task matches {', '.join(unused)}", remedy=f"tasks: {', '.join(sorted(found))}")
    chosen = [task for task in found.values() if not globs or any(_matches(task, glob) for glob in globs)]
    if not chosen:
        raise UsageError("no task was given")
    return chosen


def _matches(task: Task, glob: str) -> bool:
    return fnmatch.fnmatchcase(task.name, glob) or fnmatch.fnmatchcase(task.id, glob)


def task_directories(path: Path) -> list[Path]:
    """The directories that `load` would read one by one; the path itself when it is a task, or no suite.

    Raises TaskError when there is nothing.
    """
    from harness.tasks import native

    if not path.is_dir() or native.is_task(path):
        return [path]
    found = sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
    tasks = [item for item in found if native.is_task(item)]
    return tasks or [path]
