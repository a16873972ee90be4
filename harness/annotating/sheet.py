"""Questions become rows that a person fills in. Who stands behind a label is in the key, which no sheet has."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from typing import Any

from harness.cells import table_text
from harness.judging.candidates import reference_of
from harness.judging.neutral import Neutral, plain
from harness.judging.questions import Question
from harness.solvers.prompts import chat_text
from harness.types import DIMENSIONS, Frozen, JudgeMode, Labelled, Task

ID = "id"
LONGEST = 30_000
"""Characters of a cell: spreadsheet programs cut off what is longer than 32,767."""
FILLED_IN: dict[JudgeMode, tuple[str, ...]] = {
    "listwise": ("rank", *DIMENSIONS, "passes", "note"),
    "rubric": ("score", "note"),
    "pairwise": ("winner", "note"),
}
"""Columns that are empty when a sheet goes out."""
GIVEN: dict[JudgeMode, tuple[str, ...]] = {
    "listwise": ("question", "task", "prompt", "pass criteria", "label", "reply"),
    "rubric": ("question", "task", "prompt", "pass criteria", "reference", "reply"),
    "pairwise": ("question", "task", "prompt", "pass criteria", "reply A", "reply B"),
}
NO_CRITERIA = "(none are stated: it does what was asked)"
NO_REFERENCE = "(there is none)"


class Asked(Frozen):
    """One question of a sheet, with everything that is needed to make a judgment of the answer."""

    task: str
    repeat: int
    part: str
    labels: tuple[str, ...]
    """In the order of the rows."""
    labelled: tuple[Labelled, ...]


class Row(Frozen):
    """What is known of a row that went out."""

    question: int
    """Place in `Key.questions`."""
    label: str
    """Empty where a row is the whole question."""
    given: dict[str, str]
    """Column -> hash of the cell, so that a sheet which was sorted by halves is noticed."""


class Key(Frozen):
    """What a sheet does not say; kept in the run's store."""

    sheet: str
    mode: JudgeMode
    seed: int
    questions: tuple[Asked, ...]
    rows: dict[str, Row]


def make(questions: Sequence[Question], mode: JudgeMode, seed: int, secret: str) -> tuple[str, Key]:
    """The CSV text and its key. Questions stand in a shuffled order, candidates in that of their labels.

    Equal arguments give the same sheet; without `secret` nobody can work out which row is whose.
    """
    inside = [(item.sheet.id, [(one.label, one.model, one.attempt, one.candidate) for one in item.labelled])
              for item in questions]  # fmt: skip
    sheet = "s" + _hash(secret, mode, seed, inside)[:7]
    order = _in_order(questions, mode, random.Random(_hash(secret, seed)))
    rows: dict[str, Row] = {}
    lines: list[list[object]] = []
    for number, item in enumerate(order):
        for label, cells in _cells(item, mode, number + 1):
            ident = f"{sheet}-{_hash(secret, sheet, item.sheet.id, label)[:10]}"
            rows[ident] = Row(question=number, label=label, given={name: cell_hash(text) for name, text in cells})
            given = [int(text) if name == "question" else text for name, text in cells]
            lines.append([ident, *given, *[""] * len(FILLED_IN[mode])])
    asked = tuple(
        Asked(
            task=item.sheet.task.id,
            repeat=item.repeat,
            part=item.part,
            labels=item.sheet.labels,
            labelled=item.labelled,
        )
        for item in order
    )
    text = table_text([ID, *GIVEN[mode], *FILLED_IN[mode]], lines)
    return text, Key(sheet=sheet, mode=mode, seed=seed, questions=asked, rows=rows)


def _in_order(questions: Sequence[Question], mode: JudgeMode, draw: random.Random) -> list[Question]:
    """The questions shuffled. The two orders of a pair stand at least a quarter of the sheet apart, so that the second
    answer is given anew and not remembered; which of them comes first is drawn."""
    order = sorted(questions, key=lambda item: item.sheet.id)
    draw.shuffle(order)
    if mode != "pairwise":
        return order
    first: dict[object, Question] = {}
    second: dict[object, Question] = {}
    for item in order:
        pair = pair_of(item.sheet.task.id, item.repeat, item.labelled)
        (second if pair in first else first)[pair] = item
    pairs = list(first)
    middle = len(pairs) // 2
    parts = [pairs[:middle], pairs[middle:]]
    for part in parts:
        draw.shuffle(part)
    return [*first.values(), *(second[pair] for part in parts for pair in part if pair in second)]


def pair_of(task: str, repeat: int, labelled: Sequence[Labelled]) -> tuple[object, ...]:
    """What the two orders of a pair have in common."""
    return (task, repeat, *sorted((item.model, item.attempt) for item in labelled))


def cell_hash(text: str) -> str:
    """Of a cell's words; spaces and line ends are what programs change by themselves."""
    return _hash(" ".join(text.split()))


def _cells(item: Question, mode: JudgeMode, number: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """(label, [(column, text)]) of each row of a question."""
    task = item.sheet.task
    begin = [
        ("question", str(number)),
        ("task", task.id),
        ("prompt", _clipped(_prompt(task))),
        ("pass criteria", _clipped(plain(task.pass_criteria).strip() or NO_CRITERIA)),
    ]
    texts = dict(zip(item.sheet.labels, map(_text, item.sheet.shown), strict=True))
    if mode == "pairwise":
        return [("", [*begin, *((f"reply {label}", text) for label, text in texts.items())])]
    if mode == "rubric":
        return [(label, [*begin, ("reference", _clipped(_reference(task))), ("reply", text)])
                for label, text in texts.items()]  # fmt: skip
    return [(label, [*begin, ("label", f"Model {label}"), ("reply", text)]) for label, text in texts.items()]


def _text(shown: Neutral) -> str:
    return _clipped(_joined([(piece.heading, piece.text) for piece in shown.pieces]))


def _joined(pieces: Sequence[tuple[str, str]]) -> str:
    """Texts under their headings; a single one needs none."""
    if len(pieces) == 1:
        return pieces[0][1]
    return "\n\n".join(f"[{heading}]\n{text}" for heading, text in pieces)


def _prompt(task: Task) -> str:
    if task.kind != "conversation":
        return plain(chat_text(task)).strip()
    said = [("system", task.system)] if task.system.strip() else []
    said += [(turn.role, turn.content + "\n(with a picture)" * bool(turn.pictures)) for turn in task.turns]
    return "\n\n".join(f"[{role}]\n{plain(text).strip()}" for role, text in said)


def _reference(task: Task) -> str:
    pieces = [(piece.heading, plain(piece.text).strip()) for piece in reference_of(task)]
    return _joined(pieces) or NO_REFERENCE


def _clipped(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST * 2 // 3]}\n(... {len(text) - LONGEST} characters left out ...)\n{text[-LONGEST // 3 :]}"


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
