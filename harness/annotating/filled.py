"""A sheet that came back. Half-filled is fine; what cannot be understood is named by row and column."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from harness.annotating.sheet import FILLED_IN, ID, Key, cell_hash, pair_of
from harness.cells import unguarded
from harness.errors import UsageError
from harness.types import DIMENSIONS, Mark
from harness.words import plural

YES, NO = ("yes", "y", "true", "1", "x"), ("no", "n", "false", "0")
ONE_ORDER = "filled in for one order of its pair only"
CHANGED = "bring its rows back in order, or export the sheet again; only columns to fill in may change"
MOST_BYTES = 256 * 2**20
_DELIMITERS = (",", ";", "\t")
"""Spreadsheet programs write the one of the user's country."""


@dataclass(frozen=True)
class Line:
    """One row as it came back: number as a spreadsheet counts, column -> text."""

    number: int
    cells: Mapping[str, str]


@dataclass
class Answers:
    """What was filled in."""

    marks: dict[int, tuple[Mark, ...]] = field(default_factory=dict)
    """Question -> marks of all its labels."""
    unfilled: dict[int, str] = field(default_factory=dict)
    """Question -> why it has none: nothing there, or not all of it."""
    notes: list[str] = field(default_factory=list)
    """What people should know: rows that are gone, columns that could not be checked."""


