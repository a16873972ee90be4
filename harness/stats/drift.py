"""Two judgings of the same replies: how far the marks moved, model by model, over identical items only.

items_of(report, judge, scale)   a run's marks or verdicts -> Item
drift(before, after)             -> Drift: a delta a model, and every item that moved
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from harness.stats.inputs import ReportInput
from harness.stats.paired import holm, paired_difference, sign_flip
from harness.stats.score import Score
from harness.types import DIMENSIONS, Attempt, Frozen, Marked

Scale = Literal["rubric", "dimensions", "verdict", "score"]
"""What is compared, each as a share 0..1: rubric / 3; (mean of the five dimensions - 1) / 9; passed or not; points."""
SCALES: tuple[Scale, ...] = get_args(Scale)
BY_JUDGES: tuple[Scale, ...] = ("rubric", "dimensions")
_SAME = 1e-9


class Key(NamedTuple):
    """What makes two items identical, with the text of the reply."""

    task: str
    model: str
    repeat: int
    attempt: int


class Item(NamedTuple):
    """One reply as one judging has it."""

    value: float | None
    """Share of the scale; None: not scored."""
    text: str = ""
    """Hash of the reply; empty where it is not known."""
    out_of: float = 1.0
    """Points there were; two judgings that marked out of different totals did not mark the same."""


Items = Mapping[Key, Item]


class Moved(Frozen):
    """An item whose mark is not what it was. Values in percent of the scale."""

    task: str
    model: str
    repeat: int
    attempt: int
    before: float
    after: float

    @property
    def delta(self) -> float:
        """Percentage points."""
        return self.after - self.before


class ModelDrift(Frozen):
    """One model. Means are over tasks, each task's items averaged first, in percent of the scale."""

    model: str
    items: int
    """Identical in both judgings, and scored in both."""
    tasks: int
    before: float | None
    after: float | None
    delta: Score
    """After - before, percentage points, with an interval for new tasks (`paired_difference`)."""
    p: float | None
    """Sign flips over tasks; None without an item."""
    adjusted_p: float | None
    """Holm's, over the models."""
    up: int
    down: int

    @property
    def moved_share(self) -> float:
        """Of its items, 0..1."""
        return (self.up + self.down) / self.items if self.items else 0.0


class Drift(Frozen):
    """What moved between two judgings."""

    scale: str
    models: tuple[ModelDrift, ...]
    """By name."""
    overall: ModelDrift
    """All models together, model `all`; a task's items are those of all models."""
    moved: tuple[Moved, ...]
    """Farthest first."""
    left_out: dict[str, dict[str, int]]
    """Model -> why -> items that are in no delta."""
    other_totals: int = 0
    """Items that were marked out of other totals the second time: their deltas are of two different percentages."""


def items_of(report: ReportInput, judge: str | None, scale: Scale) -> dict[Key, Item]:
    """The items of a run. With a judge its marks, of which several of one reply are averaged; else the verdicts.

    Replies that a judge did not mark, and verdicts that count in no rate, are items without a value.
    """
    marks = _marks(report.marked, judge, scale) if judge is not None else {}
    found: dict[Key, Item] = {}
    for attempt in report.attempts:
        key = Key(attempt.task, attempt.model, attempt.repeat, attempt.attempt)
        value = marks.get(key) if judge is not None else _verdict(attempt, scale)
        hashed = _text_hash(attempt)
        points = attempt.verdict.max_points if attempt.verdict and judge is None and scale == "score" else 1.0
        found[key] = Item(value, hashed, points)
    return found


def _text_hash(attempt: Attempt) -> str:
    """Hash of what was said: of a conversation all of the model's own replies; empty where nothing is known."""
    if attempt.reply is None:
        return ""
    files = attempt.extraction.candidate.files if attempt.extraction and attempt.extraction.candidate else {}
    earlier = [text for name, text in sorted(files.items()) if attempt.kind == "conversation" and len(files) > 1]
    return hashlib.sha256("\0".join([attempt.reply.text, *earlier]).encode()).hexdigest()[:16]


def scales_of(marked: Iterable[Marked], judge: str) -> set[Scale]:
    """The scales on which a judge marked anything."""
    kept = [item for item in marked if item.judge == judge and item.purpose == "compare"]
    return {scale for scale in BY_JUDGES if any(_mark(item, scale) is not None for item in kept)}


