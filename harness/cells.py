"""Cells of CSV files that people open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import WorkError

GUARD = "'"
"""Put before what a spreadsheet would run as a formula; it shows the cell as text."""
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something else."""


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula; `unguarded` takes that back.

    A text that begins with the guard itself gets another one.
    """
    return GUARD + text if text.startswith((*_RUNS, GUARD)) else text


def unguarded(text: str) -> str:
    """What `guarded` was given. A spreadsheet may have taken the guard away itself."""
    return text[1:] if text.startswith(GUARD) and text[1:].startswith((*_RUNS, GUARD)) else text


def table_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV document for spreadsheets: byte order mark, CRLF, texts guarded, numbers as they are, None empty."""
    out = io.StringIO(newline="")
    out.write(_BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


def write_whole(path: Path, text: str) -> Path:
    """Write a file whole or not at all. Raises WorkError."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8", newline="")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise WorkError(f"{path} cannot be written: {error.strerror or error}", remedy="choose another file") from None
    return path
