"""Glob patterns of task files: `*` and `?` stay within one path component, `**` crosses any number of them."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether a relative path, written with `/`, matches at least one of the patterns.

    `src/*.py` takes `src/a.py` and not `src/x/a.py`; `src/**/*.py` takes both; `src/**` takes everything below `src`,
    `**` everything. Case counts. The patterns are the task author's, the path may be anyone's.
    """
    parts = path.split("/")
    return any(_matches(parts, pattern.split("/")) for pattern in globs)


def _matches(parts: list[str], pattern: list[str]) -> bool:
    # One row of a table a pattern component: no backtracking, whatever the pattern. reach[i] says that the pattern
    # read so far can have used up exactly the first i parts.
    reach = [True] + [False] * len(parts)
    for index, component in enumerate(pattern):
        if component == "**":
            last = index == len(pattern) - 1
            first = reach.index(True) if True in reach else len(reach)
            # A `**` at the end stands for at least one component: `src/**` is what is in src, not src itself.
            start = first + 1 if last else first
            reach = [i >= start for i in range(len(reach))]
        else:
            reach = [False] + [ok and fnmatchcase(part, component) for ok, part in zip(reach, parts, strict=False)]
    return reach[-1]