def drift(before: Items, after: Items, scale: str, *, seed: int = 0) -> Drift:
    """Deltas over the items that are in both, with the same text where it is known, and scored in both.

    Tests and intervals are over tasks, whose items are averaged: replies to one task are not independent.
    """
    kept: dict[str, list[tuple[Key, float, float]]] = defaultdict(list)
    left: dict[str, Counter[str]] = defaultdict(Counter)
    for key in sorted({*before, *after}):
        one, two = before.get(key), after.get(key)
        why = _why_not(one, two)
        if why or one is None or two is None or one.value is None or two.value is None:
            left[key.model][why] += 1
        else:
            kept[key.model].append((key, one.value, two.value))
    names = sorted({*kept, *left})
    rows = [_model(name, kept.get(name, []), seed) for name in names]
    tested = [row for row in rows if row.p is not None]
    adjusted = dict(zip((r.model for r in tested), holm([r.p for r in tested if r.p is not None]), strict=True))
    totals = sum(before[key].out_of != after[key].out_of for rows in kept.values() for key, _, _ in rows)
    every = [item for name in names for item in kept.get(name, [])]
    moved = [
        Moved(**key._asdict(), before=100 * one, after=100 * two) for key, one, two in every if abs(two - one) > _SAME
    ]
    moved.sort(key=lambda item: (-abs(item.delta), item.task, item.model, item.repeat, item.attempt))
    return Drift(
        scale=scale,
        models=tuple(row.model_copy(update={"adjusted_p": adjusted.get(row.model)}) for row in rows),
        overall=_model("all", every, seed),
        moved=tuple(moved),
        other_totals=totals,
        left_out={name: dict(sorted(left[name].items())) for name in names if left.get(name)},
    )


def _why_not(one: Item | None, two: Item | None) -> str:
    if one is None or two is None:
        return "only in the second" if one is None else "only in the first"
    if one.text and two.text and one.text != two.text:
        return "another reply"
    if one.value is None or two.value is None:
        both = one.value is None and two.value is None
        return "not scored in either" if both else f"not scored in the {'first' if one.value is None else 'second'}"
    return ""


def _model(name: str, items: Sequence[tuple[Key, float, float]], seed: int) -> ModelDrift:
    by_task: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for key, one, two in items:
        by_task[key.task].append((one, two))
    means = np.array([np.mean(pairs, axis=0) for pairs in by_task.values()]).reshape(-1, 2)
    differences = means[:, 1] - means[:, 0]
    moves = [two - one for _, one, two in items if abs(two - one) > _SAME]
    graded = any(_SAME < share < 1 - _SAME for _, *both in items for share in both)
    return ModelDrift(
        model=name,
        items=len(items),
        tasks=len(by_task),
        before=100 * float(means[:, 0].mean()) if items else None,
        after=100 * float(means[:, 1].mean()) if items else None,
        delta=_points(means, len(items) / len(by_task), graded) if items else Score.missing("No item is in both."),
        p=sign_flip(np.where(np.abs(differences) > _SAME, differences, 0.0), seed=seed) if items else None,
        adjusted_p=None,
        up=sum(move > 0 for move in moves),
        down=sum(move < 0 for move in moves),
    )


def _points(means: NDArray[np.float64], items: float, graded: bool) -> Score:
    """The difference in percentage points; `means`, shape (tasks, 2), each of so many items; `graded`: not all or
    nothing."""
    found = paired_difference(means[:, 1], means[:, 0], attempts=items, graded=graded)
    change = {name: 100 * value for name in ("value", "low", "high") if (value := getattr(found, name)) is not None}
    return found.model_copy(update=change)


def _verdict(attempt: Attempt, scale: Scale) -> float | None:
    verdict = attempt.verdict
    if verdict is None or not verdict.outcome.counts:
        return None
    return float(verdict.passed) if scale == "verdict" else min(1.0, max(0.0, verdict.score))


def _marks(marked: Iterable[Marked], judge: str, scale: Scale) -> dict[Key, float]:
    found: dict[Key, list[float]] = defaultdict(list)
    for item in marked:
        value = _mark(item, scale) if item.judge == judge and item.purpose == "compare" else None
        if value is not None:
            found[Key(item.task, item.model, item.repeat, item.attempt)].append(value)
    return {key: sum(values) / len(values) for key, values in found.items()}


def _mark(item: Marked, scale: Scale) -> float | None:
    mark = item.mark
    if scale == "rubric":
        return None if mark.rubric is None else mark.rubric / 3
    if scale == "dimensions" and set(mark.scores) == set(DIMENSIONS):
        return (sum(mark.scores.values()) / len(DIMENSIONS) - 1) / 9
    return None