def lines(path: Path) -> list[Line]:
    """The rows of a sheet. Raises UsageError for a file that is no CSV with an id column."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path} has more than {MOST_BYTES // 2**20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8", remedy="save it as `CSV UTF-8`, not as a workbook") from None
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(MOST_BYTES)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV: {error}") from None
    header = [name.strip() for name in rows[0]] if rows else []
    if ID not in header:
        raise UsageError(f"{path} has no column {ID!r}", remedy="give a sheet made by `harness annotate --export`")
    twice = [name for name, number in Counter(header).items() if name and number > 1]
    if twice:
        raise UsageError(f"{path}: column {twice[0]!r} stands there twice")
    return [
        Line(number, {name: unguarded(cell) for name, cell in zip(header, row, strict=False) if name})
        for number, row in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in row)
    ]


def answers(path: Path, found: Sequence[Line], key: Key) -> Answers:
    """What the rows say, question by question.

    Raises UsageError naming row and column for a row of another sheet, one that is there twice, one whose text is no
    longer the one that went out, and for a value that is not what its column takes.
    """
    rows: dict[str, Line] = {}
    missing_columns = [name for name in FILLED_IN[key.mode] if found and name not in found[0].cells]
    decisive = [name for name in FILLED_IN[key.mode] if name != "note"]
    if found and set(decisive) <= set(missing_columns):
        # Read, it would take back whatever this person has said before.
        one = "none of the columns" if len(decisive) > 1 else "no column"
        raise UsageError(
            f"{path} has {one} {', '.join(decisive)}: nothing that was filled in", remedy="export the sheet again"
        )
    for line in found:
        ident = line.cells.get(ID, "").strip()
        if ident not in key.rows:
            _refuse(path, line, ID, f"{ident!r} is no row of this sheet", "remove that row, or export the sheet again")
        if ident in rows:
            _refuse(path, line, ID, f"{ident} stands in row {rows[ident].number} already", "remove one of them")
        rows[ident] = line
        for name, wanted in key.rows[ident].given.items():
            if name in line.cells and cell_hash(line.cells[name]) != wanted:
                _refuse(path, line, name, "is not the text that went out with this row", CHANGED)
    made = Answers()
    if missing_columns:
        made.notes.append(f"without the columns {', '.join(missing_columns)}")
    unchecked = sorted({name for row in key.rows.values() for name in row.given} - set(found[0].cells if found else ()))
    if unchecked:
        made.notes.append(f"not checked, since the columns are gone: {', '.join(unchecked)}")
    gone = len(key.rows) - len(rows)
    if gone:
        made.notes.append(f"{gone} of {len(key.rows)} rows are gone: unscored")
    unused = 0
    for number, asked in enumerate(key.questions):
        mine = {row.label: rows.get(ident) for ident, row in key.rows.items() if row.question == number}
        marks = _marks(path, key, asked.labels, mine)
        if isinstance(marks, str):
            made.unfilled[number] = marks
        else:
            made.marks[number] = marks
            unused += sum(_unused(mine.get(mark.label), mark) for mark in marks) if key.mode == "listwise" else 0
    if key.mode == "pairwise":
        _both_orders_only(key, made)
    if unused:
        made.notes.append(
            f"{plural(unused, 'number was', 'numbers were')} not used: ranks count where every reply of a question has "
            "one, scores where every reply has all of them"
        )
    return made


def _both_orders_only(key: Key, made: Answers) -> None:
    """Take back answers about pairs that have one order only: for people, too, such a pair says nothing."""
    places: dict[object, list[int]] = {}
    for number, asked in enumerate(key.questions):
        places.setdefault(pair_of(asked.task, asked.repeat, asked.labelled), []).append(number)
    single = [several[0] for several in places.values() if len(several) == 1]
    for several in places.values():
        said = [number for number in several if number in made.marks]
        if len(said) == 1:
            del made.marks[said[0]]
            made.unfilled[said[0]] = ONE_ORDER
    if single:
        made.notes.append(
            f"this sheet asks {plural(len(single), 'pair')} in one order only, and a pair counts where it was asked in "
            "both: export the sheet again"
        )


def _unused(line: Line | None, mark: Mark) -> int:
    """Cells with a number that did not become part of the mark."""
    columns = [*(DIMENSIONS if not mark.scores else ()), *(("rank",) if mark.rank is None else ())]
    return sum(bool(line.cells.get(name, "").strip()) for name in columns) if line is not None else 0


def _marks(path: Path, key: Key, labels: Sequence[str], mine: Mapping[str, Line | None]) -> tuple[Mark, ...] | str:
    """The marks of one question, or why there are none."""
    if key.mode == "pairwise":
        return _winner(path, labels, mine[""])
    if key.mode == "rubric":
        (label,) = labels
        return _rubric(path, label, mine[label])
    return _listwise(path, labels, mine)


def _rubric(path: Path, label: str, line: Line | None) -> tuple[Mark, ...] | str:
    score = None if line is None else _whole(path, line, "score", 0, 3)
    if line is None or score is None:
        return "not filled in"
    return (Mark(label=label, rubric=score, note=_note(line)),)


def _winner(path: Path, labels: Sequence[str], line: Line | None) -> tuple[Mark, ...] | str:
    said = "" if line is None else line.cells.get("winner", "").strip()
    if line is None or not said:
        return "not filled in"
    word = said.upper().removeprefix("MODEL").removeprefix("REPLY").strip()
    if word != "TIE" and word not in labels:
        _refuse(path, line, "winner", f"expected {', '.join(labels)} or tie, found {said!r}")
    return tuple(Mark(label=label, rank=1 if word in ("TIE", label) else 2, note=_note(line)) for label in labels)


def _listwise(path: Path, labels: Sequence[str], mine: Mapping[str, Line | None]) -> tuple[Mark, ...] | str:
    said: dict[str, tuple[int | None, dict[str, float], bool | None, str]] = {}
    for label in labels:
        line = mine[label]
        if line is None:
            said[label] = (None, {}, None, "")
            continue
        scores = {name: _number(path, line, name, 1, 10) for name in DIMENSIONS}
        known = {name: value for name, value in scores.items() if value is not None}
        said[label] = (_whole(path, line, "rank", 1, len(labels)), known, _yes(path, line), _note(line))
    ranks = [rank for rank, _, _, _ in said.values() if rank is not None]
    full = [scores for _, scores, _, _ in said.values() if len(scores) == len(DIMENSIONS)]
    passes = [met for _, _, met, _ in said.values() if met is not None]
    if not ranks and not any(scores for _, scores, _, _ in said.values()) and not passes:
        return "not filled in"
    use_ranks, use_scores = len(ranks) == len(labels), len(full) == len(labels)
    if not use_ranks and not use_scores and len(passes) < len(labels):
        return "not filled in for all of its replies"
    return tuple(
        Mark(
            label=label,
            # Whatever numbers were used for it, the order is what was said.
            rank=1 + sum(other < rank for other in ranks) if use_ranks and rank is not None else None,
            scores=scores if use_scores else {},
            passes=met,
            note=note,
        )
        for label, (rank, scores, met, note) in said.items()
    )


def _note(line: Line) -> str:
    return line.cells.get("note", "").strip()[:2000]


def _yes(path: Path, line: Line) -> bool | None:
    said = line.cells.get("passes", "").strip().lower()
    if said and said not in YES + NO:
        _refuse(path, line, "passes", f"expected yes or no, found {said!r}")
    return None if not said else said in YES


def _number(path: Path, line: Line, column: str, low: int, high: int) -> float | None:
    said = line.cells.get(column, "").strip()
    if not said:
        return None
    try:
        value = float(said.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        _refuse(path, line, column, f"expected a number from {low} to {high}, found {said!r}")
    return value


def _whole(path: Path, line: Line, column: str, low: int, high: int) -> int | None:
    value = _number(path, line, column, low, high)
    if value is not None and value != int(value):
        _refuse(path, line, column, f"expected a whole number, found {line.cells[column].strip()!r}")
    return None if value is None else int(value)


def _refuse(path: Path, line: Line, column: str, why: str, remedy: str = "") -> NoReturn:
    told = remedy or "mend that cell; empty cells are fine"
    raise UsageError(f"{path}, row {line.number}, {column}: {why}", remedy=told)
