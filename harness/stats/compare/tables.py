"""One run as a table: what a comparison needs of each attempt, collected in one walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from harness.stats.inputs import ReportInput
from harness.stats.pathologies import Sampled, flags
from harness.types import DIMENSIONS, Attempt, Marked

Metric = Literal["pass", "score", "points", "wins", "judge"]
METRICS: dict[Metric, str] = {
    "pass": "share of attempts that passed every case",
    "score": "share of the points",
    "points": "points, summed over tasks",
    "wins": "tasks won: best mean rank by the judges where there are marks, otherwise greatest score",
    "judge": "judges' marks as a share of the scale",
}
"""What models are compared by -> what it is."""

Ties = Literal["share", "none"]
"""share: a task won by k models is a k-th of a win for each; none: it is nobody's."""

KEPT_SAMPLES = 2000
"""Samples kept of one (model, task, repeat) for stability; the means are over all of them."""


@dataclass(slots=True)
class Cell:
    """The graded attempts of one model at one task in one repeat."""

    n: int = 0
    passed: int = 0
    score: float = 0.0
    points: float = 0.0
    max_points: float = 0.0
    samples: list[Sampled] = field(default_factory=list)

    def add(self, passed: bool, points: float, max_points: float, sample: Sampled) -> None:
        """Count one graded attempt."""
        self.n += 1
        self.passed += passed
        self.score += sample.score
        self.points += points
        self.max_points = max(self.max_points, max_points)
        if len(self.samples) < KEPT_SAMPLES:
            self.samples.append(sample)

    def value(self, metric: Metric) -> float:
        """Mean over attempts, in the metric's unit: 0..1, or points."""
        total = {"pass": self.passed, "points": self.points}.get(metric, self.score)
        return total / self.n


@dataclass(slots=True)
class ModelRow:
    """One model in a run, all attempts together."""

    attempts: int = 0
    graded: int = 0
    cost_usd: float = 0.0
    cost_known: int = 0
    seconds: float = 0.0
    """Waited for the model."""
    flags: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class RunTable:
    """One run, reduced. Keys of `cells` are (model, task, repeat)."""

    name: str
    cells: dict[tuple[str, str, int], Cell] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, set[str]] = field(default_factory=dict)
    """Task -> content hashes it was tried with; more than one means that it was changed in between."""
    models: dict[str, ModelRow] = field(default_factory=dict)
    marks: dict[tuple[str, str, int], float] = field(default_factory=dict)
    """-> mean over judges of the mark's share of its scale, 0..1."""
    ranks: dict[tuple[str, int], dict[str, float]] = field(default_factory=dict)
    """(task, repeat) -> model -> mean rank over judges, where at least two models were ranked."""
    judges: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: ReportInput) -> RunTable:
        """The table of a run; its attempts are walked once."""
        table = cls(report.name)
        for attempt in report.attempts:
            table.add(attempt)
        table.judge(report.marked)
        return table

    @classmethod
    def from_points(
        cls,
        name: str,
        points: Mapping[str, Mapping[str, Sequence[float]]],
        *,
        max_points: float = 1.0,
        categories: Mapping[str, str] | None = None,
    ) -> RunTable:
        """A run of which only a table is left: model -> task -> points of each repeat, out of `max_points`."""
        table = cls(name, categories=dict(categories or {}))
        for model, tasks in points.items():
            row = table.models.setdefault(model, ModelRow())
            for task, values in tasks.items():
                table.categories.setdefault(task, "general")
                table.hashes.setdefault(task, {""})
                for repeat, value in enumerate(values):
                    row.attempts += 1
                    row.graded += 1
                    cell = table.cells.setdefault((model, task, repeat), Cell())
                    cell.add(value >= max_points, value, max_points, Sampled(value / max_points, ""))
        return table

    def add(self, attempt: Attempt) -> None:
        """Count one attempt. Without a verdict that a rate may use it is in no cell, but seen."""
        row = self.models.get(attempt.model)
        if row is None:  # not setdefault, which makes one for every attempt
            row = self.models[attempt.model] = ModelRow()
        row.attempts += 1
        row.flags.update(flags(attempt))
        if attempt.cost_usd is not None:
            row.cost_usd += attempt.cost_usd
            row.cost_known += 1
        if attempt.reply is not None:
            row.seconds += attempt.reply.seconds
        self.categories.setdefault(attempt.task, attempt.category)
        verdict = attempt.verdict
        if verdict is None or not verdict.outcome.counts:
            return
        row.graded += 1
        self.hashes.setdefault(attempt.task, set()).add(attempt.task_hash)
        key = (attempt.model, attempt.task, attempt.repeat)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        sample = Sampled(min(1.0, max(0.0, verdict.score)), attempt.candidate_hash, attempt.seed)
        cell.add(verdict.passed, verdict.points, verdict.max_points, sample)

    def judge(self, marked: Iterable[Marked]) -> None:
        """Take the judges' marks of comparisons."""
        found: dict[tuple[str, str, int], dict[str, list[float]]] = {}
        ranks: dict[tuple[str, int], dict[str, dict[str, list[int]]]] = {}
        kept = [mark for mark in marked if mark.purpose == "compare"]
        tied = Counter(mark.judgment for mark in kept if mark.mark.rank == 1)
        for mark in kept:
            share = _share(mark, tied[mark.judgment])
            if share is not None:
                found.setdefault((mark.model, mark.task, mark.repeat), {}).setdefault(mark.judge, []).append(share)
            if mark.mark.rank is not None and mark.of > 1:
                by_model = ranks.setdefault((mark.task, mark.repeat), {})
                by_model.setdefault(mark.model, {}).setdefault(mark.judge, []).append(mark.mark.rank)
        # Every judge weighs the same, however often it was asked.
        self.marks = {key: _mean(_mean(values) for values in by.values()) for key, by in found.items()}
        self.ranks = {
            key: {model: _mean(_mean(values) for values in by.values()) for model, by in models.items()}
            for key, models in ranks.items()
            if len(models) > 1
        }
        self.judges = tuple(sorted({mark.judge for mark in kept}))

    def met(self, metric: Metric) -> Collection[tuple[str, str, int]]:
        """(model, task, repeat) with something to compare: a graded attempt or, for what judges decide, a mark."""
        graded = self.cells.keys()
        if metric not in ("wins", "judge"):
            return graded
        ranked = {(model, task, repeat) for (task, repeat), ranks in self.ranks.items() for model in ranks}
        return graded | self.marks.keys() | ranked


def _share(marked: Marked, first: int) -> float | None:
    """A mark as a share of its scale, 0..1; None for one without scores.

    Listwise: (mean of the five dimensions - 1) / 9; rubric: / 3; pairwise: 1 for the winner, 1/2 for equals.
    """
    mark = marked.mark
    if mark.rubric is not None:
        return mark.rubric / 3
    if mark.scores:
        return (sum(mark.scores.values()) / len(mark.scores) - 1) / 9 if len(mark.scores) == len(DIMENSIONS) else None
    if marked.mode == "pairwise" and mark.rank is not None:
        return 0.0 if mark.rank > 1 else 1.0 if first == 1 else 0.5
    return None


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
