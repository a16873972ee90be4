"""A unified diff in runs of lines of one kind, for a template to colour. Kinds are ours, texts are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from .clipper import Clipper

_HUNK = re.compile(r"@@ -\d+(?:,(\d{1,9}))? \+\d+(?:,(\d{1,9}))? @@")
_MARKUP = 30
"""Characters of markup around a run."""


class Part(NamedTuple):
    """Neighbouring lines of one kind."""

    kind: str
    """`file`, `hunk`, `add`, `del` or `same`."""
    text: str


def parts_of(diff: str, clipper: Clipper) -> list[Part]:
    """At most 40,000 characters of `diff`; in one part once the report is full."""
    taken = clipper.take(diff, 40_000)
    if not taken or clipper.full:
        return [Part("same", taken)] if taken else []
    parts = [
        Part(kind, "".join(line for _, line in lines)) for kind, lines in groupby(_kinds(taken), key=lambda row: row[0])
    ]
    clipper.charge(_MARKUP * len(parts))
    return parts


def _kinds(diff: str) -> Iterator[tuple[str, str]]:
    """(kind, line). A hunk says how long it is: `--- x` in it is a line that went, after it a file begins."""
    old = new = 0
    for line in diff.splitlines(keepends=True):
        if old > 0 or new > 0:
            kind = {"+": "add", "-": "del"}.get(line[0], "same")
            old -= kind != "add"
            new -= kind != "del"
            yield kind, line
        elif hunk := _HUNK.match(line):
            old, new = (int(size) if size else 1 for size in hunk.groups())
            yield "hunk", line
        else:
            yield "file" if line.startswith(("--- ", "+++ ")) else "same", line
