"""Cells of CSV files that people open in a spreadsheet program."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import WorkError

GUARD = "'"
"""Put before what a spreadsheet would run as a formula, or change into a number or a date; so it stays text."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_RUNS = (*_FORMULAS, "\n", "＝", "＋", "－", "＠")
_CHANGED = re.compile(
    r"[\s\d.,:/%$€£Ee+-]+|true|false"
    r"|\d{1,4}[-/ .]+[a-z]{3,9}\.?([-/ .]+\d{2,4})?|[a-z]{3,9}\.?[-/ .]*\d{1,4}(, ?\d{4})?",
    re.IGNORECASE,
)
"""`3.50` would come back as 3.5, `1/2` as a day in February, `March 1` as another one."""
_SHORT = 40
_BOM = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something else."""


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula, a number or a date; `unguarded` takes that back.

    A text that begins with the guard itself gets another one.
    """
    return GUARD + text if _needs_guard(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given. A spreadsheet may have taken the guard away itself."""
    return text[1:] if text.startswith(GUARD) and _needs_guard(text[1:]) else text


def safe(cell: object) -> object:
    """A cell of a file of results, which programs join by names: a text has the guard only where a spreadsheet would
    run it, and not where it looks like a date, as `llama3` does."""
    return GUARD + cell if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell


def _needs_guard(text: str) -> bool:
    return text.startswith((*_RUNS, GUARD)) or (len(text) <= _SHORT and _CHANGED.fullmatch(text.strip()) is not None)


def table_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV document that comes back: byte order mark, CRLF, texts guarded, numbers as they are, None empty."""
    return _document(header, ([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows))


def results_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The same of results, which are only read: texts `safe`."""
    return _document(header, ([safe(cell) for cell in row] for row in rows))


def _document(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO(newline="")
    out.write(_BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def write_whole(path: Path, text: str) -> Path:
    """Write a file whole or not at all, in a directory that is made where there is none. Raises WorkError."""
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise WorkError(f"{path} cannot be written: {error.strerror or error}", remedy="choose another file") from None
    return path
